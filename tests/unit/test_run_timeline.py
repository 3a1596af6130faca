"""The history of one job: which events belong to it, and how long things took."""

from __future__ import annotations

from evaldock.core.run.events import (
    EngineStarted,
    EngineStopped,
    Event,
    JobChanged,
    JobState,
    KillRequested,
    Paused,
    RerunRequested,
    RunCreated,
    RunFinished,
    Unpaused,
)
from evaldock.core.run.timeline import timeline

JOB = "0a1b2c3d.0"


def at(second: float) -> str:
    return f"2026-11-24T10:{int(second) // 60:02d}:{second % 60:06.3f}Z"


def changed(state: str, second: float, *, attempt: int = 1, mono: float | None = None, job: str = JOB) -> JobChanged:
    return JobChanged(job, attempt, JobState(state), at(second), second if mono is None else mono)


BEGIN: tuple[Event, ...] = (RunCreated("0a1b2c3d", at(0)), EngineStarted(7, "boot", at(1)))


def test_steps_and_how_long_each_state_lasted() -> None:
    steps = (changed("pulling", 2), changed("starting", 12), changed("running", 13), changed("succeeded", 55))
    found = timeline((*BEGIN, *steps, RunFinished(at(56)), EngineStopped(at(56))), JOB)
    assert [entry.event for entry in found] == [*BEGIN, *steps]
    assert [entry.seconds for entry in found] == [2, None, 10, 1, 42, None]
    assert [entry.since for entry in found] == [None, 1, 1, 10, 1, 42]


def test_the_monotonic_clock_decides_within_a_boot() -> None:
    # The wall clock was set back by an hour meanwhile.
    found = timeline((*BEGIN, changed("running", 3000, mono=10), changed("failed", 5, mono=70)), JOB)
    assert found[-1].since == 60


def test_other_jobs_and_what_happens_after_the_end_do_not_belong_here() -> None:
    events = (
        *BEGIN,
        changed("running", 2, job="0a1b2c3d.1"),
        KillRequested("0a1b2c3d.1", 1, False, at(3)),
        changed("failed", 4),
        Paused(at(5)),
        changed("succeeded", 6),
    )
    assert [entry.event for entry in timeline(events, JOB)] == [*BEGIN, events[4]]


def test_deeds_of_users_and_engines_stand_between() -> None:
    events = (
        *BEGIN,
        Paused(at(2)),
        Unpaused(at(3)),
        changed("running", 4),
        EngineStopped(at(5), "died"),
        EngineStarted(8, "boot2", at(9)),
        KillRequested(JOB, 1, False, at(10)),
        changed("stopping", 10),
        changed("killed", 12),
        RerunRequested(JOB, 2, at(20), ("config.params.temperature=0.6",)),
        changed("running", 22, attempt=2),
    )
    found = timeline(events, JOB)
    assert [entry.event for entry in found] == list(events)
    assert [entry.attempt for entry in found] == [1] * 10 + [2] * 2
    assert (found[10].since, found[10].seconds, found[11].since) == (None, 2, 2)
    # It began on another boot, so wall time tells.
    assert found[4].seconds == 6


def test_an_attempt_whose_request_was_lost_is_shown() -> None:
    events = (*BEGIN, changed("failed", 3), changed("running", 9, attempt=2))
    assert [entry.attempt for entry in timeline(events, JOB)] == [1, 1, 1, 2]
