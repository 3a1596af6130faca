"""Images that attack: what a container leaves, what a label says, and what it asks for must reach nothing outside."""

from __future__ import annotations

import io
import os
import shutil
import signal
import stat
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from evaldock.core.engine.docker.executor import DockerExecutor
from evaldock.core.engine.engine import Engine
from evaldock.core.engine.executor import Attempt
from evaldock.core.engine.spawn import spawn_engine
from evaldock.core.run.events import JobState, Reason

from .conftest import IMAGE, Bench, containers_of, docker, wait_for

NO_SHELL = "evaldock/hostile-no-shell:test"
SECRET = b"nobody else's business\n"
# Nothing is mounted where the log of other images is; the attack makes the place if it is not there.
ATTACK = """#!/busybox sh
/busybox mkdir -p /evaldock/logs
/busybox rm -f /evaldock/logs/stdout.log
/busybox {put} /evaldock/logs/stdout.log
i=0
while [ $i -lt 200 ]; do echo "line $i of the container's choice"; i=$((i + 1)); done
echo x >/results/results.yml
"""


def busybox() -> Path:
    """The machine's static busybox."""
    return Path(shutil.which("busybox") or pytest.skip("needs busybox-static")).resolve()


def imported(tag: str, script: str, *changes: str) -> None:
    """An image of busybox as /busybox and `script` as /attack, and no /bin/sh."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(busybox(), "busybox")
        member = tarfile.TarInfo("attack")
        member.size, member.mode = len(script.encode()), 0o755
        tar.addfile(member, io.BytesIO(script.encode()))
    options = [part for change in changes for part in ("--change", change)]
    subprocess.run(["docker", "import", *options, "-", tag], input=packed.getvalue(), check=True, capture_output=True)


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A file of the user's that nothing may change."""
    path = tmp_path / "bashrc"
    path.write_bytes(SECRET)
    return path


@pytest.fixture
def tag() -> Iterator[str]:
    yield NO_SHELL
    docker("rmi", "-f", NO_SHELL)


@pytest.mark.parametrize("put", ["ln -s {victim}", "ln -s ../../journal.jsonl", "mkfifo", "ln {victim}"])
def test_an_image_without_a_shell_writes_to_no_file_but_its_log(bench: Bench, victim: Path, tag: str, put: str) -> None:
    imported(tag, ATTACK.replace("{put}", put.format(victim=victim)))
    plan = bench.plan({}, image=tag)
    run, state = bench.finish(replace(plan, jobs=(replace(plan.jobs[0], command=("/attack",)),)))
    assert victim.read_bytes() == SECRET
    assert state.jobs[plan.jobs[0].id].exit_code == 0
    log = run.paths.job("t0").stdout
    assert log.is_file() and not log.is_symlink()
    # What goes to standard error may come before or after it.
    assert "line 199 of the container's choice" in log.read_text().splitlines()
    assert not any("container's choice" in line for line in run.paths.journal.read_text().splitlines())


def link(path: Path, victim: Path) -> None:
    path.symlink_to(victim)


def second_name(path: Path, victim: Path) -> None:
    path.hardlink_to(victim)


def pipe(path: Path, _victim: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("put", [link, second_name, pipe])
def test_a_log_that_is_another_file_is_refused_and_the_engine_ends(
    bench: Bench, victim: Path, tag: str, put: Callable[[Path, Path], None]
) -> None:
    imported(tag, ATTACK.replace("{put}", "true"))
    plan = bench.plan({}, image=tag)
    run = bench.run(replace(plan, jobs=(replace(plan.jobs[0], command=("/attack",)),)))
    log = run.paths.job("t0").stdout
    log.unlink()
    put(log, victim)
    state = bench.start(run).end()
    job = state.jobs[plan.jobs[0].id]
    assert (job.state, job.reason) == (JobState.FAILED, Reason.START_FAILED)
    assert "stdout.log" in job.detail and "not the file" in job.detail
    assert victim.read_bytes() == SECRET


@pytest.fixture
def labelled(tmp_path: Path, victim: Path) -> Iterator[str]:
    """The contract image with labels that name the victim as its log, and another run as its own."""
    tag = "evaldock/hostile-labels:test"
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "Dockerfile").write_text(
        f"FROM {IMAGE}\nLABEL evaldock.log={victim} evaldock.run_dir=/ evaldock.attempt=7 evaldock.other={victim}\n"
    )
    docker("build", "-q", "-t", tag, str(tmp_path / "build"))
    yield tag
    docker("rmi", "-f", tag)


