"""Images as people bring them: with variables, an entrypoint or a processor of their own."""

from __future__ import annotations

import io
import struct
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from evaldock.core.plan.command import NEMO_COMMAND
from evaldock.core.run.events import JobState, Reason

from .conftest import IMAGE, Bench, docker
from .proxied import KEY, plan_for

MADE = "evaldock/brought:test"


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    """The image that a test makes is gone after it."""
    yield
    docker("rmi", "-f", MADE)


def made(*lines: str) -> str:
    """The image of the other tests, with these lines of a Dockerfile after it."""
    text = "\n".join((f"FROM {IMAGE}", *lines))
    subprocess.run(["docker", "build", "-q", "-t", MADE, "-"], input=text.encode(), check=True, capture_output=True)
    return MADE


def shown(bench: Bench, image: str, script: str, url: str) -> str:
    """The log of a task of `image` that runs `script` beside evaldock's proxy."""
    plan = plan_for(bench, url, {})
    job = replace(plan.jobs[0], image=image, command=("/bin/sh", "-c", script))
    run, _ = bench.finish(replace(plan, jobs=(job,)), {"API_KEY": KEY})
    return run.paths.job(job.dir_name).stdout.read_text()


def test_a_proxy_of_the_image_s_own_is_not_the_way_to_ours(bench: Bench) -> None:
    image = made("ENV http_proxy=http://127.0.0.1:9 no_proxy=.lab.example")
    log = shown(bench, image, 'echo "$no_proxy|$NO_PROXY|$http_proxy"', "http://127.0.0.1:9/v1/chat/completions")
    one, two, proxy = log.strip().split("|")
    assert one == two and one.startswith(".lab.example,localhost,127.0.0.1,") and proxy == "http://127.0.0.1:9"


def imported(files: Mapping[str, bytes], *changes: str) -> str:
    """An image of these files, all of them programs."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            tar.addfile(member, io.BytesIO(content))
    options = [part for change in changes for part in ("--change", change)]
    subprocess.run(["docker", "import", *options, "-", MADE], input=packed.getvalue(), check=True, capture_output=True)
    return MADE


FOREIGN = (
    b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 0x5A5A, 1, 64, 64, 0, 0, 64, 56, *[0] * 4)
)
LOST = b"#!/nowhere/loader\n"


@pytest.mark.parametrize(
    ("shell", "words"),
    [
        (FOREIGN, "are for another processor: this Docker runs linux/"),
        (LOST, "/bin/sh of evaldock/brought:test does not"),
    ],
)
def test_what_is_said_before_the_log_begins_is_the_reason(bench: Bench, shell: bytes, words: str) -> None:
    plan = bench.plan({}, image=imported({"bin/sh": shell}))
    run, state = bench.finish(plan)
    view = state.jobs[plan.jobs[0].id]
    assert (view.state, view.reason) == (JobState.FAILED, Reason.START_FAILED)
    assert words in view.detail and "exec /bin/sh failed" in view.detail
    assert "exec /bin/sh failed" in run.paths.job("t0").stdout.read_text()


def test_a_task_that_says_nothing_is_said_to_have_said_nothing(bench: Bench) -> None:
    plan = bench.plan({})
    _, state = bench.finish(replace(plan, jobs=(replace(plan.jobs[0], command=("false",)),)))
    assert state.jobs[plan.jobs[0].id].detail == "exit 1: it printed nothing"


@pytest.mark.parametrize("pre_cmd", ["", "export PATH=/opt/harness/bin:$PATH"])
def test_an_image_that_has_the_program_under_its_first_name_only(bench: Bench, pre_cmd: str) -> None:
    name = "RUN mkdir -p /opt/harness/bin && mv $(command -v nemo-evaluator) /opt/harness/bin/eval-factory"
    path = [] if pre_cmd else ["ENV PATH=/opt/harness/bin:$PATH"]
    plan = bench.plan({}, image=made(name, *path))
    plan = replace(plan, jobs=(replace(plan.jobs[0], command=NEMO_COMMAND, pre_cmd=pre_cmd),))
    run, state = bench.finish(plan)
    assert state.jobs[plan.jobs[0].id].state is JobState.SUCCEEDED, run.paths.job("t0").stdout.read_text()
