"""`evaldock prune` and `shell` as a user meets them."""

from __future__ import annotations

import json

from .conftest import Desk, until_printed, until_state


def test_nothing_goes_without_a_yes(desk: Desk) -> None:
    desk.screen("run", desk.config({"lines": 10})).ends(0)
    run = desk.run()
    dry = desk.call("prune", "--runs", "--older-than", "0", "--dry-run")
    assert dry.returncode == 0
    assert run.invocation in dry.stdout
    unasked = desk.call("prune", run.invocation)
    assert unasked.returncode == 2
    assert "--yes" in unasked.stderr
    screen = desk.screen("prune", run.invocation).sees("Remove this", "[y/N]")
    screen.sendline("n")
    screen.ends(130)
    assert run.paths.root.exists()
    screen = desk.screen("prune", run.invocation).sees("[y/N]")
    screen.sendline("y")
    screen.sees("1 removed").ends(0)
    assert not run.paths.root.exists()
    assert desk.call("ls", "runs", "--json").stdout == "[]\n"
    assert list(desk.results.iterdir()) == []


def test_age_and_kind_choose_what_goes(desk: Desk) -> None:
    desk.screen("run", desk.config({})).ends(0)
    run = desk.run()
    desk.screen("rerun", f"{run.invocation}.0").ends(0)
    assert desk.call("prune", "--runs").returncode == 2
    assert desk.call("prune", "--runs", "--older-than", "soon").returncode == 2
    assert desk.call("prune", run.invocation, "--attempts").returncode == 2
    assert json.loads(desk.call("prune", "--runs", "--older-than", "1d", "-n", "--json").stdout) == []
    done = desk.call("prune", "--attempts", "--yes", "--json")
    assert [item["what"] for item in json.loads(done.stdout)] == ["attempts"]
    assert not run.paths.job("t0").attempts.exists()
    assert [row["attempt"] for row in desk.status(run)] == [2]


def test_a_run_at_work_is_refused_in_a_sentence(desk: Desk) -> None:
    run = desk.detach(desk.config({"sleep": 600}))
    until_printed(run, 0, "running t0")
    refused = desk.call("prune", run.invocation, "--yes")
    assert refused.returncode == 2
    assert "still has a running engine" in refused.stderr
    assert run.paths.root.exists()
    desk.screen("kill", run.invocation).ends(0)


def test_a_shell_in_the_container_of_a_running_job(desk: Desk) -> None:
    run = desk.detach(desk.config({"sleep": 600}))
    until_printed(run, 0, "running t0")
    until_state(run, 0, "running")
    screen = desk.screen("shell", run.invocation)
    screen.sendline("ls /results/.. | grep -c evaldock; echo in-$((40 + 2))")
    screen.sees("in-42")
    screen.sendline("exit 7")
    screen.ends(7)
    desk.screen("kill", run.invocation).ends(0)
