"""`pre_cmd` and `post_cmd`: what they see, what they decide, and what becomes of them when a task is killed."""

from __future__ import annotations

import pytest
from evaldock.core.control.ask import ask_kill, ask_rerun
from evaldock.core.engine.docker.executor import DockerExecutor
from evaldock.core.engine.engine import Engine

from .conftest import Bench, docker, wait_for

PYTHON = "evaldock/core:local"
HAS_PYTHON = PYTHON in docker("images", "--format", "{{.Repository}}:{{.Tag}}")


def test_what_pre_cmd_exports_is_there_for_the_task_and_post_cmd_runs_after_it(bench: Bench) -> None:
    plan = bench.plan(
        {"env_echo": "GREETING"},
        pre_cmd="export GREETING='hello there'\ncd /tmp",
        post_cmd='echo "after: $GREETING in $(pwd), code $code" | tee /results/after.txt',
    )
    run, state = bench.finish(plan)
    (view,) = state.jobs.values()
    assert view.state.value == "succeeded"
    paths = run.paths.job("t0")
    assert paths.stdout.read_text() == ("running t0\nGREETING=hello there\ndone\nafter: hello there in /tmp, code 0\n")
    assert (paths.artifacts / "after.txt").exists()


def test_a_pre_cmd_that_fails_ends_the_task_before_it_begins(bench: Bench) -> None:
    run, state = bench.finish(bench.plan({}, pre_cmd="echo no; (exit 7)", post_cmd="echo after"))
    (view,) = state.jobs.values()
    assert (view.state.value, view.exit_code) == ("failed", 7)
    assert run.paths.job("t0").stdout.read_text() == "no\n"


def test_post_cmd_runs_after_a_failure_and_keeps_its_exit_code(bench: Bench) -> None:
    run, state = bench.finish(bench.plan({"exit": 3}, post_cmd="echo after; false"))
    (view,) = state.jobs.values()
    assert (view.state.value, view.exit_code) == ("failed", 3)
    assert run.paths.job("t0").stdout.read_text().endswith("after\n")


def test_a_killed_task_ends_by_itself_and_post_cmd_still_runs(bench: Bench) -> None:
    # Every plan sets this one: the signal is for the whole group.
    group = {"TINI_KILL_PROCESS_GROUP": "GROUP"}
    plan = bench.plan({"sleep": 600}, env=group, pre_cmd="true", post_cmd="echo after")
    going = bench.start(bench.run(plan), env={"GROUP": "1"})
    log = going.run.paths.job("t0").stdout
    wait_for(lambda: log.exists() and "running t0" in log.read_text(), "the task to run")
    ask_kill(going.run, f"{going.run.invocation}.0", force=False)
    (view,) = going.end().jobs.values()
    assert view.state.value == "killed"
    assert log.read_text().endswith("\ninterrupted\nafter\n")


@pytest.mark.skipif(not HAS_PYTHON, reason="needs evaldock/core:local (examples/images/build core)")
def test_bash_is_the_shell_where_there_is_one(bench: Bench) -> None:
    plan = bench.plan({}, image=PYTHON, pre_cmd="words=(a b); echo ${words[1]} ${BASH_VERSION:+bash}; exit 9")
    run, state = bench.finish(plan)
    (view,) = state.jobs.values()
    assert (view.exit_code, run.paths.job("t0").stdout.read_text()) == (9, "b bash\n")


def test_a_rerun_gets_them_again(bench: Bench) -> None:
    run, _ = bench.finish(bench.plan({}, pre_cmd="echo before"))
    ask_rerun(run, f"{run.invocation}.0")
    Engine(run, {}, DockerExecutor()).run()
    assert run.paths.job("t0").stdout.read_text().startswith("before\n")
    assert (run.paths.job("t0").attempt(1) / "pre_cmd.sh").exists()
