"""What a run writes down of how it was made, and doing it again exactly."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from evaldock.core.control.ask import ask_rerun
from evaldock.core.control.exact import plan_replay
from evaldock.core.engine.docker.executor import DockerExecutor
from evaldock.core.engine.engine import Engine
from evaldock.core.engine.provenance import evaldock_version, seeds_of
from evaldock.core.plan.container import image_reference
from evaldock.core.plan.spec import Plan
from evaldock.core.run.events import JobState, Reason
from evaldock.core.run.layout import create_run
from evaldock.core.run.store import Run

from .conftest import IMAGE, Bench, docker
from .proxied import ANSWER, KEY, Answer, endpoint, plan_for


def go(run: Run, env: Mapping[str, str] | None = None) -> None:
    Engine(run, env or {}, DockerExecutor()).run()


def attempts(run: Run, n: int = 0) -> list[dict[str, Any]]:
    jobs = cast("dict[str, list[dict[str, Any]]]", run.provenance()["jobs"])
    return jobs[run.plan.jobs[n].id]


def again(bench: Bench, run: Run) -> Run:
    """The run planned anew, on disk."""
    found = plan_replay(run, bench.invocation(), evaldock=evaldock_version())
    assert found.notes == ()
    return Run.open(create_run(found.plan, found.config, now=datetime.now(UTC)).root)


@pytest.fixture
def moving_tag() -> Iterator[str]:
    """A tag of the contract image that a test may move."""
    tag = f"evaldock/moving:{os.getpid()}"
    docker("tag", IMAGE, tag)
    yield tag
    docker("rmi", tag)


def seeded(plan: Plan) -> Plan:
    job = plan.jobs[0]
    params = {"limit_samples": 2, "extra": {"fewshot_seed": 7, "seeded": 1}, "seed": 42}
    config = {**job.run_config, "config": {"type": "t0", "output_dir": "/results", "params": params}}
    return replace(plan, jobs=(replace(job, run_config=config),))


def test_a_run_says_what_it_was_made_with(bench: Bench) -> None:
    run = bench.run(seeded(bench.plan({})))
    go(run)
    found: Any = run.provenance()
    (made,) = attempts(run)
    inspected = docker("image", "inspect", "-f", "{{.Id}} {{.Os}}/{{.Architecture}}", IMAGE).split()
    assert [made["image_id"], made["architecture"]] == inspected
    assert (made["attempt"], made["state"], made["image"]) == (1, "succeeded", IMAGE)
    assert made["seeds"] == {"seed": 42, "extra.fewshot_seed": 7} == dict(seeds_of(run.plan.jobs[0]))
    assert found["docker"]["version"] == docker("version", "-f", "{{.Server.Version}}")
    assert found["config"]["sha256"] == hashlib.sha256(run.paths.config.read_bytes()).hexdigest()
    assert found["evaldock"] == evaldock_version() != ""
    assert found["host"]["cpus"] == os.cpu_count()
    assert run.paths.provenance.stat().st_mode & 0o777 == 0o600


def test_the_endpoint_says_which_model_answered(bench: Bench) -> None:
    with endpoint(Answer(body={**ANSWER, "model": "m-2026-01-31"})) as at:
        run = bench.run(plan_for(bench, at, {"requests": 3, "uncounted": True}, samples=3))
        go(run, {"API_KEY": KEY})
    assert run.state().jobs[run.plan.jobs[0].id].state is JobState.SUCCEEDED
    (made,) = attempts(run)
    assert (made["model_id"], made["reported"]) == ("m", ["m-2026-01-31"])
    assert KEY not in run.paths.provenance.read_text()


def test_every_attempt_is_kept_also_when_engines_die(bench: Bench) -> None:
    run = bench.run(bench.plan({}))
    go(run)
    job = run.plan.jobs[0].id
    ask_rerun(run, job)
    dying = [sys.executable, "-m", "tests.docker.dying_engine", str(run.paths.root), "before", "remove", "1"]
    subprocess.run(dying, capture_output=True, check=False)
    ask_rerun(run, job)
    run.paths.provenance.write_text(run.paths.provenance.read_text()[:-200])
    go(run)
    assert [made["attempt"] for made in attempts(run)] == [2, 3]
    ask_rerun(run, job)
    go(run)
    assert [made["attempt"] for made in attempts(run)] == [2, 3, 4]


def test_a_replay_runs_the_image_that_ran_though_its_tag_has_moved(bench: Bench, moving_tag: str) -> None:
    run = bench.run(bench.plan({}, image=moving_tag))
    go(run)
    docker("tag", "evaldock/base:local", moving_tag)
    second = again(bench, run)
    go(second)
    view = second.state().jobs[second.plan.jobs[0].id]
    assert (view.state, view.image_id) == (JobState.SUCCEEDED, attempts(run)[0]["image_id"])
    assert (second.provenance()["replays"], attempts(second)[0]["image"]) == (run.invocation, moving_tag)


def test_a_replay_without_its_image_says_so(bench: Bench) -> None:
    run = bench.run(bench.plan({}))
    go(run)
    second = again(bench, run)
    lost = replace(second.plan.jobs[0], image_id="sha256:" + "0" * 64)
    third = bench.run(
        replace(second.plan, jobs=(replace(lost, id=f"{(name := bench.invocation())}.0"),), invocation=name)
    )
    go(third)
    view = third.state().jobs[third.plan.jobs[0].id]
    assert (view.state, view.reason) == (JobState.FAILED, Reason.IMAGE_NOT_FOUND)
    assert "is not on this machine any more" in view.detail


def test_an_image_from_a_registry_is_pulled_by_its_digest(bench: Bench, registry: str) -> None:
    image = f"{registry}/team/contract:1"
    docker("tag", IMAGE, image)
    docker("push", "-q", image)
    run = bench.run(bench.plan({}, image=image))
    go(run)
    second = again(bench, run)
    reference = image_reference(second.plan.jobs[0])
    assert reference in [f"{image}@{text.partition('@')[2]}" for text in attempts(run)[0]["digests"]]
    docker("rmi", image)
    try:
        go(second)
        assert second.state().jobs[second.plan.jobs[0].id].state is JobState.SUCCEEDED
    finally:
        docker("rmi", reference)
