"""`adapter_config`: every mistake is told where it was written, and what the document and NeMo write is accepted."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from evaldock.core.config.adapter import declared
from evaldock.core.config.load import load_config
from evaldock.core.config.model import Config, ConfigError

BASE = """\
execution: {output_dir: out}
target:
  api_endpoint:
    url: http://localhost:8080/v1/chat/completions
    model_id: m
    adapter_config:
"""
TASKS = """\
evaluation:
  tasks:
    - name: ifeval
"""


def load(tmp_path: Path, adapter: str, tasks: str = TASKS, *overrides: str) -> Config:
    """The config with this `adapter_config`, whose first line is line 7 of the file."""
    path = tmp_path / "c.yaml"
    indented = "".join(f"      {line}\n" for line in adapter.splitlines())
    path.write_text(BASE + indented + tasks)
    return load_config(path=path, overrides=overrides, env={})


def problems(tmp_path: Path, adapter: str, tasks: str = TASKS, *overrides: str) -> list[str]:
    """Its problems, without the directory."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, adapter, tasks, *overrides)
    return [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]


DOCUMENT = """\
interceptors:
  - name: reasoning
    config:
      start_reasoning_token: "<think>"
      end_reasoning_token: "</think>"
  - name: caching
    config:
      cache_dir: ./evaluation_cache
  - name: request_logging
    config:
      max_requests: 50
"""


def test_the_document_s_list_is_accepted_in_its_order(tmp_path: Path) -> None:
    config = load(tmp_path, DOCUMENT)
    names = [one.name for one in declared(config.endpoint.adapter_config)]
    assert names == ["reasoning", "caching", "request_logging"]


def test_mistakes_are_told_at_their_place(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """\
interceptors:
  - reasonning
  - name: cachign
  - name: request_logging
    config:
      max_request: 50
  - name: response_logging
    config:
      max_responses: "many"
  - name: turn_counter
    config: {max_turns: 0, position: nowhere}
  - system_message
  - name: payload_modifier
    config: {params_to_remove: [1]}
  - endpoint
  - name: gone
    enabled: false
mode: server
use_progress: 1
""",
    )
    base = "target.api_endpoint.adapter_config"
    assert found == [
        f"c.yaml:8:11: {base}.interceptors[0]: there is no interceptor 'reasonning'; did you mean 'reasoning'?",
        f"c.yaml:9:17: {base}.interceptors[1].name: there is no interceptor 'cachign'; did you mean 'caching'?",
        f"c.yaml:12:13: {base}.interceptors[2].config.max_request: unknown key; 'request_logging' has no such setting; "
        "did you mean 'max_requests'?",
        f"c.yaml:15:28: {base}.interceptors[3].config.max_responses: is the text 'many'; "
        "expected a whole number of at least 0",
        f"c.yaml:17:31: {base}.interceptors[4].config.max_turns: is the number 0; "
        "expected a whole number of at least 1",
        f"c.yaml:17:44: {base}.interceptors[4].config.position: is the text 'nowhere'; "
        "expected system_message or user_message or new_user_message or tool_message",
        f"c.yaml:18:11: {base}.interceptors[5]: the interceptor 'system_message' needs the setting 'system_message'; "
        "put it under config, as system_message: ...",
        f"c.yaml:20:38: {base}.interceptors[6].config.params_to_remove: is a list; expected a list of texts",
        f"c.yaml:25:7: {base}.use_progress: unknown key; did you mean 'use_progress_tracking'?",
    ]


def test_a_shape_is_the_schema_s_affair_and_told_once(tmp_path: Path) -> None:
    found = problems(tmp_path, "interceptors:\n  - 7\n  - {name: caching, configs: {}}\n")
    assert [line.split(": ")[0] for line in found] == ["c.yaml:8:11", "c.yaml:9:27"]
    assert problems(tmp_path, "interceptors: reasoning\n") == [
        "c.yaml:7:21: target.api_endpoint.adapter_config.interceptors: is the text 'reasoning'; expected a list"
    ]


def test_flags_and_a_list_do_not_mix(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "interceptors: [caching]\nuse_caching: true\n")
    assert found.startswith("c.yaml:8:20: target.api_endpoint.adapter_config.use_caching: cannot be mixed")


def test_values_of_flags_are_checked_where_they_stand(tmp_path: Path) -> None:
    found = problems(tmp_path, "use_request_logging: true\nmax_logged_requests: -1\nuse_system_prompt: true\n")
    base = "target.api_endpoint.adapter_config"
    assert found == [
        f"c.yaml:8:28: {base}.max_logged_requests: is the number -1; expected a whole number of at least 0",
        f"c.yaml:9:26: {base}.use_system_prompt: the interceptor 'system_message' needs the setting 'system_message'",
    ]


def test_flat_flags_become_interceptors_in_a_fixed_order() -> None:
    flags: dict[str, object] = {
        "use_reasoning": True,
        "params_to_add": {"a": 1},
        "use_system_prompt": True,
        "custom_system_prompt": "Be short.",
        "use_caching": False,
        "caching_dir": "c",
    }
    assert [(one.name, one.settings) for one in declared(flags)] == [
        ("system_message", {"system_message": "Be short."}),
        ("payload_modifier", {"params_to_add": {"a": 1}}),
        ("reasoning", {}),
    ]


TASK_OVERRIDES = """\
evaluation:
  overrides:
    target.api_endpoint.adapter_config.use_caching: true
  tasks:
    - name: ifeval
      overrides:
        target.api_endpoint.adapter_config.caching_dri: /x
    - name: gsm8k
      nemo_evaluator_config:
        target:
          api_endpoint:
            adapter_config:
              caching_dir: 5
"""


def test_a_task_s_own_settings_are_checked_together_with_those_it_inherits(tmp_path: Path) -> None:
    found = problems(tmp_path, "use_reasoning: true\n", TASK_OVERRIDES)
    assert [line.split(": ")[0:1] + line.split(": ")[2:] for line in found] == [
        ["c.yaml:14:9", "unknown key; did you mean 'caching_dir'?"],
        ["c.yaml:20:28", "is the number 5; expected text"],
    ]
    assert "evaluation.tasks[0].overrides" in found[0]


def test_an_override_on_the_command_line_is_checked_too(tmp_path: Path) -> None:
    override = "++target.api_endpoint.adapter_config.use_cachin=true"
    (found,) = problems(tmp_path, "use_reasoning: true\n", TASKS, override)
    assert "did you mean 'use_caching'?" in found
    assert "c.yaml" not in found


def test_without_the_proxy_interceptors_are_the_container_s_affair(tmp_path: Path) -> None:
    own = "interceptors: [{name: of_my_image, config: {x: 1}}]\n"
    assert "there is no interceptor 'of_my_image'" in problems(tmp_path, own)[0]
    load(tmp_path, own, TASKS, "execution.proxy=false")


def test_a_plug_in_that_cannot_be_loaded_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "site" / "broken-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[evaldock.interceptors]\nbroken = not_a_module_of_anyone:Broken\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    from evaldock.core.config import interceptors

    interceptors.forget()
    try:
        (found,) = problems(tmp_path, "interceptors: [broken]\n")
    finally:
        interceptors.forget()
    assert "the interceptor 'broken' cannot be loaded (ModuleNotFoundError: No module named" in found


def test_the_document_is_yaml_as_written() -> None:
    assert len(yaml.safe_load(DOCUMENT)["interceptors"]) == 3
