"""Images as people bring them: with variables, an entrypoint or a processor of their own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest
from evaldock.core.plan.spec import Plan
from evaldock.core.preflight.checks import run_checks
from evaldock.core.run.events import JobState

from .conftest import IMAGE, Bench, docker
from .proxied import KEY, Endpoint, endpoint, plan_for

MADE = "evaldock/brought:test"
ASK = {"requests": 2, "interval": 0.01, "uncounted": True}


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


def planned(bench: Bench, at: Endpoint, image: str) -> Plan:
    plan = plan_for(bench, at, ASK, samples=2)
    return replace(plan, jobs=tuple(replace(job, image=image) for job in plan.jobs))


def test_a_proxy_of_the_image_s_own_is_not_the_way_to_ours(bench: Bench) -> None:
    image = made("ENV http_proxy=http://127.0.0.1:9 no_proxy=.lab.example")
    with endpoint() as at:
        plan = planned(bench, at, image)
        reach = [check for check in run_checks(plan, {"API_KEY": KEY}) if check.name == "reach"]
        _, state = bench.finish(plan, {"API_KEY": KEY})
    assert [check.state for check in reach] == ["ok"]
    assert state.jobs[plan.jobs[0].id].state is JobState.SUCCEEDED
