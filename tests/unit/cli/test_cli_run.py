"""`run` up to the moment where Docker would be asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Machine

_CONFIG = """\
execution:
  output_dir: {output}
target:
  api_endpoint:
    url: http://localhost:8000/v1/chat/completions
    model_id: tiny
    api_key_name: {key}
evaluation:
  tasks:
    - name: ifeval
    - name: gsm8k
"""


@pytest.fixture
def config(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config of two tasks that need EVALDOCK_TEST_KEY, which is not set. Docker is out of reach."""
    monkeypatch.delenv("EVALDOCK_TEST_KEY", raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{machine.root}/no-docker.sock")
    path = machine.root / "my.yaml"
    path.write_text(_CONFIG.format(output=machine.output, key="EVALDOCK_TEST_KEY"))
    return path


def test_dry_run_shows_what_is_missing_and_writes_nothing(machine: Machine, config: Path) -> None:
    result = machine.cli("run", config, "--dry-run")
    assert result.exit_code == 0, result.stderr
    assert "ifeval" in result.stdout
    assert "EVALDOCK_TEST_KEY" in result.stdout
    assert "missing" in result.stdout
    assert not machine.output.exists()
    assert not (machine.root / "state").exists()


def test_dry_run_never_shows_a_value(machine: Machine, config: Path) -> None:
    env_file = machine.root / ".env"
    env_file.write_text("EVALDOCK_TEST_KEY=hunter2hunter2\n")
    for extra in ([], ["--json"]):
        result = machine.cli("run", config, "-n", "--env-file", env_file, *extra)
        assert result.exit_code == 0
        assert "hunter2" not in result.output
    assert "missing" not in machine.cli("run", config, "-n", "--env-file", env_file).stdout


def test_dotenv_of_the_current_directory_is_read(
    machine: Machine, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(machine.root)
    (machine.root / ".env").write_text(
        "EVALDOCK_TEST_KEY=hunter2hunter2\nHOME=/elsewhere\nNEMO_EVALUATOR_TRUST_PRE_CMD=1\n"
    )
    result = machine.cli("run", config, "-n")
    assert (result.exit_code, result.stderr) == (0, "evaldock: from .env: EVALDOCK_TEST_KEY\n")
    assert "missing" not in result.stdout
    assert "hunter2" not in result.output
    (machine.root / "other.env").write_text("X=1\n")
    assert "missing" in machine.cli("run", config, "-n", "--env-file", "other.env").stdout
    (machine.root / ".env").write_text("no variable here\n")
    result = machine.cli("run", config, "-n")
    assert result.exit_code == 0
    assert result.stderr == (
        "evaldock: warning: .env:1: expected NAME=value; a quoted value ends with the quote it began with. "
        "No variable of .env is used.\n"
    )


def test_dotenv_agrees_to_no_commands(machine: Machine, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(machine.root)
    monkeypatch.setenv("EVALDOCK_TEST_KEY", "x")
    (machine.root / ".env").write_text("NEMO_EVALUATOR_TRUST_PRE_CMD=1\n")
    result = machine.cli("run", config, "-o", "+evaluation.pre_cmd='true'", "--no-tui")
    assert result.exit_code == 2
    assert "agree" in result.stderr


def test_dry_run_as_json_is_the_plan(machine: Machine, config: Path) -> None:
    plan = json.loads(machine.cli("run", "--config", config, "-n", "--json", "-t", "gsm8k").stdout)
    assert [job["task"] for job in plan["jobs"]] == ["gsm8k"]


def test_config_by_directory_and_name(machine: Machine, config: Path) -> None:
    result = machine.cli("run", "-d", machine.root, "-c", "my", "-o", "target.api_endpoint.model_id=other", "-n")
    assert result.exit_code == 0, result.stderr
    assert "other" in result.stdout


def test_a_missing_variable_refuses_the_run(machine: Machine, config: Path) -> None:
    result = machine.cli("run", config)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "EVALDOCK_TEST_KEY" in result.stderr
    assert not machine.output.exists()


def test_no_docker_is_exit_3(machine: Machine, config: Path) -> None:
    result = machine.cli("run", config, EVALDOCK_TEST_KEY="x")
    assert result.exit_code == 3, result.stderr
    assert result.stderr.startswith("evaldock: ")
    assert "Traceback" not in result.stderr
    assert not machine.output.exists()


def test_a_broken_config_is_exit_2_with_all_problems(machine: Machine, config: Path) -> None:
    config.write_text(config.read_text() + "exeution: {}\ntraget: {}\n")
    result = machine.cli("run", config, "--dry-run")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "exeution" in result.stderr
    assert "traget" in result.stderr


@pytest.mark.parametrize(
    "args", [[], ["my.yaml", "--config", "my.yaml"], ["my.yaml", "-c", "my"], ["absent.yaml", "-n"], ["--nope"]]
)
def test_usage_errors_are_exit_2(machine: Machine, config: Path, args: list[str]) -> None:
    result = machine.cli("run", *args)
    assert (result.exit_code, result.stdout) == (2, "")


def test_an_unknown_task_is_exit_2(machine: Machine, config: Path) -> None:
    result = machine.cli("run", config, "-n", "-t", "mmluu")
    assert result.exit_code == 2
    assert "mmluu" in result.stderr
