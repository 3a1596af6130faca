"""What a task reaches of this machine: under `strict` the port of its proxy, and no other on any address."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from evaldock.core.config.model import Isolation
from evaldock.core.engine.docker import fence
from evaldock.core.engine.docker.executor import DockerExecutor
from evaldock.core.engine.docker.fence import host_addresses
from evaldock.core.plan.isolation import walled, walled_env
from evaldock.core.plan.spec import Plan
from evaldock.core.run.events import JobState, Reason

from .conftest import COMMAND, Bench, docker
from .proxied import KEY, Endpoint, endpoint, plan_for

ASK = {"requests": 2, "interval": 0.01, "uncounted": True}
HERE = host_addresses(Path("/proc/net/fib_trie").read_text())


@pytest.fixture
def port() -> Iterator[int]:
    """A port that a server of this machine listens on, on all its addresses."""
    server = HTTPServer(("0.0.0.0", 0), SimpleHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


def plan_that_looks(bench: Bench, at: Endpoint, level: Isolation, port: int, *, internal: bool = False) -> Plan:
    """A task that tries a port on all addresses of this machine before it asks its questions."""
    plan = plan_for(bench, at, ASK, samples=2)
    spec = plan.jobs[0]
    look = "; ".join(f"nc -w 2 {one} {port} </dev/null && echo open || echo closed" for one in HERE)
    options = walled(replace(spec.docker, network=None), level, internal=internal)
    job = replace(
        spec,
        isolation=level,
        docker=options,
        env=walled_env(spec.env, level),
        command=("sh", "-c", f'{look}; exec "$@"', "sh", *COMMAND),
    )
    return replace(plan, jobs=(job,))


@pytest.mark.parametrize(("level", "internal"), [("strict", False), ("strict", True), ("default", False)])
def test_only_a_strict_task_finds_the_ports_of_this_machine_closed(
    bench: Bench, port: int, level: Isolation, internal: bool
) -> None:
    with endpoint() as at:
        plan = plan_that_looks(bench, at, level, port, internal=internal)
        run, state = bench.finish(plan, {"API_KEY": KEY})
        view = state.jobs[plan.jobs[0].id]
        log = run.paths.job("t0").stdout.read_text()
        assert view.state is JobState.SUCCEEDED, (view.detail, log)
        assert len(at.answered) == 2
    assert len(HERE) > 1
    assert log.count("closed") == (len(HERE) if level == "strict" else 0), log
    assert docker("ps", "-aq", "--filter", f"label=evaldock.invocation={run.invocation}") == ""


def test_a_task_cannot_open_its_fence_which_goes_with_it(bench: Bench, port: int) -> None:
    with endpoint() as at:
        at.hold.clear()
        plan = plan_that_looks(bench, at, "strict", port)
        going = bench.start(bench.run(plan), env={"API_KEY": KEY})
        going.until(0, "running")
        job, net = f"evaldock-{plan.invocation}-0-a1", f"evaldock-{plan.invocation}-0-a1-net"
        assert (
            docker("inspect", "-f", "{{.HostConfig.CapAdd}} {{.HostConfig.ReadonlyRootfs}}", net) == "[NET_ADMIN] true"
        )
        assert (
            docker("exec", job, "sh", "-c", "ip rule add to 10.0.0.1 table 9 2>/dev/null || echo refused") == "refused"
        )
        other = DockerExecutor()
        assert [found.name for found in other.find(plan.invocation)] == [job]
        # Whoever removes the task's container without us leaves its network behind.
        docker("rm", "-f", job)
        assert going.end().jobs[plan.jobs[0].id].state is JobState.LOST
    assert DockerExecutor().find(plan.invocation) == []


def test_what_cannot_be_closed_is_not_run(bench: Bench, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fence, "program", lambda _name: None)
    with endpoint() as at:
        plan = plan_that_looks(bench, at, "strict", port)
        _, state = bench.finish(plan, {"API_KEY": KEY})
    view = state.jobs[plan.jobs[0].id]
    assert (view.state, view.reason) == (JobState.FAILED, Reason.START_FAILED)
    assert "iproute2" in view.detail and "isolation: default" in view.detail
