"""Running jobs again, and going on with a run that lost its engine."""

from __future__ import annotations

import signal
from collections import Counter

from .conftest import Desk, containers_of, endings, until_printed, until_state, wait_for, wake


def test_a_rerun_of_what_failed_keeps_the_earlier_attempt(desk: Desk) -> None:
    config = desk.config({}, {"env_echo": "WORD", "exit": 3}, env_vars={"WORD": "HOST_WORD"})
    desk.screen("run", config, env={"HOST_WORD": "old"}).sees("1 succeeded, 1 failed.").ends(1)
    run = desk.run()
    first = run.paths.job("t1").stdout.read_bytes()
    assert b"WORD=old\n" in first
    again = desk.screen("rerun", run.invocation, "--failed", env={"HOST_WORD": "new"})
    again.sees("try 2", "failed", "try 2").ends(1)
    assert (run.paths.job("t1").attempt(1) / "logs/stdout.log").read_bytes() == first
    assert run.paths.job("t1").stdout.read_bytes() == first.replace(b"old", b"new")
    assert not run.paths.job("t0").attempt(1).exists()
    assert [(row["state"], row["attempt"]) for row in desk.status(run)] == [("succeeded", 1), ("failed", 2)]
    assert endings(run) == Counter({(f"{run.invocation}.{n}", a): 1 for n, a in ((0, 1), (1, 1), (1, 2))})
    desk.screen("logs", f"{run.invocation}.1", "--attempt", "1").sees("WORD=old").ends(0)
    desk.screen("logs", f"{run.invocation}.1").sees("WORD=new").ends(0)
    desk.screen("logs", f"{run.invocation}.1", "--attempt", "3").sees("2 attempts").ends(2)
    assert containers_of(run.invocation) == []


def test_a_job_that_succeeded_runs_again_when_it_is_named(desk: Desk) -> None:
    desk.screen("run", desk.config({"score": 0.75})).ends(0)
    run = desk.run()
    desk.screen("rerun", run.invocation).sees("Nothing to rerun").ends(0)
    desk.screen("rerun", f"{run.invocation}.0").sees("try 2", "score 0.750", "1 succeeded.").ends(0)
    kept = run.paths.job("t0").attempt(1)
    assert (kept / "artifacts/results.yml").read_bytes() == (desk.results / "t0/artifacts/results.yml").read_bytes()


def test_a_rerun_with_overrides_is_shown_first_and_then_made(desk: Desk) -> None:
    desk.screen("run", desk.config({"exit": 3})).ends(1)
    run = desk.run()
    path = "evaluation.tasks.0.overrides.config.params.extra"
    overrides = ["-o", f"~{path}.exit", "-o", f"+{path}.score=0.25"]
    before = sorted(run.paths.root.rglob("*"))
    shown = desk.call("rerun", run.invocation, "--dry-run", *overrides)
    assert shown.returncode == 0, shown.stderr
    for text in ("change run_config.config.params.extra.exit", "- 3", "+ 0.25", "try    2"):
        assert text in shown.stdout
    assert sorted(run.paths.root.rglob("*")) == before
    desk.screen("rerun", run.invocation, *overrides).sees("try 2", "score 0.250", "1 succeeded.").ends(0)
    assert desk.status(run)[0]["overrides"] == overrides[1::2]
    assert f"-o +{path}.score=0.25" in desk.call("status", run.invocation).stdout
    refused = desk.call("rerun", f"{run.invocation}.0", "-o", "execution.mode=sequential")
    assert refused.returncode == 2
    assert "execution.mode: belongs to the whole run" in refused.stderr


def test_a_run_is_done_again_exactly_as_a_new_run(desk: Desk) -> None:
    desk.screen("run", desk.config({"score": 0.25}, {"exit": 3}), "--no-tui").ends(1)
    first = desk.run()
    shown = desk.call("rerun", "--exact", first.invocation, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "sha256:" in shown.stdout
    assert len(desk.runs()) == 1
    desk.screen("rerun", "--exact", first.invocation, "--no-tui").sees("score 0.250", "1 succeeded, 1 failed.").ends(1)
    (second,) = (run for run in desk.runs() if run.invocation != first.invocation)
    assert second.plan.replays == first.invocation
    assert [row["attempt"] for row in desk.status(first)] == [1, 1]
    for words in (["rerun", "--exact", f"{first.invocation}.0"], ["rerun", "--exact", first.invocation, "--failed"]):
        assert desk.call(*words).returncode == 2


def test_nothing_is_run_again_where_everything_is_read_only(desk: Desk) -> None:
    desk.screen("run", desk.config({"exit": 3})).ends(1)
    run = desk.run()
    for command in (["rerun", run.invocation], ["run", desk.config({})]):
        refused = desk.call(*command, env={"EVALDOCK_READ_ONLY": "1"})
        assert refused.returncode == 2
        assert "evaldock is read-only here" in refused.stderr
    assert [row["attempt"] for row in desk.status(run)] == [1]
    assert len(desk.runs()) == 1


def test_a_rerun_in_a_live_run_is_made_by_its_engine(desk: Desk) -> None:
    run = desk.detach(desk.config({"sleep": 600}, {"exit": 3}))
    until_state(run, 1, "failed")
    until_printed(run, 0, "running t0")
    until_state(run, 0, "running")
    engine = run.engine_alive()
    again = desk.screen("rerun", f"{run.invocation}.1")
    again.sees("The run's engine takes this over", "try 2", "failed").ends(1)
    assert run.engine_alive() == engine
    assert [(row["state"], row["attempt"]) for row in desk.status(run)] == [("running", 1), ("failed", 2)]
    desk.screen("rerun", f"{run.invocation}.0").sees("Only a job that has ended can run again").ends(2)
    wake(run, 0)
    wait_for(lambda: run.state().finished, "the end")
    assert [(row["state"], row["attempt"]) for row in desk.status(run)] == [("succeeded", 1), ("failed", 2)]


def test_a_dead_run_says_so_and_resume_goes_on_with_its_queue(desk: Desk) -> None:
    screen = desk.screen("run", desk.config({"sleep": 600}, {"score": 0.125}, mode="sequential"))
    run = desk.run()
    until_printed(run, 0, "running t0")
    until_state(run, 0, "running")
    desk.screen("resume", run.invocation).sees("nothing to resume").ends(0)
    screen.kill(signal.SIGKILL)
    screen.wait()
    desk.screen("status").sees("no engine", f"evaldock resume {run.invocation}").ends(1)
    desk.screen("logs", "-f").sees("running t0", f"evaldock resume {run.invocation}").ends(0)
    again = desk.screen("resume", run.invocation).sees("taking over", "1 running, 1 queued")
    wait_for(run.engine_alive, "the next engine")
    wake(run, 0)
    again.sees("score 0.125", "2 succeeded.").ends(0)
    assert run.paths.job("t0").stdout.read_bytes() == b"running t0\ndone\n"
    desk.screen("resume", run.invocation).sees("has ended: nothing to resume").ends(0)
    assert containers_of(run.invocation) == []


def test_a_dead_run_can_be_killed_without_being_resumed(desk: Desk) -> None:
    screen = desk.screen("run", desk.config({"sleep": 600}, {}, mode="sequential"))
    run = desk.run()
    until_printed(run, 0, "running t0")
    until_state(run, 0, "running")
    screen.kill(signal.SIGKILL)
    screen.wait()
    desk.screen("kill", run.invocation).ends(0)
    assert [row["state"] for row in desk.status(run)] == ["killed", "killed"]
    wait_for(lambda: run.engine_alive() is None, "the engine to leave")
    assert containers_of(run.invocation) == []
