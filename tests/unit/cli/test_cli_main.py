"""The group itself: help, version, unknown commands, and what is imported for them."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import click
import pytest
from evaldock.core.config.model import ConfigError, ConfigProblem, Origin
from evaldock.core.engine.executor import ExecutorUnavailable
from evaldock.core.engine.spawn import EngineStartError
from evaldock.core.run.index import AmbiguousId, NotFound
from evaldock.core.run.store import RunDamaged
from evaldock.tui.cli import errors
from evaldock.tui.cli.exit_codes import ExitCode, of_finished, of_snapshot
from evaldock.tui.cli.main import COMMANDS, cli

from .conftest import Machine

_HEAVY = {"textual", "docker", "yaml", "jsonschema", "rich", "requests", "aiohttp"}


def _modules_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('MODULES', *(name for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("MODULES")[2].split())


@pytest.mark.parametrize("args", [["--help"], ["--version"]])
def test_help_and_version_import_no_more_than_click(args: list[str]) -> None:
    code = f"from evaldock.tui.cli.main import cli\ncli({args!r}, standalone_mode=False)"
    modules = _modules_after(code)
    assert not modules & _HEAVY
    assert not any(name.startswith("evaldock.core") for name in modules)


@pytest.mark.parametrize("command", list(COMMANDS))
def test_help_of_a_command_imports_nothing_heavy(command: str) -> None:
    code = f"from evaldock.tui.cli.main import cli\ncli([{command!r}, '--help'], standalone_mode=False)"
    assert not _modules_after(code) & _HEAVY


def test_ls_tasks_imports_nothing_heavy() -> None:
    code = "from evaldock.tui.cli.main import cli\ncli(['ls', 'tasks', '--json'], standalone_mode=False)"
    assert not _modules_after(code) & _HEAVY


def test_the_engine_room_imports_no_screen() -> None:
    code = (
        "import importlib, pkgutil, evaldock.core as core\n"
        "for found in pkgutil.walk_packages(core.__path__, 'evaldock.core.'):\n"
        "    if not found.name.endswith('__main__'):\n"
        "        importlib.import_module(found.name)"
    )
    assert not _modules_after(code) & {"textual", "rich", "click"}


def test_help_lists_every_command(machine: Machine) -> None:
    result = machine.cli("--help")
    assert result.exit_code == 0
    assert all(f"  {name} " in result.output for name in COMMANDS)
    assert machine.cli().output == result.output


def test_every_listed_command_exists() -> None:
    context = click.Context(cli)
    for name in COMMANDS:
        assert isinstance(cli.get_command(context, name), click.Command)


@pytest.mark.parametrize("group", ["", "config", "catalog", "ls"])
def test_no_line_of_a_list_of_commands_is_cut(machine: Machine, group: str) -> None:
    lines = machine.cli(*group.split(), "--help").output.splitlines()[1:]
    assert not [line for line in lines if line.endswith("...")]


def test_unknown_command_names_the_one_that_was_meant(machine: Machine) -> None:
    result = machine.cli("statsu")
    assert result.exit_code == 2
    assert "Did you mean `status`?" in result.stderr
    assert machine.cli("zzzzzz").exit_code == 2


def test_completion_scripts(machine: Machine) -> None:
    for shell in ("bash", "zsh", "fish"):
        result = machine.cli("completion", shell)
        assert result.exit_code == 0
        assert "_EVALDOCK_COMPLETE" in result.output


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError([ConfigProblem("no such key", "execution.x", Origin("a.yaml", 3, 5))]), ExitCode.USAGE),
        (NotFound("No run begins with 'ab'."), ExitCode.USAGE),
        (AmbiguousId("a", ("a1", "a2")), ExitCode.USAGE),
        (RunDamaged("plan.json is damaged."), ExitCode.FAILED),
        (ExecutorUnavailable("Docker is not running."), ExitCode.DOCKER),
        (EngineStartError("The engine did not start."), ExitCode.FAILED),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), ExitCode.USAGE),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), ExitCode.FAILED),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (KeyError("a bug"), ExitCode.FAILED),
    ],
)
def test_errors_become_sentences(
    error: BaseException, code: ExitCode, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EVALDOCK_DEBUG", raising=False)
    assert errors.report(error) is code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("evaldock: ")
    assert "Traceback" not in captured.err
    monkeypatch.setenv("EVALDOCK_DEBUG", "1")
    errors.report(error)
    assert type(error).__name__ in capsys.readouterr().err


def test_every_problem_of_a_config_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    errors.report(ConfigError([ConfigProblem("one"), ConfigProblem("two")]))
    assert capsys.readouterr().err == "evaldock: one\nevaldock: two\n"


def test_a_reader_that_goes_away_is_no_error() -> None:
    code = "import os, sys\nfrom evaldock.tui.cli.main import main\nsys.argv = ['evaldock', 'ls', 'tasks']\nmain()"
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-c", code], stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_exit_codes_of_states() -> None:
    assert of_finished(["succeeded", "succeeded"]) is ExitCode.OK
    for bad in ("failed", "killed", "lost", "skipped"):
        assert of_finished(["succeeded", bad]) is ExitCode.FAILED
        assert of_snapshot(["running", bad]) is ExitCode.FAILED
    assert of_snapshot(["running", "queued", "succeeded"]) is ExitCode.OK