def test_a_label_of_the_image_names_no_file(bench: Bench, victim: Path, labelled: str) -> None:
    script = "i=0; while [ $i -lt 400 ]; do echo hostile >/proc/1/fd/1; sleep 0.01; i=$((i + 1)); done; exit 3"
    plan = bench.plan({}, image=labelled)
    run = bench.run(replace(plan, jobs=(replace(plan.jobs[0], command=("sh", "-c", script)),)))
    pid = spawn_engine(run.paths.root, os.environ)
    wait_for(lambda: run.state().jobs[plan.jobs[0].id].state is JobState.RUNNING, "a running task")
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: run.engine_alive() is None, "the engine to be gone")
    name = f"evaldock-{run.invocation}-0-a1"
    assert docker("logs", "--tail", "1", name) == "hostile"
    state = Engine(run, {}, DockerExecutor()).run()
    assert state.jobs[plan.jobs[0].id].exit_code == 3
    assert victim.read_bytes() == SECRET


def test_a_container_of_another_run_is_not_taken_over(bench: Bench) -> None:
    plan = bench.plan({})
    run = bench.run(plan)
    labels = {"invocation": run.invocation, "job": plan.jobs[0].id, "attempt": "1", "run_dir": "/somewhere/else"}
    options = [part for key, value in labels.items() for part in ("--label", f"evaldock.{key}={value}")]
    name = f"evaldock-{run.invocation}-0-a9"
    docker("run", "-d", "--name", name, *options, IMAGE, "sleep", "600")
    try:
        state = bench.start(run).end()
        assert state.jobs[plan.jobs[0].id].state is JobState.SUCCEEDED
        assert docker("inspect", "--format", "{{.State.Running}}", name) == "true"
    finally:
        docker("rm", "-f", name)


@pytest.fixture
def hostile_chown(tmp_path: Path) -> Iterator[str]:
    """The contract image, whose chown and libc loader would leave a mark."""
    tag = "evaldock/hostile-chown:test"
    folder = tmp_path / "chown"
    folder.mkdir()
    (folder / "chown").write_text("#!/bin/sh\necho ran as $(id -u) >/results/mark\n")
    (folder / "chown").chmod(0o755)
    (folder / "Dockerfile").write_text(f"FROM {IMAGE}\nRUN rm /bin/chown\nCOPY chown /bin/chown\n")
    docker("build", "-q", "-t", tag, str(folder))
    yield tag
    docker("rmi", "-f", tag)


def test_files_are_handed_back_without_a_program_of_the_image(
    bench: Bench, hostile_chown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = bench.plan({}, image=hostile_chown)
    run = bench.run(plan)
    paths = run.paths.job("t0")
    private = paths.artifacts / "private"
    private.mkdir(mode=0o700)
    program = private / "program"
    program.write_text("x")
    program.chmod(0o4755)
    os.chown(program, 1234, 1234)
    outside = bench.root / "outside"
    outside.write_text("x")
    (private / "link").symlink_to(outside)
    (private / "closed").mkdir(mode=0)
    executor = DockerExecutor()
    client = executor._clients.get()
    made: dict[str, Any] = {}

    def spy(*args: Any, **kwargs: Any) -> Any:
        made.update(kwargs)
        return type(client).create_container(client, *args, **kwargs)

    client.create_container = spy
    with monkeypatch.context() as other:
        # As a user who may talk to Docker and is not root.
        for name, number in (("geteuid", 65533), ("getuid", 65533), ("getgid", 65532)):
            other.setattr(os, name, lambda number=number: number)
        executor.hand_back(Attempt(plan.jobs[0], 1, paths))
    for path in (paths.artifacts, private, program, private / "link", private / "closed", paths.stdout):
        assert (path.lstat().st_uid, path.lstat().st_gid) == (65533, 65532)
    assert outside.stat().st_uid == 0
    assert not program.stat().st_mode & stat.S_ISUID
    assert not (paths.artifacts / "mark").exists()
    host = made["host_config"]
    assert host["CapDrop"] == ["ALL"] and host["CapAdd"] == ["CHOWN", "DAC_READ_SEARCH"]
    assert host["ReadonlyRootfs"] and host["NetworkMode"] == "none" and host["SecurityOpt"] == ["no-new-privileges"]
    assert 0 < host["PidsLimit"] <= 8 and 0 < host["Memory"] <= 64 << 20
    assert [mount["Target"] for mount in host["Mounts"] if not mount["ReadOnly"]] == ["/0", "/1"]
    assert containers_of(plan.invocation) == []


def test_as_root_too_no_device_and_no_program_that_runs_as_its_owner_stays(bench: Bench) -> None:
    plan = bench.plan({})
    run = bench.run(plan)
    paths = run.paths.job("t0")
    os.mknod(paths.artifacts / "disk", stat.S_IFBLK | 0o666, os.makedev(8, 0))
    program = paths.artifacts / "program"
    program.write_text("x")
    program.chmod(0o6755)
    DockerExecutor().hand_back(Attempt(plan.jobs[0], 1, paths))
    assert not os.path.lexists(paths.artifacts / "disk")
    assert not program.stat().st_mode & (stat.S_ISUID | stat.S_ISGID)
