"""What loads, and as which values."""

from __future__ import annotations

from pathlib import Path

import pytest
from config_kit import Complain, Load
from evaldock.core.base.units import parse_size, seconds
from evaldock.core.config.model import EnvValue, MountSpec, RequestOptions, Resources

EVERYTHING = """\
user_config_path: c.yaml
env_vars: {A: TOP, B: lit:top, T: 'lit:a: b'}
deployment: {type: none}
export: {wandb: {project: x}}
execution:
  type: local
  output_dir: ./out/../res
  mode: sequential
  max_parallel: 4
  pull: always
  kill_grace: 0
  timeout: 1h30m
  resources: {cpus: 1.5, memory: 8g, gpus: all, pids: null, shm_size: 512MiB}
  extra_docker_args: --network=host
  mounts:
    evaluation: {data: /data, /abs: "/abs:ro"}
    deployment: {/a: /b}
  proxy: false
  auto_export: {destinations: [local]}
target:
  api_endpoint:
    url: http://localhost:1/v1
    api_key_name: null
    type: chat
    adapter_config: {use_caching: true, interceptors: [endpoint, {name: caching, enabled: true}]}
evaluation:
  env_vars: {B: host:EVAL, C: runtime:LATER}
  nemo_evaluator_config:
    config: {params: {temperature: 1e-7, top_p: 1, extra: {a: 1, b: [1, 2]}}}
  overrides: {config.params.top_p: 0.5}
  pre_cmd: shared
  tasks:
    - name: ifeval
    - name: ifeval
      container: local/image:1
      endpoint_type: completions
      dataset_dir: sets
      dataset_mount_path: /sets
      timeout: 90
      user: 1000
      resources: {memory: 1g, gpus: 2}
      env_vars: {A: TASK}
      nemo_evaluator_config:
        config: {params: {top_p: 0.9, extra: {b: [3]}}}
        target: {api_endpoint: {adapter_config: {use_reasoning: true}}}
      overrides:
        config.params.limit_samples: 0.5
        config: {params: {extra: {c: 3}}}
        target.api_endpoint.stream: true
      pre_cmd: ''
      post_cmd: own
"""


def test_everything(load: Load, tmp_path: Path) -> None:
    config = load(EVERYTHING)
    execution = config.execution
    assert execution.output_dir == tmp_path / "res"
    assert (execution.mode, execution.workers, execution.pull) == ("sequential", 1, "always")
    assert (execution.kill_grace, execution.timeout) == (0, 5400)
    assert execution.resources == Resources(1.5, 8 << 30, "all", None, 512 << 20)
    assert execution.mounts == (MountSpec(str(tmp_path / "data"), "/data"), MountSpec("/abs", "/abs", True))
    assert config.endpoint.api_key_name is None
    assert config.endpoint.adapter_config["use_caching"] is True
    assert [warning.path for warning in config.warnings] == ["execution.mounts.deployment"]


def test_destinations_without_an_exporter_are_named(load: Load) -> None:
    text = EVERYTHING.replace("destinations: [local]", "destinations: [wandb, local, gsheets]")
    (_, warning) = load(text).warnings
    assert warning.path == "execution.auto_export.destinations"
    assert "wandb, gsheets: no scores are sent there" in str(warning)


