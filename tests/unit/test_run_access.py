"""Read-only: nothing of a run can be changed, whoever asks."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evaldock.core.control.ask import ask_kill, ask_pause, ask_rerun, ask_unpause
from evaldock.core.engine.engine import Engine
from evaldock.core.engine.spawn import spawn_engine
from evaldock.core.run.access import READ_ONLY, RequestRefused, read_only
from evaldock.core.run.store import Run

from .test_run_layout import new_run
from .test_run_state import JOB


@pytest.mark.parametrize(
    ("value", "expected"), [("", False), ("0", False), ("no", False), ("1", True), ("yes", True), ("True", True)]
)
def test_the_variable_says_whether(value: str, expected: bool) -> None:
    assert read_only({READ_ONLY: value}) is expected
    assert read_only({}) is False


@pytest.mark.parametrize(
    "change",
    [
        lambda run: ask_kill(run, JOB),
        lambda run: ask_rerun(run, JOB),
        lambda run: ask_rerun(run, JOB, ["execution.timeout=1"]),
        ask_pause,
        ask_unpause,
        lambda run: spawn_engine(run.paths.root, os.environ),
        lambda run: Engine(run, {}, None).run(),  # type: ignore[arg-type] - it must not come to its executor
        lambda run: new_run(run.paths.root.parent.parent, invocation="99999999"),
    ],
)
def test_every_change_is_refused_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Run], Any]
) -> None:
    run = new_run(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setenv(READ_ONLY, "1")
    with pytest.raises(RequestRefused, match="read-only"):
        change(run)
    assert sorted(tmp_path.rglob("*")) == before
