"""A defect of the dashboard ends in three lines and a file; the run, the terminal and the machine are left in order."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from evaldock.core.run.store import Run

from .conftest import Desk, Screen, until_printed, until_state
from .crashing import SECRET
from .test_dashboard import INTERACTIVE, LEAVES_ALTERNATE_SCREEN, SHOWS_CURSOR

ROOT = Path(__file__).parents[2]
F9 = "\x1b[20~"


@pytest.fixture
def broken(desk: Desk) -> Iterator[tuple[Screen, Run]]:
    """The dashboard with the defect, on a run whose one task is in the middle of its work."""
    env = {**INTERACTIVE, "PYTHONPATH": str(ROOT)}
    program = (sys.executable, "-P", "-m", "tests.terminal.crashing")
    screen = Screen(desk, "run", desk.config({"sleep": 600}), env=env, program=program)
    screen.sees("t0")
    run = desk.run()
    until_printed(run, 0, "running t0")
    until_state(run, 0, "running")
    yield screen, run
    assert run.engine_alive() is not None
    assert run.state().jobs[f"{run.invocation}.0"].state.value == "running"
    assert desk.call("kill", run.invocation).returncode == 0


def test_a_crash_leaves_three_lines_a_file_and_a_running_run(broken: tuple[Screen, Run], desk: Desk) -> None:
    screen, run = broken
    screen.send(F9)
    screen.sees(LEAVES_ALTERNATE_SCREEN, SHOWS_CURSOR, "hit a bug", f"evaldock attach {run.invocation}")
    rest = screen.ends(1)
    assert b"Traceback" not in rest
    (file,) = (desk.root / "state/evaldock/crashes").iterdir()
    assert str(file).encode() in rest.replace(b"\r\n", b"")
    text = file.read_text("utf-8")
    assert "RuntimeError: a defect for the test" in text
    assert SECRET not in text
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_crash_on_a_terminal_that_goes_away_leaves_no_process(broken: tuple[Screen, Run]) -> None:
    screen, _ = broken
    screen.send(F9)
    screen.hang_up()
    screen.exit_code()
