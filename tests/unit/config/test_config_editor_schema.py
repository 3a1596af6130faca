"""The schema for editors takes what people write, before anything is composed, and still finds mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from evaldock.core.config.schema import editor_schema
from jsonschema import Draft7Validator

ROOT = Path(__file__).parents[3]
CONFIGS = sorted(
    path
    for folder in (ROOT / "examples", Path(__file__).parent / "data")
    for path in folder.rglob("*.yaml")
    if path.parent.name != "catalog" and path.name != "gate.yaml"
)


def mistakes(text: str) -> list[str]:
    """Where the schema finds something wrong."""
    errors = Draft7Validator(editor_schema()).iter_errors(yaml.safe_load(text))
    return [error.json_path for error in errors]


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(editor_schema())


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_example_is_right(path: Path) -> None:
    assert mistakes(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "execution: {mode: sequential}",
        "execution: {output_dir: '???', mode: '???', max_parallel: '${oc.env:N,4}'}",
        "evaluation: {overrides: {config.params.temperature: 0.5, config.params: {top_p: 1}}}",
        "evaluation: {overrides: {config.params.extra.a.b: [1], config: {params: {extra: {x: y}}}}}",
        "evaluation: {overrides: {config.params.temperature: '${execution.x}'}}",
        "evaluation: {tasks: [{name: t, timeout: 2h}]}",
        "defaults: [{execution: local}, _self_]",
        "target: {api_endpoint: {adapter_config: {interceptors: [endpoint, {name: of_my_own, config: {x: 1}}]}}}",
        "target: {api_endpoint: {adapter_config: {interceptors: [{name: caching, config: {cache_dir: '${a.b}'}}]}}}",
    ],
)
def test_parts_and_things_to_fill_in_are_right(text: str) -> None:
    assert mistakes(text) == []


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("execution: {mode: sideways}", "$.execution.mode"),
        ("execution: {max_parallel: many}", "$.execution.max_parallel"),
        ("evaluation: {overrides: {config.params.temprature: 1}}", "$.evaluation.overrides"),
        (
            "evaluation: {overrides: {config.params.temperature: hot}}",
            "$.evaluation.overrides['config.params.temperature']",
        ),
        ("evaluation: {tasks: [{nam: t}]}", "$.evaluation.tasks[0]"),
        ("evaluation: {tasks: [{name: t, endpoint_type: chatt}]}", "$.evaluation.tasks[0].endpoint_type"),
        (
            "target: {api_endpoint: {adapter_config: {interceptors: [{name: caching, config: {cache_dri: x}}]}}}",
            "$.target.api_endpoint.adapter_config.interceptors[0].config",
        ),
        (
            "target: {api_endpoint: {adapter_config: {interceptors: [{name: turn_counter, config: {trigger: x}}]}}}",
            "$.target.api_endpoint.adapter_config.interceptors[0].config.trigger",
        ),
    ],
)
def test_mistakes_are_found(text: str, where: str) -> None:
    assert where in mistakes(text)


def test_every_key_has_a_title_and_a_description_for_the_editor() -> None:
    def untitled(schema: Any, path: str) -> list[str]:
        found: list[str] = []
        for name, below in schema.get("properties", {}).items():
            found += [] if below.get("title") and below.get("description") else [f"{path}.{name}"]
            found += untitled(below, f"{path}.{name}")
        return found

    schema = editor_schema()
    assert untitled(schema, "") == []
    assert [name for name, below in schema["$defs"].items() if untitled(below, name)] == []
    assert "x-expect" not in str(schema)
