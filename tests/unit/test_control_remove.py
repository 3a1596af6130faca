"""Deleting runs: all of the run goes, and nothing else."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from evaldock.core.base.lock import EngineLock, holding
from evaldock.core.control.remove import remove_attempts, remove_run, size_of
from evaldock.core.run.access import READ_ONLY, RequestRefused
from evaldock.core.run.pointers import forget_gone, pointers
from evaldock.core.run.store import Run

from .test_run_layout import NOW, new_run, state_env


def test_directory_pointer_and_links_go(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    remove_run(run.paths.root, state_env(tmp_path))
    assert list((tmp_path / "out").iterdir()) == []
    assert pointers(state_env(tmp_path)) == {}
    assert list((tmp_path / "state/evaldock/runs").iterdir()) == []


def test_links_go_back_to_the_newest_run_that_is_left(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = new_run(tmp_path, "alpha", "beta", invocation="00000001")
    second = new_run(tmp_path, "alpha", invocation="00000002", now=NOW + timedelta(seconds=1))
    third = new_run(tmp_path, "alpha", "gamma", invocation="00000003", now=NOW + timedelta(seconds=2))
    remove_run(third.paths.root, state_env(tmp_path))
    assert (out / "alpha").resolve() == second.paths.job("alpha").root
    assert (out / "beta").resolve() == first.paths.job("beta").root
    assert not os.path.lexists(out / "gamma")
    remove_run(first.paths.root, state_env(tmp_path))
    assert sorted(path.name for path in out.iterdir()) == [second.paths.root.name, "alpha"]


def test_what_links_lead_to_stays(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    outside = tmp_path / "mine"
    outside.mkdir(mode=0o500)
    (tmp_path / "kept").write_text("kept")
    artifacts = run.paths.job("alpha").artifacts
    (artifacts / "folder").symlink_to(outside)
    (artifacts / "file").symlink_to(tmp_path / "kept")
    (tmp_path / "out" / "foreign").symlink_to(outside)
    remove_run(run.paths.root, state_env(tmp_path))
    assert outside.is_dir()
    assert outside.stat().st_mode & 0o777 == 0o500
    assert (tmp_path / "kept").read_text() == "kept"
    assert (tmp_path / "out" / "foreign").is_symlink()


def test_a_directory_that_a_container_closed_is_opened(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    closed = run.paths.job("alpha").artifacts / "closed" / "inner"
    closed.mkdir(parents=True)
    (closed / "file").write_text("x")
    closed.chmod(0o000)
    closed.parent.chmod(0o500)
    remove_run(run.paths.root, state_env(tmp_path))
    assert not run.paths.root.exists()


def test_a_run_with_an_engine_is_refused(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    with EngineLock(run.paths.lock) as lock:
        assert lock.acquire()
        with pytest.raises(RequestRefused, match="still has a running engine"):
            remove_run(run.paths.root, state_env(tmp_path))
    assert Run.open(run.paths.root)
    assert pointers(state_env(tmp_path))


def test_no_engine_comes_in_between(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    with holding(run.paths.lock) as held:
        assert held
        assert not EngineLock(run.paths.lock).acquire()
        assert run.engine_alive() is None
    lock = EngineLock(run.paths.lock)
    assert lock.acquire()
    with holding(run.paths.lock) as held:
        assert not held
    lock.release()


def test_only_a_run_is_removed(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    other = tmp_path / "20261123_110000-1a2b3c4d"
    other.mkdir()
    (other / "precious").write_text("x")
    link = tmp_path / "20261123_110001-1a2b3c4e"
    link.symlink_to(run.paths.root)
    for place in (other, link, tmp_path / "out", tmp_path / "nowhere"):
        with pytest.raises(RequestRefused, match="is not the directory of a run"):
            remove_run(place, state_env(tmp_path))
    assert (other / "precious").exists()
    assert Run.open(run.paths.root)


def test_a_damaged_run_can_go(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    run.paths.plan.write_text("{")
    run.paths.journal.unlink()
    remove_run(run.paths.root, state_env(tmp_path))
    assert list((tmp_path / "out").iterdir()) == []


def test_the_pointer_of_another_copy_stays(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    copy = tmp_path / "copy" / run.paths.root.name
    copy.mkdir(parents=True)
    (copy / "plan.json").write_text("{}")
    remove_run(copy, state_env(tmp_path))
    assert pointers(state_env(tmp_path)) == {"1a2b3c4d": run.paths.root}


def test_nothing_is_removed_where_all_is_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = new_run(tmp_path)
    monkeypatch.setenv(READ_ONLY, "1")
    with pytest.raises(RequestRefused, match="read-only"):
        remove_run(run.paths.root, state_env(tmp_path))
    with pytest.raises(RequestRefused, match="read-only"):
        remove_attempts(run.paths.job("alpha"))
    assert Run.open(run.paths.root)


def test_earlier_attempts_go_and_nothing_else(tmp_path: Path) -> None:
    job = new_run(tmp_path).paths.job("alpha")
    remove_attempts(job)
    (job.attempt(1) / "logs").mkdir(parents=True)
    (job.attempt(1) / "logs" / "stdout.log").write_bytes(b"x" * 100_000)
    assert size_of(job.attempts) >= 100_000
    remove_attempts(job)
    assert not job.attempts.exists()
    assert job.stdout.exists()
    job.attempts.symlink_to(tmp_path)
    with pytest.raises(RequestRefused, match="symbolic link"):
        remove_attempts(job)


def test_pointers_to_nowhere_are_forgotten(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    gone = new_run(tmp_path, invocation="99999999")
    os.rename(gone.paths.root, tmp_path / "elsewhere")
    env = state_env(tmp_path)
    assert forget_gone(env, dry_run=True) == ["99999999"]
    assert (tmp_path / "state/evaldock/runs/99999999.json").exists()
    assert forget_gone(env) == ["99999999"]
    assert forget_gone(env) == []
    assert pointers(env) == {run.invocation: run.paths.root}
