"""A user's day: run to a score, JSON for programs, detach and come back, and what the exit code says."""

from __future__ import annotations

import json

import pytest

from .conftest import Desk, containers_of, until_printed, until_state, wait_for


def test_a_run_tells_its_steps_and_ends_with_a_score(desk: Desk) -> None:
    screen = desk.screen("run", desk.config({"score": 0.25}))
    screen.sees("run ", "1 task", "starting", "running", "succeeded", "score 0.250 ±0.100")
    screen.sees("TASK", "SCORE", "t0", "0.250 ±0.100", "1 succeeded.")
    screen.ends(0)
    run = desk.run()
    assert (desk.results / "t0/logs/stdout.log").read_bytes() == b"running t0\ndone\n"
    assert containers_of(run.invocation) == []
    assert run.engine_alive() is None


def test_a_failed_task_makes_exit_code_1_and_says_how_to_go_on(desk: Desk) -> None:
    screen = desk.screen("run", desk.config({}, {"exit": 3}))
    rest = screen.ends(1).decode()
    assert "exit 3" in rest
    assert "1 succeeded, 1 failed." in rest
    assert f"evaldock rerun {desk.run().invocation} --failed" in rest


def test_json_is_lines_from_launch_to_done_and_nothing_else(desk: Desk) -> None:
    done = desk.call("run", desk.config({}, {"exit": 3}), "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    run = desk.run()
    assert done.returncode == 1
    assert {(e["event"], e.get("invocation", run.invocation)) for e in events[1:-1]} == {("job", run.invocation)}
    first, last = events[0], events[-1]
    assert (first["event"], first["invocation"], first["run_dir"]) == ("launch", run.invocation, str(run.paths.root))
    assert (last["event"], last["exit_code"]) == ("done", 1)
    for n, end in enumerate(("succeeded", "failed")):
        states = [e["state"] for e in events[1:-1] if e["job"] == f"{run.invocation}.{n}"]
        assert states == ["starting", "running", end]
    assert last["jobs"] == desk.status(run)


def test_a_detached_run_is_looked_at_followed_and_killed_from_elsewhere(desk: Desk) -> None:
    run = desk.detach(desk.config({"sleep": 600}))
    until_printed(run, 0, "running t0")
    until_state(run, 0, "running")
    desk.screen("status", run.invocation[:6]).sees(f"run {run.invocation}", "engine ", "running", "t0").ends(0)
    following = desk.screen("logs", "-f", run.invocation).sees("running t0")
    killed = desk.screen("kill", f"{run.invocation}.0")
    assert killed.ends(0).split() == [f"{run.invocation}.0".encode(), b"t0", b"killed"]
    following.sees("interrupted").ends(0)
    desk.screen("status").sees("killed", "t0").ends(1)
    wait_for(lambda: run.engine_alive() is None, "the engine to leave")
    assert containers_of(run.invocation) == []


def test_leaving_the_log_leaves_the_run_alone(desk: Desk) -> None:
    run = desk.detach(desk.config({"sleep": 600}))
    following = desk.screen("logs", "-f", run.invocation).sees("running t0")
    following.sendintr()
    following.ends(130)
    assert [row["state"] for row in desk.status(run)] == ["running"]
    assert desk.call("kill", "--now", run.invocation).returncode == 0


def test_a_dry_run_writes_nothing(desk: Desk) -> None:
    desk.screen("run", desk.config({}), "--dry-run").sees("docker run --detach", "t0").ends(0)
    assert sorted(path.name for path in desk.root.iterdir()) == ["config.yaml"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run",), "Which config?"),
        (("run", "nowhere.yaml"), "nowhere.yaml"),
        (("run", "config.yaml", "-o", "execution.mode=sideways"), "sideways"),
        (("run", "config.yaml", "-o", "evaluation.env_vars={K: NOT_SET_ANYWHERE}"), "NOT_SET_ANYWHERE"),
        (("rnu",), "Did you mean `run`?"),
        (("status", "ffffffff"), "No run begins with 'ffffffff'"),
        (("logs", "zzz"), "is not the id of a run"),
        (("kill",), "Missing argument"),
    ],
)
def test_a_wrong_command_is_exit_code_2_with_a_sentence(desk: Desk, arguments: tuple[str, ...], said: str) -> None:
    desk.config({})
    rest = desk.screen(*arguments).ends(2).decode()
    assert said in rest
    assert "Traceback" not in rest
    assert not desk.results.exists()


def test_without_docker_nothing_is_made_and_the_exit_code_is_3(desk: Desk) -> None:
    screen = desk.screen("run", desk.config({}), env={"DOCKER_HOST": "unix:///nonexistent"})
    rest = screen.ends(3).decode()
    assert "unix:///nonexistent" in rest
    assert "Traceback" not in rest
    assert not desk.results.exists()
