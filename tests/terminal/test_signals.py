"""Ctrl-C, a closed terminal, and kill -9: what each does to the tasks and to the exit code."""

from __future__ import annotations

import os
import signal
from collections import Counter

import pytest

from .conftest import Desk, containers_of, docker, endings, until_printed, until_state, wait_for, wake


def test_ctrl_c_stops_the_tasks_and_exits_130(desk: Desk) -> None:
    screen = desk.screen("run", desk.config({"sleep": 600}, {}, mode="sequential", kill_grace=600))
    run = desk.run()
    until_printed(run, 0, "running t0")
    screen.sees("running    t0")
    screen.sendintr()
    screen.sees("stopping the tasks; once more kills them at once.", "2 killed.")
    screen.ends(130)
    assert [row["state"] for row in desk.status(run)] == ["killed", "killed"]
    # The one that ran was asked to end, not killed; the other one never started.
    assert run.paths.job("t0").stdout.read_bytes().endswith(b"interrupted\n")
    assert run.state().jobs[f"{run.invocation}.1"].started is None
    assert containers_of(run.invocation) == []


def test_a_second_ctrl_c_kills_a_task_that_ignores_the_first(desk: Desk) -> None:
    screen = desk.screen("run", desk.config({"sleep": 600, "ignore_term": True}, kill_grace=600))
    run = desk.run()
    until_printed(run, 0, "running t0")
    screen.sees("running    t0")
    screen.sendintr()
    screen.sees("stopping   t0")
    screen.sendintr()
    screen.sees("killing the tasks.", "1 killed.")
    screen.ends(130)
    (row,) = desk.status(run)
    assert (row["state"], row["reason"], row["exit_code"]) == ("killed", "user", 137)
    assert containers_of(run.invocation) == []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, None], ids=["SIGTERM", "SIGHUP", "closed terminal"])
def test_being_told_to_end_stops_the_tasks(desk: Desk, how: signal.Signals | None) -> None:
    screen = desk.screen("run", desk.config({"sleep": 600}, kill_grace=600))
    run = desk.run()
    until_printed(run, 0, "running t0")
    until_state(run, 0, "running")
    if how is None:
        screen.hang_up()
        assert screen.exit_code() == 130
    else:
        screen.kill(how)
        screen.sees("stopping the tasks").ends(130)
    assert [row["state"] for row in desk.status(run)] == ["killed"]
    assert run.paths.job("t0").stdout.read_bytes().endswith(b"interrupted\n")
    assert containers_of(run.invocation) == []


def test_under_nohup_a_closed_terminal_changes_nothing(desk: Desk) -> None:
    screen = desk.screen("run", desk.config({"sleep": 600}), ignore_sighup=True)
    run = desk.run()
    until_printed(run, 0, "running t0")
    until_state(run, 0, "running")
    screen.hang_up()
    wake(run, 0)
    assert screen.exit_code() == 0
    assert [row["state"] for row in desk.status(run)] == ["succeeded"]


def test_after_kill_9_resume_ends_every_job_once(desk: Desk) -> None:
    behaviours = [{}, {"sleep": 600}, {"sleep": 600}, {"sleep": 600}, {}]
    screen = desk.screen("run", desk.config(*behaviours, max_parallel=3))
    run = desk.run()
    for n in (1, 2, 3):
        until_printed(run, n, f"running t{n}")
        until_state(run, n, "running")
    screen.kill(signal.SIGKILL)
    screen.wait()
    assert screen.signalstatus == signal.SIGKILL
    assert run.engine_alive() is None
    assert [row["state"] for row in desk.status(run)] == ["succeeded", "running", "running", "running", "queued"]
    # One ends unseen, one has its container taken away, one is still at work when the next engine comes.
    wake(run, 1)
    docker("wait", f"evaldock-{run.invocation}-1-a1")
    docker("rm", "-f", f"evaldock-{run.invocation}-2-a1")
    again = desk.screen("resume", run.invocation)
    again.sees("taking over", "3 running, 1 queued, 1 succeeded")
    for n, end in ((1, "succeeded"), (2, "lost"), (4, "succeeded")):
        until_state(run, n, end)
    assert run.engine_alive() == again.pid
    wake(run, 3)
    again.ends(1)
    assert [row["state"] for row in desk.status(run)] == ["succeeded", "succeeded", "lost", "succeeded", "succeeded"]
    assert endings(run) == Counter({(f"{run.invocation}.{n}", 1): 1 for n in range(5)})
    assert [run.paths.job(f"t{n}").stdout.read_bytes() for n in (1, 3)] == [
        b"running t1\ndone\n",
        b"running t3\ndone\n",
    ]
    assert containers_of(run.invocation) == []


def test_a_detached_run_outlives_the_terminal_it_came_from(desk: Desk) -> None:
    screen = desk.screen("run", desk.config({"sleep": 600}), "--detach")
    screen.ends(0)
    screen.close()
    run = desk.run()
    until_printed(run, 0, "running t0")
    pid = wait_for(run.engine_alive, "the engine")
    assert os.getsid(pid) == pid
    wake(run, 0)
    wait_for(lambda: run.state().finished, "the end")
    assert [row["state"] for row in desk.status(run)] == ["succeeded"]
