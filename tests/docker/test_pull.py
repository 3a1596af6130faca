"""Pulling from a real registry on this machine, and the ways in which that fails."""

from __future__ import annotations

from evaldock.core.run.events import JobChanged, JobState, Reason

from .conftest import IMAGE, Bench, docker, free_port


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
