"""What another user put into a run, or in its place, is neither run nor obeyed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from evaldock.core.control.ask import ask_kill, ask_pause
from evaldock.core.control.exact import plan_replay
from evaldock.core.engine.engine import Engine
from evaldock.core.engine.spawn import spawn_engine
from evaldock.core.preflight.local import room_for_results
from evaldock.core.run.access import RequestRefused
from evaldock.core.run.layout import CreateError, create_run
from evaldock.core.run.requests import KillRequest, take_requests

from .test_run_layout import NOW, make_plan, new_run, state_env

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives files to other users, which only root can")
OTHER = 65533
JOB = "1a2b3c4d.0"


@pytest.mark.parametrize("below", ["", "new/er"])
def test_a_place_that_everybody_may_change_is_refused_before_anything_is_made(tmp_path: Path, below: str) -> None:
    team = tmp_path / "team"
    team.mkdir()
    team.chmod(0o777)
    plan = make_plan(team / below)
    with pytest.raises(CreateError) as caught:
        create_run(plan, {}, now=NOW, env=state_env(tmp_path))
    assert f"{team} can be changed by every user" in str(caught.value)
    assert f"chmod go-w {team}" in str(caught.value)
    assert "-o execution.output_dir=DIR" in str(caught.value)
    assert list(team.iterdir()) == []
    check = room_for_results(plan)
    assert (check.state, check.remedy[:10]) == ("fail", "Run chmod ")
    team.chmod(0o1777)
    assert room_for_results(plan).state in ("ok", "warn")
    create_run(plan, {}, now=NOW, env=state_env(tmp_path))


@needs_root
def test_the_place_of_another_user_is_refused(tmp_path: Path) -> None:
    theirs = tmp_path / "results"
    theirs.mkdir(mode=0o755)
    os.chown(theirs, OTHER, OTHER)
    with pytest.raises(CreateError, match=r"belongs to user 65533.*Choose another place"):
        create_run(make_plan(theirs), {}, now=NOW, env=state_env(tmp_path))


def test_no_engine_takes_a_run_that_others_can_replace(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    run.paths.root.parent.chmod(0o777)
    engine = Engine(run, {}, executor=None)  # type: ignore[arg-type]
    for start in (engine.run, lambda: spawn_engine(run.paths.root, {}), lambda: plan_replay(run, "0" * 8, evaldock="")):
        with pytest.raises(RequestRefused, match="can be changed by every user, who could replace"):
            start()


@needs_root
def test_no_engine_takes_a_run_of_another_user(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    os.chown(run.paths.root, OTHER, OTHER)
    with pytest.raises(RequestRefused, match="belongs to user 65533"):
        spawn_engine(run.paths.root, {})


@needs_root
def test_a_request_of_another_user_is_not_obeyed(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    ask_kill(run, JOB)
    ask_pause(run)
    os.chown(run.paths.requests / "pause", OTHER, OTHER)
    assert take_requests(run.paths) == [KillRequest(JOB, False)]
    os.chown(run.paths.requests, OTHER, OTHER)
    assert take_requests(run.paths) == []


def test_links_pipes_and_directories_are_no_requests(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    (tmp_path / "file").touch()
    (run.paths.requests / "pause").symlink_to(tmp_path / "file")
    os.mkfifo(run.paths.requests / f"rerun-{JOB}-2")
    (run.paths.requests / f"kill-{JOB}").mkdir()
    assert take_requests(run.paths) == []


def test_requests_are_taken_from_the_directory_that_is_held(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    held = os.open(run.paths.root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        run.paths.root.rename(tmp_path / "away")
        run.paths.requests.mkdir(parents=True)
        (run.paths.requests / "pause").touch()
        assert take_requests(run.paths, held) == []
        (tmp_path / "away" / "requests" / f"kill-{JOB}").touch()
        assert take_requests(run.paths, held) == [KillRequest(JOB, False)]
        (tmp_path / "away" / "requests").rename(tmp_path / "away" / "was")
        (tmp_path / "away" / "requests").symlink_to(run.paths.requests)
        assert take_requests(run.paths, held) == []
    finally:
        os.close(held)
