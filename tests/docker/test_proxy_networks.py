"""Containers on every kind of network reach an endpoint on 127.0.0.1 through the proxy, and nobody else does."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from evaldock.core.engine.docker.executor import DockerExecutor
from evaldock.core.proxy.process import find_proxy
from evaldock.core.run.events import JobState

from .conftest import IMAGE, Bench, docker
from .proxied import KEY, endpoint, plan_for

ASK = {"requests": 2, "interval": 0.01, "uncounted": True}


@pytest.fixture(params=["bridge", "internal"])
def network(request: pytest.FixtureRequest) -> Iterator[str]:
    """A network of the user's own, with and without a way out."""
    name = f"evaldock-test-{os.urandom(3).hex()}"
    docker("network", "create", *(["--internal"] if request.param == "internal" else []), name)
    yield name
    docker("network", "rm", name)


@pytest.fixture
def neighbour() -> Iterator[str]:
    """A container whose network others may borrow."""
    name = f"evaldock-test-{os.urandom(3).hex()}"
    docker("run", "--detach", "--name", name, IMAGE, "sleep", "600")
    yield name
    docker("rm", "-f", name)


def runs_on(bench: Bench, network: str) -> tuple[str, ...]:
    """A run on this network succeeds; the addresses that its proxy listened on."""
    with endpoint() as at:
        plan = plan_for(bench, at, ASK, docker_args=f"--network={network}" if network else "", samples=2)
        run, state = bench.finish(plan, {"API_KEY": KEY})
        view = state.jobs[plan.jobs[0].id]
        assert view.state is JobState.SUCCEEDED, view.detail
        assert len(at.answered) == 2
    assert find_proxy(run.paths.root) is None
    log = (run.paths.root / "proxy.log").read_text()
    return tuple(log.split("listening on ")[1].split(", port")[0].split(", "))


def test_a_network_of_one_s_own(bench: Bench, network: str) -> None:
    gateway = docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", network)
    assert runs_on(bench, network) == ("127.0.0.1", gateway)


@pytest.mark.parametrize(("name", "places"), [("", 2), ("bridge", 2), ("host", 1)])
def test_networks_that_are_always_there(bench: Bench, name: str, places: int) -> None:
    listened = runs_on(bench, name)
    assert listened[0] == "127.0.0.1"
    assert len(listened) == places, "loopback, the bridge of the containers, and nothing that others could reach"


def test_the_network_of_another_container(bench: Bench, neighbour: str) -> None:
    runs_on(bench, f"container:{neighbour}")


def test_a_network_that_is_not_there_is_told_by_docker(bench: Bench) -> None:
    with endpoint() as at:
        plan = plan_for(bench, at, ASK, docker_args="--network=evaldock-nowhere")
        _, state = bench.finish(plan, {"API_KEY": KEY})
    view = state.jobs[plan.jobs[0].id]
    assert view.state is JobState.FAILED
    assert "evaldock-nowhere" in view.detail


def test_addresses_are_asked_for_by_network(network: str) -> None:
    found = DockerExecutor().host_addresses(["", network, "host", "none", "evaldock-nowhere", "container:nowhere"])
    assert set(found) == {"", network, "host"}
    assert found["host"] == "127.0.0.1"
