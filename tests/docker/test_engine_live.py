"""live.json while containers run."""

from __future__ import annotations

from typing import Any, cast

from evaldock.core.config.model import Resources

from .conftest import Bench, docker, wait_for


def test_figures_limits_and_the_queue_of_a_run_at_work(bench: Bench) -> None:
    behaviours = [{"sleep": 600}, {}, {}]
    going = bench.start(bench.run(bench.plan(*behaviours, workers=1, resources=Resources(cpus=0.5, memory=64 << 20))))
    first, second, third = (job.id for job in going.run.plan.jobs)
    try:
        going.until(0, "running")

        def sampled() -> dict[str, Any]:
            found = cast("dict[str, Any]", going.run.live())
            return found if "cpu" in found.get("jobs", {}).get(first, {}) else {}

        found = wait_for(sampled, "figures of the running job")
    finally:
        going.engine.interrupt()
        going.end()
    job = found["jobs"][first]
    assert (job["state"], job["cpus"], job["memory_limit"]) == ("running", 0.5, 64 << 20)
    assert 0 < job["memory"] < 64 << 20
    assert found["queue"] == [second, third]
    assert (found["holding"], found["paused"], found["docker"]) == ("", False, "ok")
    assert found["docker_version"] == docker("version", "--format", "{{.Server.Version}}")
    assert found["disk"]["free"] > 0
    assert not found["disk"]["full"]
