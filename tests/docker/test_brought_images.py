"""Images as people bring them: with variables, an entrypoint or a processor of their own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest

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
