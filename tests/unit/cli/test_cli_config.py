"""`evaldock config`: show, validate, schema, convert."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from .conftest import Machine

CONFIG = """\
execution: {output_dir: out}   # here
target: {api_endpoint: {url: "http://localhost:1/v1/chat/completions", model_id: m}}
evaluation:
  tasks:
    - name: ifeval
      env_vars: {HF_TOKEN: MY_TOKEN}   # bare
"""


@pytest.fixture
def config(machine: Machine) -> Path:
    path = machine.root / "c.yaml"
    path.write_text(CONFIG)
    return path


def test_show_tells_where_each_value_is_from(machine: Machine, config: Path) -> None:
    result = machine.cli("config", "show", config, "-o", "execution.mode=sequential")
    assert result.exit_code == 0, result.stderr
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "output_dir: out # " + f"{config}:1" in lines
    assert "mode: sequential # -o execution.mode=sequential" in lines
    bare = machine.cli("config", "show", config, "--no-origin").stdout
    assert "#" not in bare
    tree = json.loads(machine.cli("config", "show", config, "--json").stdout)
    assert tree["config"]["execution"] == {"output_dir": "out"}
    assert tree["origins"]["evaluation.tasks[0].name"] == f"{config}:5"


def test_validate_says_yes_or_everything_that_is_wrong(machine: Machine, config: Path) -> None:
    good = machine.cli("config", "validate", config)
    assert (good.exit_code, good.stdout) == (0, f"{config}: valid, 1 task\n")
    assert json.loads(machine.cli("config", "validate", config, "--json").stdout)["valid"] is True
    config.write_text(CONFIG.replace("out}", "out, mode: x}").replace("name: ifeval", "name: ifeval\n      tmeout: 5"))
    bad = machine.cli("config", "validate", config)
    assert (bad.exit_code, bad.stdout) == (2, "")
    assert f"{config}:1:" in bad.stderr and f"{config}:6:" in bad.stderr
    as_json = machine.cli("config", "validate", config, "--json")
    problems = json.loads(as_json.stdout)["problems"]
    assert (as_json.exit_code, [problem["line"] for problem in problems]) == (2, [1, 6])


def test_validate_looks_tasks_up(machine: Machine, config: Path) -> None:
    config.write_text(CONFIG.replace("ifeval", "ifevall"))
    result = machine.cli("config", "validate", config)
    assert result.exit_code == 2
    assert "Did you mean ifeval" in result.stderr


def test_schema_is_one(machine: Machine) -> None:
    schema = json.loads(machine.cli("config", "schema").stdout)
    Draft7Validator.check_schema(schema)


def test_convert_prints_or_writes(machine: Machine, config: Path) -> None:
    after = CONFIG.replace("MY_TOKEN", "host:MY_TOKEN")
    printed = machine.cli("config", "convert", config)
    assert (printed.exit_code, printed.stdout, config.read_text()) == (0, after, CONFIG)
    assert f"{config}:6: HF_TOKEN: MY_TOKEN -> host:MY_TOKEN" in printed.stderr
    config.chmod(0o640)
    written = machine.cli("config", "convert", config, "--write")
    assert (written.exit_code, written.stdout, config.read_text()) == (0, "", after)
    assert config.stat().st_mode & 0o777 == 0o640
    assert "Nothing to convert" in machine.cli("config", "convert", config, "--write").stderr


@pytest.mark.parametrize("arguments", [("show",), ("validate",), ("convert", "absent.yaml"), ("convert",), ("shwo",)])
def test_usage_errors_are_exit_2(machine: Machine, arguments: tuple[str, ...]) -> None:
    result = machine.cli("config", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
