"""The daemon is stopped, killed and started again in the middle of a run."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from evaldock.core.run.events import JobState, Reason

from .conftest import Bench, wait_for
from .daemon import Daemon

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a second dockerd needs root")


@pytest.fixture(params=[False, True], ids=["plain", "live-restore"])
def daemon(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    made = Daemon(live_restore=request.param)
    try:
        made.start()
        made.load_image()
        with monkeypatch.context() as patch:
            patch.setenv("DOCKER_HOST", made.host)
            yield made
    finally:
        made.close()


def test_a_daemon_stopped_and_started_mid_run_mis_states_nothing(bench: Bench, daemon: Daemon) -> None:
    plan = bench.plan({"count_for": 4, "interval": 0.1}, {"score": 0.75}, workers=1)
    bench.invocations.clear()
    run = bench.run(plan)
    going = bench.start(run)
    going.until(0, "running")
    log = run.paths.job("t0").stdout
    wait_for(lambda: b"count 3\n" in log.read_bytes(), "some work")
    keeps = daemon.live_restore
    daemon.stop(signal.SIGKILL if keeps else signal.SIGTERM)
    wait_for(lambda: run.live().get("docker") != "ok", "the outage to be shown")
    if keeps:
        assert going.view(0).state is JobState.RUNNING, "an outage is no transition"
    daemon.start()
    state = going.end()
    first, second = (state.jobs[job.id] for job in plan.jobs)
    if keeps:
        assert first.state is JobState.SUCCEEDED
        counted = b"".join(b"count %d\n" % n for n in range(1, 41))
        assert log.read_bytes() == b"running t0\n" + counted + b"done\n"
    else:
        assert (first.state, first.reason) == (JobState.FAILED, Reason.DAEMON_STOPPED)
    assert (second.state, second.score and second.score.value) == (JobState.SUCCEEDED, 0.75)
    assert run.live().get("docker") == "ok"
