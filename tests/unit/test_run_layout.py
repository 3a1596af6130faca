"""A new run on disk: what is made, with which rights, and what is refused. Also the builders of other tests."""

from __future__ import annotations

import json
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from evaldock.core.base.atomic import read_head, write_atomic
from evaldock.core.plan.spec import JobSpec, Plan
from evaldock.core.run.events import RunCreated
from evaldock.core.run.journal import read_events
from evaldock.core.run.layout import CreateError, RunPaths, UnsafePath, archive_attempt, create_run
from evaldock.core.run.store import Run

NOW = datetime(2026, 11, 23, 11, 0, 0, 123000, UTC)
ROOT_NAME = "20261123_110000-1a2b3c4d"


def make_plan(output_dir: Path, *tasks: str, invocation: str = "1a2b3c4d", samples: int | None = 20) -> Plan:
    """A plan of plain tasks, whose directories are named as the tasks."""
    jobs = tuple(
        JobSpec(
            id=f"{invocation}.{n}",
            index=n,
            task=task,
            harness="sample",
            image="busybox:latest",
            digest="",
            endpoint_type="chat",
            url="http://127.0.0.1:8000/v1",
            model_id="model",
            command=("true",),
            dir_name=task,
            run_config={"config": {"type": task}},
            samples=samples,
        )
        for n, task in enumerate(tasks or ("alpha", "beta"))
    )
    return Plan(invocation, str(output_dir), "parallel", 2, "missing", "model", "http://127.0.0.1:8000/v1", jobs)


def state_env(folder: Path) -> dict[str, str]:
    """An environment whose pointers lie in `folder`."""
    return {"XDG_STATE_HOME": str(folder / "state")}


def new_run(folder: Path, *tasks: str, invocation: str = "1a2b3c4d", now: datetime = NOW) -> Run:
    """A run made in `folder`/out and opened again."""
    plan = make_plan(folder / "out", *tasks, invocation=invocation)
    return Run.open(create_run(plan, {"a": 1}, now=now, env=state_env(folder)).root)


