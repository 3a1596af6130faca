"""An image without /bin/sh: its log comes from Docker's stream, whole, also after a crash of the engine."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from evaldock.core.engine.docker.executor import DockerExecutor
from evaldock.core.engine.docker.logs import frames
from evaldock.core.engine.engine import Engine
from evaldock.core.engine.spawn import spawn_engine
from evaldock.core.plan.spec import Plan
from evaldock.core.run.events import JobState

from .conftest import Bench, docker, wait_for

IMAGE = "evaldock/no-shell:test"
SCRIPT = 'BEGIN { for (i = 1; i <= %d; i++) { print i; fflush(); %s } print "x" > "/results/results.yml" }'


@pytest.fixture(scope="module", autouse=True)
def image() -> Iterator[None]:
    """Busybox as /awk and nothing else."""
    busybox = Path(shutil.which("busybox") or pytest.skip("needs busybox-static")).resolve()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(busybox, "awk")
    subprocess.run(["docker", "import", "-", IMAGE], input=packed.getvalue(), check=True, capture_output=True)
    yield
    docker("rmi", "-f", IMAGE)


def counting(bench: Bench, lines: int, between: str = "") -> Plan:
    """A plan whose one job prints `lines` numbers."""
    plan = bench.plan({}, image=IMAGE)
    return replace(plan, jobs=(replace(plan.jobs[0], command=("/awk", SCRIPT % (lines, between))),))


def numbers(lines: int) -> bytes:
    """What such a job prints."""
    return b"".join(b"%d\n" % n for n in range(1, lines + 1))


def test_the_log_of_an_image_without_a_shell_is_whole(bench: Bench) -> None:
    plan = counting(bench, 50_000)
    run, state = bench.finish(plan)
    assert state.jobs[plan.jobs[0].id].exit_code == 0
    assert run.paths.job("t0").stdout.read_bytes() == numbers(50_000)


def test_it_is_whole_after_the_engine_died_in_between(bench: Bench) -> None:
    plan = counting(bench, 300, 'system("") ; for (k = 0; k < 40000; k++) x += k')
    run = bench.run(plan)
    spawn_engine(run.paths.root, os.environ)
    wait_for(lambda: run.paths.job("t0").stdout.stat().st_size > 20, "some output")
    pid = run.engine_alive()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: run.engine_alive() is None, "the engine to be gone")
    state = Engine(run, {}, DockerExecutor()).run()
    assert state.jobs[plan.jobs[0].id].state in (JobState.SUCCEEDED, JobState.FAILED)
    assert state.jobs[plan.jobs[0].id].exit_code == 0
    assert run.paths.job("t0").stdout.read_bytes() == numbers(300)


@pytest.mark.parametrize("size", [1, 3, 8, 9, 1000])
def test_frames_are_read_however_they_are_cut(size: int) -> None:
    payloads = [b"one\n", b"", b"two" * 50, b"\x00\xff"]
    stream = b"".join(b"\x01\0\0\0" + len(p).to_bytes(4, "big") + p for p in payloads)
    pieces = (stream[start : start + size] for start in range(0, len(stream), size))
    assert b"".join(frames(chain(pieces))) == b"".join(payloads)
