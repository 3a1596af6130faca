"""`gate` in a shell: its answers are exit codes, and what cannot be asked has one of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from .conftest import Machine
from .test_cli_scores import scored


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text("rules:\n  - {task: ifeval, max_drop: 2pp}\n", "utf-8")
    return path


@pytest.fixture
def runs(machine: Machine) -> Machine:
    scored(machine, "aaaa0000", value=0.8, n=10_000)
    scored(machine, "bbbb0000", value=0.8, n=10_000)
    scored(machine, "cccc0000", value=0.7, n=10_000)
    scored(machine, "dddd0000", value=0.79, n=1_000, stderr=0.02)
    scored(machine, "eeee0000", value=0.8, n=1_000, stderr=0.02)
    return machine


@pytest.mark.parametrize(
    ("run", "baseline", "outcome", "code"),
    [("bbbb", "aaaa", "GO", 0), ("cccc", "aaaa", "NO-GO", 1), ("dddd", "eeee", "INCONCLUSIVE", 2)],
)
def test_answers(runs: Machine, policy: Path, run: str, baseline: str, outcome: str, code: int) -> None:
    result = runs.cli("gate", policy, run, "--baseline", baseline)
    assert (result.exit_code, result.stdout.splitlines()[-1].split()[0]) == (code, outcome), result.output
    tree = json.loads(runs.cli("gate", policy, run, "--baseline", baseline, "--json").stdout)
    assert (tree["outcome"], tree["checks"][0]["rule"]) == (outcome, "max_drop")
    assert runs.cli("gate", policy, run, "--baseline", baseline, "--md").stdout.startswith("### ")


def test_only_go_lets_a_shell_go_on(runs: Machine, policy: Path) -> None:
    """With `&&`, as the examples are written."""
    for run, baseline, shipped in (("bbbb", "aaaa", True), ("cccc", "aaaa", False), ("dddd", "eeee", False)):
        line = f"{sys.executable} -m evaldock.tui gate {policy} {run} --baseline {baseline} && echo shipped"
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
        assert ("shipped" in done.stdout) is shipped, done.stderr


def test_a_missing_task_is_named(runs: Machine, policy: Path, tmp_path: Path) -> None:
    policy.write_text("rules:\n  - {task: gpqa, min: 0.5}\n", "utf-8")
    result = runs.cli("gate", policy, "bbbb", "--junit", tmp_path / "new" / "gate.xml")
    assert result.exit_code == 1 and "gpqa" in result.stdout and "the run has no such task" in result.stdout
    text = (tmp_path / "new" / "gate.xml").read_text("utf-8")
    assert 'value="NO-GO"' in text and 'failures="1"' in text


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "Give a policy"),
        (("{policy}", "bbbb"), "--baseline RUN"),
        (("{policy}", "9999"), "9999"),
        (("/nowhere.yaml", "bbbb"), "/nowhere.yaml"),
        (("{policy}", "bbbb", "--wrong"), "--wrong"),
    ],
)
def test_what_cannot_be_asked_ends_with_64(runs: Machine, policy: Path, args: tuple[str, ...], words: str) -> None:
    result = runs.cli("gate", *(arg.format(policy=policy) for arg in args))
    assert result.exit_code == 64 and words in result.stderr and not result.stdout


def test_without_a_run_it_is_the_newest(runs: Machine, policy: Path) -> None:
    policy.write_text("rules:\n  - {task: ifeval, min: 0.5}\n", "utf-8")
    result = runs.cli("gate", policy)
    assert result.exit_code == 0, result.output


def test_the_schema(machine: Machine) -> None:
    result = machine.cli("gate", "--schema")
    assert result.exit_code == 0
    jsonschema.Draft7Validator.check_schema(json.loads(result.stdout))