def test_tasks_lie_over_what_evaluation_shares(load: Load, tmp_path: Path) -> None:
    first, second = load(EVERYTHING).tasks
    shared_env = {"A": EnvValue("host", "TOP"), "B": EnvValue("host", "EVAL"), "C": EnvValue("runtime", "LATER")}
    assert first.env == {**shared_env, "T": EnvValue("lit", "a: b")}
    assert first.run_config == {
        "config": {"params": {"temperature": 1e-7, "top_p": 0.5, "extra": {"a": 1, "b": [1, 2]}}}
    }
    assert (first.timeout, first.resources, first.dataset_dir) == (None, None, None)
    assert second.env["A"] == EnvValue("host", "TASK")
    params = {"temperature": 1e-7, "top_p": 0.5, "extra": {"a": 1, "b": [3], "c": 3}, "limit_samples": 0.5}
    assert second.run_config == {
        "config": {"params": params},
        "target": {"api_endpoint": {"adapter_config": {"use_reasoning": True}, "stream": True}},
    }
    assert (second.container, second.endpoint_type, second.user) == ("local/image:1", "completions", "1000")
    assert (second.dataset_dir, second.dataset_mount_path, second.timeout) == (str(tmp_path / "sets"), "/sets", 90)
    assert [(task.pre_cmd, task.post_cmd) for task in (first, second)] == [("shared", ""), ("shared", "own")]
    assert second.resources == Resources(1.5, 1 << 30, "2", None, 512 << 20)
    assert second.origin is not None and str(second.origin) == "c.yaml:34:7"


def test_stored_tree_is_as_a_user_writes_it(load: Load) -> None:
    tree = load(EVERYTHING).tree
    assert "defaults" not in tree
    task = tree["evaluation"]["tasks"][1]  # type: ignore[index]
    assert task["overrides"] == {
        "config.params.limit_samples": 0.5,
        "config.params.extra.c": 3,
        "target.api_endpoint.stream": True,
    }
    assert tree["env_vars"] == {"A": "TOP", "B": "lit:top", "T": "lit:a: b"}


def test_dates_stay_text_and_home_is_expanded(load: Load, minimal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    config = load(minimal.replace("output_dir: out", "output_dir: ~/out"), "++target.api_endpoint.model_id=2024-01-01")
    assert config.execution.output_dir == Path("/home/me/out")
    assert config.endpoint.model_id == "2024-01-01"


def test_the_same_task_twice_with_a_difference(load: Load, complain: Complain, minimal: str) -> None:
    assert len(load(minimal + "    - {name: ifeval, container: other}\n").tasks) == 3
    assert "is the same as" in complain(minimal + "    - {container: null, name: ifeval}\n")[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", None), ("90s", 90), ("2h", 7200), ("1h30m", 5400), ("1.5 m", 90), ("1d", 86400), (5, 5), ("", None),
     ("h", None), ("-5s", None), (True, None), (None, None)],
)  # fmt: skip
def test_durations(text: object, expected: float | None) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("8g", 8 << 30), ("512M", 512 << 20), ("1.5k", 1536), ("8GiB", 8 << 30), ("2tb", 2 << 40), ("7", 7), ("7b", 7),
     (7, 7), ("g", None), ("8x", None), ("-1g", None), (False, None)],
)  # fmt: skip
def test_sizes(text: object, expected: int | None) -> None:
    assert parse_size(text) == expected


ASKED = """\
execution: {output_dir: out}
target:
  api_endpoint: {url: "http://h:1/v1", request_timeout: 2m, max_retries: 0, retry_backoff: 250ms}
evaluation:
  overrides: {target.api_endpoint.max_concurrent: 8}
  tasks:
    - name: ifeval
    - name: gsm8k
      overrides: {target.api_endpoint.request_timeout: 30, target.api_endpoint.max_retries: 5}
"""


def test_how_the_endpoint_is_asked_and_what_a_task_changes_about_it(load: Load, complain: Complain) -> None:
    config = load(ASKED.replace("250ms", "0"))
    assert config.endpoint.requests == RequestOptions(120, 0, None, 0)
    assert [task.requests for task in config.tasks] == [RequestOptions(120, 0, 8, 0), RequestOptions(30, 5, 8, 0)]
    assert any("retry_backoff: is the text '250ms'" in line for line in complain(ASKED))
    bad = ASKED.replace("250ms", "0").replace("max_concurrent: 8", "max_concurrent: 0")
    assert any("expected a whole number from 1 to 10000" in line for line in complain(bad))
