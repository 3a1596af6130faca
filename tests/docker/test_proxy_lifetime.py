"""kill -9 of the proxy, of the engine, of both, and an endpoint that goes away: the run completes with right totals."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from evaldock.core.engine.docker.executor import DockerExecutor
from evaldock.core.engine.engine import Engine
from evaldock.core.engine.spawn import spawn_engine
from evaldock.core.proxy.process import ProxyHandle, find_proxy
from evaldock.core.run.events import JobState
from evaldock.core.run.score import Score
from evaldock.core.run.store import Run

from .conftest import Bench, wait_for
from .proxied import KEY, Endpoint, endpoint, figures, plan_for
from .test_engine_crash import crash

# The harness asks again what failed, as harnesses do.
ASK = {"requests": 40, "interval": 0.02, "uncounted": True, "request_tries": 200}
ENV = {**os.environ, "API_KEY": KEY}


def started(bench: Bench, at: Endpoint, **options: Any) -> tuple[Run, ProxyHandle]:
    """A run with a detached engine, once a few of its samples are answered."""
    run = bench.run(plan_for(bench, at, ASK, samples=40, **options))
    spawn_engine(run.paths.root, ENV)
    wait_for(lambda: len(at.answered) >= 3, "the first answers")
    handle = find_proxy(run.paths.root)
    assert handle is not None
    return run, handle


def end(handle: ProxyHandle) -> None:
    """kill -9, and wait until nothing is left of it."""
    os.kill(handle.pid, signal.SIGKILL)
    wait_for(lambda: not handle.alive(), "the proxy to be gone")


def wait_for_end(run: Run) -> None:
    wait_for(lambda: run.state().finished, "the end of the run")
    wait_for(lambda: find_proxy(run.paths.root) is None, "the end of the proxy")


def score_of(run: Run) -> Score:
    """The score of the one job, which must have succeeded."""
    (view,) = run.state().jobs.values()
    assert view.state is JobState.SUCCEEDED, view.detail
    assert view.score is not None
    return view.score


def test_a_proxy_that_was_killed_gets_a_successor_on_its_port(bench: Bench) -> None:
    with endpoint() as at:
        run, first = started(bench, at)
        end(first)
        second = wait_for(lambda: find_proxy(run.paths.root), "a new proxy")
        assert (second.port, second.pid != first.pid) == (first.port, True)
        wait_for_end(run)
        assert len(at.answered) == 40
    counted = figures(run)
    assert counted["gaps"] == 1
    # At most a second of counts is lost, and the score says so at most as a doubt, never as a fault of the model.
    assert score_of(run).validity in ("valid", "suspect")
    assert "the run's proxy is gone" in run.paths.engine_log.read_text().lower()


def test_an_engine_that_was_killed_costs_no_request(bench: Bench) -> None:
    with endpoint() as at:
        run, proxy = started(bench, at)
        crash(run)
        so_far = len(at.answered)
        wait_for(lambda: len(at.answered) > so_far + 3, "answers without an engine")
        assert find_proxy(run.paths.root) == proxy
        # This engine's shell does not know the key: the proxy still does.
        Engine(run, {}, DockerExecutor()).run()
        wait_for_end(run)
        assert at.asked == dict.fromkeys(at.asked, 1), "nothing failed, so nothing was asked twice"
    counted = figures(run)
    assert (counted["sent"], counted["ok"], counted["answers"], counted["gaps"]) == (40, 40, 40, 0)
    assert (counted["failed"], counted["cancelled"], counted["unanswered"]) == (0, 0, 0)
    assert score_of(run).validity == "valid"


def test_engine_and_proxy_killed_together(bench: Bench) -> None:
    with endpoint() as at:
        run, proxy = started(bench, at)
        crash(run)
        end(proxy)
        Engine(run, ENV, DockerExecutor()).run()
        wait_for_end(run)
        assert len(at.answered) == 40
    assert figures(run)["gaps"] == 1
    assert score_of(run).validity in ("valid", "suspect")


def test_a_proxy_killed_while_requests_are_in_flight(bench: Bench) -> None:
    with endpoint() as at:
        run, proxy = started(bench, at)
        at.hold.clear()
        asked = sum(at.asked.values())
        wait_for(lambda: sum(at.asked.values()) > asked, "a request in flight")
        end(proxy)
        at.hold.set()
        wait_for_end(run)
        assert len(at.answered) == 40
    assert score_of(run).validity in ("valid", "suspect")


def test_an_endpoint_that_is_restarted_in_the_middle_costs_no_sample(bench: Bench) -> None:
    with endpoint() as at:
        run, _ = started(bench, at, max_retries=60, retry_backoff=0.05)
        at.stop()
        wait_for(lambda: int(run_figures(run).get("retried", 0)) >= 1, "a retry")
        again = Endpoint(at.script, at.port)
        try:
            wait_for_end(run)
        finally:
            again.stop()
        assert len(at.answered.keys() | again.answered.keys()) == 40
    counted = figures(run)
    assert (counted["sent"], counted["ok"], counted["failed"], counted["unanswered"]) == (40, 40, 0, 0)
    assert counted["retried"] >= 1
    assert score_of(run).validity == "valid"


def run_figures(run: Run) -> dict[str, Any]:
    """The live figures of the one job."""
    live = run.live().get("jobs")
    jobs = live if isinstance(live, dict) else {}
    found: dict[str, Any] = next(iter(jobs.values()), {}).get("requests", {})
    return found


@pytest.mark.parametrize("leave", [signal.SIGTERM, signal.SIGKILL])
def test_a_proxy_ends_with_its_run_whoever_is_left(bench: Bench, leave: signal.Signals) -> None:
    with endpoint() as at:
        run, _ = started(bench, at)
        pid = run.engine_alive()
        assert pid is not None
        os.kill(pid, leave)
        wait_for(lambda: run.engine_alive() is None, "the engine to be gone")
        Engine(run, ENV, DockerExecutor()).run()
        wait_for_end(run)
    assert score_of(run).validity == "valid"
