"""`info`, `version`, `open` and `shell` without a container."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from evaldock.core.run.events import JobChanged, JobState
from evaldock.core.run.journal import JournalWriter
from evaldock.core.run.store import Run
from evaldock.tui.cli.main import cli

from ...docker.conftest import wait_for
from ..test_run_layout import new_run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    made = new_run(tmp_path)
    with JournalWriter(made.paths.journal) as journal:
        journal.append(JobChanged(made.plan.jobs[0].id, 1, JobState.FAILED, "2026-11-23T11:00:00.000Z", 1.0))
    return made


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def test_info_says_where_what_and_how_much(run: Run) -> None:
    (run.paths.job("alpha").artifacts / "big").write_bytes(b"x" * 300_000)
    (run.paths.job("alpha").attempts / "1").mkdir(parents=True)
    run.paths.provenance.write_text(
        json.dumps({"evaldock": "0.1.0", "docker": {"version": "27.3"}, "host": {"name": "box"}, "jobs": {}})
    )
    done = call("info", run.invocation)
    assert done.exit_code == 0, done.output
    for shown in (str(run.paths.root), "model", "http://127.0.0.1:8000/v1", "0.1.0", "27.3", "box", "alpha"):
        assert shown in done.output
    found = json.loads(call("info", run.invocation, "--json").stdout)
    assert found["sizes"]["artifacts"] >= 300_000
    assert found["sizes"]["total"] >= found["sizes"]["artifacts"]
    assert found["paths"]["journal"] == str(run.paths.journal)
    assert found["provenance"]["host"] == {"name": "box"}


def test_info_of_a_run_without_provenance(run: Run) -> None:
    done = call("info", run.invocation)
    assert done.exit_code == 0, done.output
    assert "evaldock" not in done.output


@pytest.mark.parametrize("command", ["info", "open", "shell"])
def test_what_is_not_there_is_a_sentence(run: Run, command: str) -> None:
    done = call(command, "ffffffff")
    assert done.exit_code == 2
    assert "No run begins with" in done.stderr


def test_version_says_what_is_at_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    found = json.loads(call("version", "--json").stdout)
    assert set(found) >= {"evaldock", "python", "textual", "docker-py", "docker", "system", "path"}
    assert found["docker"] is None
    done = call("version")
    assert done.exit_code == 0
    assert "not answering" in done.output


def test_open_prints_the_place_where_there_is_no_desktop(run: Run) -> None:
    job = run.paths.job("alpha")
    assert call("open", f"{run.invocation}.0").stdout == f"{job.artifacts}\n"
    assert call("open", run.invocation).stdout == f"{run.paths.root}\n"


def test_open_hands_the_place_to_the_desktop(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = tmp_path / "said"
    opener = tmp_path / "bin" / "xdg-open"
    opener.parent.mkdir()
    opener.write_text(f'#!/bin/sh\necho "$1" >{said}\n')
    opener.chmod(opener.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{opener.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("DISPLAY", ":9")
    assert call("open", run.invocation).exit_code == 0
    wait_for(said.exists, "the file manager")
    wait_for(lambda: said.read_text() == f"{run.paths.root}\n", "what it was told")
    said.unlink()
    assert call("open", run.invocation, "--print").stdout == f"{run.paths.root}\n"
    assert not said.exists()


def test_a_shell_needs_a_job_that_runs(run: Run) -> None:
    ended = call("shell", f"{run.invocation}.0")
    assert ended.exit_code == 2
    assert "has ended (failed)" in ended.stderr
    assert f"evaldock open {run.invocation}.0" in ended.stderr
    queued = call("shell", f"{run.invocation}.1")
    assert "is queued" in queued.stderr
    several = call("shell", run.invocation)
    assert several.exit_code == 2
    assert "None of its jobs is running" in several.stderr
