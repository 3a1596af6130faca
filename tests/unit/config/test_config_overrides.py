"""`-o`: the four operations, list items by index and name, what changed, and what is wrong with it."""

from __future__ import annotations

import pytest
from config_kit import Complain, Load
from evaldock.core.config.model import Config, EnvValue, MountSpec


def limit(config: Config, index: int = 0) -> object:
    params = config.tasks[index].run_config["config"]
    assert isinstance(params, dict)
    return params["params"]["limit_samples"]


@pytest.mark.parametrize(
    "path",
    [
        "evaluation.tasks.0.overrides.config.params.limit_samples",
        "evaluation.tasks[0].overrides.config.params.limit_samples",
        "evaluation.tasks.ifeval.overrides.config.params.limit_samples",
        "+evaluation.tasks.ifeval.overrides.config.params.limit_samples",
        "++evaluation.tasks.ifeval.nemo_evaluator_config.config.params.limit_samples",
        "evaluation.overrides.config.params.limit_samples",
    ],
)
def test_a_sample_limit_by_any_path(load: Load, minimal: str, path: str) -> None:
    assert limit(load(minimal, f"{path}=5")) == 5


@pytest.mark.parametrize("spelling", ["mmlu", "simple_evals.mmlu", "1"])
def test_tasks_by_suffix(load: Load, minimal: str, spelling: str) -> None:
    config = load(minimal, f"evaluation.tasks.{spelling}.timeout=2h")
    assert [task.timeout for task in config.tasks] == [None, 7200.0]
    assert config.changes[0].path == "evaluation.tasks[1].timeout"


def test_both_spellings_of_overrides_meet(load: Load, minimal: str) -> None:
    text = minimal.replace(
        "- name: ifeval\n",
        "- name: ifeval\n      overrides: {config.params.limit_samples: 1, config.params.top_p: 1}\n",
    )
    config = load(text, "evaluation.tasks.ifeval.overrides.config.params.limit_samples=7")
    assert config.tree["evaluation"]["tasks"][0]["overrides"] == {  # type: ignore[index]
        "config.params.limit_samples": 7,
        "config.params.top_p": 1,
    }
    (change,) = config.changes
    assert (change.before, change.after) == (1, 7)
    whole = load(text, "evaluation.tasks.0.overrides={config.params.limit_samples: 9}")
    assert whole.tasks[0].run_config == {"config": {"params": {"limit_samples": 9, "top_p": 1}}}
    gone = load(text, "~evaluation.tasks.0.overrides.config.params.limit_samples")
    assert gone.tasks[0].run_config == {"config": {"params": {"top_p": 1}}}
    assert (gone.changes[0].before, gone.changes[0].after) == (1, None)


def test_lists_of_tasks(load: Load, minimal: str) -> None:
    assert [t.name for t in load(minimal, "evaluation.tasks=[{name: a}]").tasks] == ["a"]
    assert [t.name for t in load(minimal, "+evaluation.tasks.2.name=b").tasks][-1] == "b"
    assert [t.name for t in load(minimal, "~evaluation.tasks.0").tasks] == ["simple_evals.mmlu"]


def test_values_are_yaml(load: Load, minimal: str) -> None:
    config = load(
        minimal,
        "execution.timeout=null",
        "execution.extra_docker_args=--network=host",
        "execution.max_parallel=3",
        "execution.proxy=false",
        "target.api_endpoint.api_key_name=",
        "target.api_endpoint.model_id='12:30'",
        "+execution.mounts.evaluation./data/v1.2=/data:ro",
        "env_vars={A: host:B, C: 'lit:d e'}",
        "target.api_endpoint.adapter_config.interceptors=[caching, {name: reasoning}]",
    )
    assert config.execution.extra_docker_args == "--network=host"
    assert config.endpoint.api_key_name is None
    assert config.endpoint.model_id == "12:30"
    assert config.execution.mounts == (MountSpec("/data/v1.2", "/data", read_only=True),)
    assert config.tasks[0].env == {"A": EnvValue("host", "B"), "C": EnvValue("lit", "d e")}


def test_deleting_needs_the_value_when_one_is_given(load: Load, complain: Complain, minimal: str) -> None:
    text = minimal + "env_vars: {A: B}\n"
    assert load(text, "~env_vars.A=B").tasks[0].env == {}
    (line,) = complain(text, "~env_vars.A=C")
    assert line == "-o ~env_vars.A=…: env_vars.A: is not deleted: its value is not the one given after '='"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("execution.mode", "-o execution.mode: has no '='; expected '-o execution.mode=value'"),
        ("=3", "is not an override"),
        ("a..b=3", "is not an override"),
        ("+execution.output_dir=x", "is there already, and '+' only adds"),
        ("~execution.timeout", "execution.timeout: cannot be deleted: it is not in the config"),
        ("~execution.output_dri", "did you mean 'output_dir'?"),
        ("execution.output_dir.x=1", "has a value of its own, so 'x' cannot be set below it"),
        ("evaluation.tasks.7.name=x", "has 2 items, counted from 0, so there is no item 7"),
        ("evaluation.tasks.ifevl.timeout=3", "has no item named 'ifevl'; did you mean 'ifeval'?"),
        ("execution.mdoe=parallel", "-o execution.mdoe=parallel: execution.mdoe: unknown key; did you mean 'mode'?"),
        ("execution.max_parallel=[", "the value has no ']' at its end"),
        ("execution.max_parallel={a: 1, a: 2}", "gives the key 'a' twice"),
        ("execution.max_parallel=ten", "is the text 'ten'; expected a whole number from 1 to 1024"),
        ("execution.output_dir=\udce9", "is not UTF-8"),
        ("execution.output_dir=a\0", "contains a NUL character"),
        ("defaults=[]", "cannot change the defaults list"),
        (".".join("a" * 40) + "=1", "is not an override"),
        ("execution.output_dir=???", "execution.output_dir: is mandatory and has no value"),
    ],
)
def test_wrong_overrides(complain: Complain, minimal: str, override: str, said: str) -> None:
    (line,) = complain(minimal, override)
    assert line.startswith("-o ") and said in line


def test_ambiguous_names_ask_for_an_index(complain: Complain, minimal: str) -> None:
    (line,) = complain(minimal + "    - name: ifeval\n      timeout: 4\n", "evaluation.tasks.ifeval.timeout=3")
    assert "several items are named 'ifeval'; name one by its index: evaluation.tasks.0, evaluation.tasks.2" in line


def test_all_wrong_overrides_at_once(complain: Complain, minimal: str) -> None:
    assert len(complain(minimal, "x", "execution.mdoe=1", "~a.b", "execution.max_parallel=0")) == 4
