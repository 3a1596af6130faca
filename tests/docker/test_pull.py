"""Pulling from a real registry on this machine, and the ways in which that fails."""

from __future__ import annotations

import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from evaldock.core.run.events import JobChanged, JobState, Reason

from .conftest import IMAGE, Bench, docker, wait_for

pytestmark = pytest.mark.skipif(shutil.which("docker-registry") is None, reason="needs Debian's docker-registry")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """`localhost:PORT` of a registry."""
    port = free_port()
    config = tmp_path / "registry.yml"
    config.write_text(
        f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {tmp_path}/registry}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'}}\n"
    )
    with subprocess.Popen(["docker-registry", "serve", str(config)], stderr=subprocess.DEVNULL) as process:

        def up() -> bool:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=5):
                    return True
            except (urllib.error.URLError, ConnectionError):
                return False

        wait_for(up, "the registry")
        yield f"localhost:{port}"
        process.terminate()


def test_an_image_is_pulled_once_for_all_jobs_that_need_it(bench: Bench, registry: str) -> None:
    image = f"{registry}/team/contract:1"
    docker("tag", IMAGE, image)
    docker("push", "-q", image)
    docker("rmi", image)
    plan = bench.plan({}, {}, {}, image=image)
    going = bench.start(bench.run(plan))
    try:
        state = going.end()
    finally:
        docker("rmi", "-f", image)
    assert {view.state for view in state.jobs.values()} == {JobState.SUCCEEDED}
    pulled = [e.job for e in going.events if isinstance(e, JobChanged) and e.state is JobState.PULLING]
    assert pulled


def test_a_missing_image_and_a_missing_registry_are_told_apart(bench: Bench, registry: str) -> None:
    missing = bench.plan({}, image=f"{registry}/team/nothing:1")
    absent = bench.plan({}, image=f"localhost:{free_port()}/team/nothing:1")
    reasons = [bench.finish(plan)[1].jobs[plan.jobs[0].id].reason for plan in (missing, absent)]
    assert reasons == [Reason.IMAGE_NOT_FOUND, Reason.PULL_NETWORK]


def test_always_asks_the_registry_even_when_the_image_is_here(bench: Bench, registry: str) -> None:
    image = f"{registry}/team/gone:1"
    docker("tag", IMAGE, image)
    try:
        plan = bench.plan({}, image=image, pull="always")
        view = bench.finish(plan)[1].jobs[plan.jobs[0].id]
    finally:
        docker("rmi", "-f", image)
    assert view.reason is Reason.IMAGE_NOT_FOUND