@contextmanager
def files_at_most(size: int) -> Iterator[None]:
    """Within, no file of this process can grow beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_modes_do_not_depend_on_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        run = new_run(tmp_path, "alpha")
    finally:
        os.umask(before)
    job = run.paths.job("alpha")
    for folder in (tmp_path / "out", run.paths.root, run.paths.requests, job.root, tmp_path / "state"):
        assert mode(folder) == 0o700, folder
    for folder in (job.logs, job.artifacts):
        assert mode(folder) == 0o777, folder
    for file in (run.paths.config, run.paths.plan, run.paths.journal):
        assert mode(file) == 0o600, file
    assert mode(job.stdout) == 0o666
    assert mode(job.run_config) == 0o644


def test_a_new_run_holds_config_plan_journal_pointer_and_links(tmp_path: Path) -> None:
    run = new_run(tmp_path, "alpha", "beta")
    paths = run.paths
    assert paths.root == tmp_path / "out" / ROOT_NAME
    assert yaml.safe_load(paths.config.read_text()) == {"a": 1}
    assert list(read_events(paths.journal)) == [RunCreated("1a2b3c4d", "2026-11-23T11:00:00.123Z")]
    assert yaml.safe_load(paths.job("beta").run_config.read_text()) == {"config": {"type": "beta"}}
    pointer = tmp_path / "state/evaldock/runs/1a2b3c4d.json"
    assert json.loads(pointer.read_text()) == {"root": str(paths.root)}
    assert os.readlink(tmp_path / "out" / "alpha") == f"{ROOT_NAME}/alpha"
    assert run.plan == make_plan(tmp_path / "out", "alpha", "beta")
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".")]


def test_links_move_on_to_the_newest_run(tmp_path: Path) -> None:
    new_run(tmp_path)
    second = new_run(tmp_path, invocation="99999999")
    assert (tmp_path / "out" / "alpha").resolve() == second.paths.job("alpha").root


def test_a_real_directory_where_a_link_would_stand_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "out" / "alpha"
    mine.mkdir(parents=True)
    (mine / "notes").write_text("mine")
    new_run(tmp_path, "alpha", "beta")
    assert not mine.is_symlink()
    assert (mine / "notes").read_text() == "mine"
    assert (tmp_path / "out" / "beta").is_symlink()


def test_a_foreign_link_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "alpha").symlink_to("/etc")
    with pytest.raises(CreateError, match="symbolic link to /etc"):
        new_run(tmp_path)
    assert [path.name for path in out.iterdir()] == ["alpha"]


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "..", "", "a\nb", "a\\b"])
def test_a_directory_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CreateError, match="cannot be the directory of a task"):
        create_run(make_plan(tmp_path / "out", name), {}, now=NOW, env=state_env(tmp_path))
    with pytest.raises(UnsafePath):
        RunPaths(tmp_path).job(name)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("tasks", [("requests",), ("plan.json",), ("same", "same")])
def test_names_that_collide_are_refused(tmp_path: Path, tasks: tuple[str, ...]) -> None:
    with pytest.raises(CreateError, match="directory"):
        create_run(make_plan(tmp_path / "out", *tasks), {}, now=NOW, env=state_env(tmp_path))


def test_an_output_dir_that_is_a_file_gives_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(CreateError, match=r"execution\.output_dir"):
        new_run(tmp_path)


def test_a_full_disk_leaves_no_half_run(tmp_path: Path) -> None:
    with files_at_most(100), pytest.raises(CreateError, match="Make room"):
        new_run(tmp_path)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_home_that_cannot_be_written_does_not_stop_a_run(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file, not a directory")
    assert new_run(tmp_path).paths.journal.exists()


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "live.json"
    write_atomic(file, b"old")
    with files_at_most(1000), pytest.raises(OSError):
        write_atomic(file, b"x" * 2000)
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]
    write_atomic(file, b"new", 0o640, sync=False)
    assert (file.read_bytes(), mode(file)) == (b"new", 0o640)


def test_links_and_pipes_that_a_container_left_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(__file__)
    os.mkfifo(tmp_path / "pipe")
    assert read_head(tmp_path / "link", 10) is None
    assert read_head(tmp_path / "pipe", 10) is None
    assert read_head(tmp_path, 10) is None


def test_archiving_an_attempt_keeps_it_and_makes_room(tmp_path: Path) -> None:
    job = new_run(tmp_path, "alpha").paths.job("alpha")
    job.stdout.write_text("first")
    (job.artifacts / "results.yml").write_text("a: 1")
    archive_attempt(job, 1)
    assert (job.attempt(1) / "logs/stdout.log").read_text() == "first"
    assert (job.attempt(1) / "artifacts/results.yml").read_text() == "a: 1"
    assert job.stdout.read_text() == ""
    assert list(job.artifacts.iterdir()) == []
    assert (mode(job.logs), mode(job.artifacts), mode(job.attempt(1))) == (0o777, 0o777, 0o700)
    job.stdout.write_text("second")
    archive_attempt(job, 1)
    assert job.stdout.read_text() == "second"
    assert (job.attempt(1) / "logs/stdout.log").read_text() == "first"


@pytest.mark.parametrize("moved", [(), ("logs",), ("logs", "artifacts")])
def test_archiving_again_after_a_crash_finishes_it(tmp_path: Path, moved: tuple[str, ...]) -> None:
    job = new_run(tmp_path, "alpha").paths.job("alpha")
    job.stdout.write_text("first")
    (job.artifacts / "results.yml").write_text("a: 1")
    job.attempt(1).mkdir(parents=True)
    for name in moved:
        (job.root / name).rename(job.attempt(1) / name)
    archive_attempt(job, 1)
    assert (job.attempt(1) / "logs/stdout.log").read_text() == "first"
    assert (job.attempt(1) / "artifacts/results.yml").read_text() == "a: 1"
    assert job.stdout.read_text() == ""
    assert list(job.artifacts.iterdir()) == []


@pytest.mark.parametrize("name", ["", "logs", "artifacts", "attempts"])
def test_archiving_refuses_a_link_in_the_way(tmp_path: Path, name: str) -> None:
    job = new_run(tmp_path, "alpha").paths.job("alpha")
    there = job.root / name
    elsewhere = tmp_path / "elsewhere"
    if there.exists():
        there.rename(elsewhere)
    else:
        elsewhere.mkdir()
    there.symlink_to(elsewhere)
    with pytest.raises(UnsafePath, match="symbolic link"):
        archive_attempt(job, 1)
