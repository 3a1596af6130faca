"""The dashboard on a real terminal and engine: keys reach tasks, leaving stops nothing, the terminal is left whole."""

from __future__ import annotations

import signal

from evaldock.core.run.store import Run

from .conftest import Desk, Screen, containers_of, endings, until_printed, until_state, wait_for

INTERACTIVE = {"CI": "", "NO_COLOR": ""}
LEAVES_ALTERNATE_SCREEN = "\x1b[?1049l"
SHOWS_CURSOR = "\x1b[?25h"


def opened(desk: Desk, *arguments: str) -> Screen:
    """The dashboard, once it has drawn its first task."""
    screen = desk.screen(*arguments, env=INTERACTIVE)
    screen.sees("t0")
    return screen


def at_work(desk: Desk) -> tuple[Screen, Run]:
    """The dashboard on a run whose one task is in the middle of its work."""
    screen = opened(desk, "run", desk.config({"sleep": 600}))
    run = desk.run()
    until_printed(run, 0, "running t0")
    until_state(run, 0, "running")
    return screen, run


def detach(screen: Screen) -> None:
    """Leave while tasks run; the terminal must be as it was, and what goes on is said."""
    screen.send("q")
    screen.sees("leave")
    screen.send("y")
    screen.sees(LEAVES_ALTERNATE_SCREEN)
    screen.ends(0)


def test_keys_kill_one_task_and_then_all(desk: Desk) -> None:
    screen = opened(desk, "run", desk.config({"sleep": 600}, {"sleep": 600}, kill_grace=600))
    run = desk.run()
    until_printed(run, 0, "running t0")
    until_state(run, 0, "running")
    screen.send("K")
    screen.sees("keep")
    screen.send("y")
    until_state(run, 0, "killed")
    assert run.state().jobs[f"{run.invocation}.1"].state.value == "running"
    assert run.paths.job("t0").stdout.read_bytes().endswith(b"interrupted\n")
    screen.send("q")
    screen.sees("leave")
    screen.send("K")
    screen.sees("keep running")
    screen.send("y")
    screen.sees(LEAVES_ALTERNATE_SCREEN, SHOWS_CURSOR)
    until_state(run, 1, "killed")
    assert endings(run) == {(f"{run.invocation}.0", 1): 1, (f"{run.invocation}.1", 1): 1}
    assert containers_of(run.invocation) == []


def test_keys_search_preview_kill_and_rerun(desk: Desk) -> None:
    screen = opened(desk, "run", desk.config({"lines": 3000, "sleep": 600}))
    run = desk.run()
    until_printed(run, 0, "line 3000")
    until_state(run, 0, "running")
    screen.send("\t/")
    screen.sees("as regex")
    screen.send("line 29")
    # line 29, 290 to 299 and 2900 to 2999
    screen.sees("111 in the file")
    screen.send("\r")
    screen.sees("next")
    screen.send("\tp")
    screen.sees("would run", "Docker command", "--label")
    screen.send("q")
    screen.sees("STATE")
    screen.send("K")
    screen.sees("keep")
    screen.send("y")
    until_state(run, 0, "killed")
    screen.sees("rerun")
    screen.send("r")
    screen.sees("rerun as is")
    screen.send("y")
    job = f"{run.invocation}.0"
    wait_for(lambda: run.state().jobs[job].attempt == 2, "the second attempt")
    until_state(run, 0, "running")
    until_printed(run, 0, "line 3000")
    detach(screen)
    again = opened(desk, "attach", run.invocation)
    again.sees("try 2")
    detach(again)
    assert run.state().jobs[job].state.value == "running"
    assert desk.call("kill", run.invocation).returncode == 0
    until_state(run, 0, "killed")
    assert endings(run) == {(job, 1): 1, (job, 2): 1}
    wait_for(lambda: not containers_of(run.invocation), "the container to go")


def test_leaving_stops_nothing_and_attach_comes_back(desk: Desk) -> None:
    screen, run = at_work(desk)
    detach(screen)
    assert run.engine_alive() is not None
    detach(opened(desk, "attach", run.invocation))
    assert run.state().jobs[f"{run.invocation}.0"].state.value == "running"
    assert desk.call("kill", run.invocation).returncode == 0
    until_state(run, 0, "killed")


def test_a_dashboard_that_dies_takes_no_task_with_it(desk: Desk) -> None:
    screen, run = at_work(desk)
    screen.kill(signal.SIGKILL)
    screen.exit_code()
    assert run.engine_alive() is not None
    assert run.state().jobs[f"{run.invocation}.0"].state.value == "running"
    assert desk.call("kill", run.invocation).returncode == 0
    until_state(run, 0, "killed")


def test_a_closed_terminal_ends_the_dashboard_alone(desk: Desk) -> None:
    screen, run = at_work(desk)
    screen.hang_up()
    screen.exit_code()
    assert run.engine_alive() is not None
    assert desk.call("kill", run.invocation).returncode == 0
    until_state(run, 0, "killed")


def test_read_only_kills_nothing(desk: Desk) -> None:
    run = desk.detach(desk.config({"sleep": 600}))
    until_printed(run, 0, "running t0")
    until_state(run, 0, "running")
    screen = opened(desk, "attach", run.invocation, "--read-only")
    screen.send("K")
    screen.sees("read-only")
    detach(screen)
    assert run.state().jobs[f"{run.invocation}.0"].state.value == "running"
    assert desk.call("kill", run.invocation).returncode == 0
    wait_for(lambda: not containers_of(run.invocation), "the container to go")
