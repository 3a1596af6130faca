"""Runs on disk and a command line to look at them with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from evaldock.core.plan.spec import JobSpec, Plan
from evaldock.core.run.events import Event, JobChanged, JobState
from evaldock.core.run.journal import JournalWriter
from evaldock.core.run.layout import create_run
from evaldock.core.run.score import Score
from evaldock.core.run.store import Run
from evaldock.tui.cli.main import cli

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
SCORE = Score("ifeval_acc", 0.7812, 0.0114, 541)


def change(job: str, state: str, *, attempt: int = 1, second: int = 0, **more: Any) -> JobChanged:
    """A transition `second` seconds after the run was made."""
    at = f"2026-11-23T11:00:{second:02d}.000Z"
    return JobChanged(job, attempt, JobState(state), at, float(second), **more)


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine of these tests is a lock that is held: it takes no request, however long one waits."""
    monkeypatch.setattr("evaldock.core.control.start._PATIENCE", 0.1)


class Machine:
    """A home of its own: runs, their events, and evaldock's answers."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.output = root / "results"

    def run(self, invocation: str, *tasks: str, samples: int | None = None) -> Run:
        """A new run with these tasks, all queued."""
        jobs = tuple(
            JobSpec(
                id=f"{invocation}.{index}",
                index=index,
                task=task,
                harness="h",
                image="busybox:1",
                digest="",
                endpoint_type="chat",
                url="http://localhost:1/v1/chat/completions",
                model_id="tiny",
                command=("true",),
                dir_name=task,
                samples=samples,
            )
            for index, task in enumerate(tasks)
        )
        plan = Plan(invocation, str(self.output), "parallel", 2, "never", "tiny", "http://localhost:1", jobs)
        return Run.open(create_run(plan, {}, now=NOW).root)

    def happen(self, run: Run, *events: Event) -> None:
        """Append events to the run's journal."""
        with JournalWriter(run.paths.journal) as journal:
            for event in events:
                journal.append(event)

    def finished(self, invocation: str, states: Iterable[tuple[str, str]]) -> Run:
        """A run whose tasks ended in the given states."""
        pairs = list(states)
        run = self.run(invocation, *(task for task, _ in pairs))
        for index, (_, state) in enumerate(pairs):
            job = f"{invocation}.{index}"
            score = SCORE if state == "succeeded" else None
            self.happen(run, change(job, "running", second=1))
            self.happen(run, change(job, state, second=42, score=score))
        return run

    def cli(self, *args: str | Path, **env: str) -> Result:
        """What `evaldock ARGS` prints and returns."""
        return CliRunner().invoke(cli, [str(arg) for arg in args], env=env, prog_name="evaldock")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine without any run; its state and output are below `tmp_path`."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("EVALDOCK_DEBUG", raising=False)
    return Machine(tmp_path)
