"""One run with a job in every state, its figures, and a second one to compare it with: what all faces are shown."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from evaldock.core.base.clock import utc_iso
from evaldock.core.base.narrow import Json
from evaldock.core.run.amendment import Amendment
from evaldock.core.run.events import EngineStarted, JobChanged, JobState, Reason, RerunRequested
from evaldock.core.run.score import Score, Validity
from evaldock.core.run.store import Run

from .conftest import SCORE, Machine

INVOCATION, OTHER = "3f2a9c1d", "90bc7e21"
LONG_AGO = timedelta(hours=2, minutes=5, seconds=30)
"""How long the tasks that run have run: what is shown of it stays the same for half a minute."""

COUNTS: Json = {"total": 103, "ok": 100, "by_status": [["200", 100], ["500", 3]], "answers": 100, "unanswered": 0}
FIGURES: Json = {
    "sent": 69,
    "ok": 61,
    "failed": 2,
    "cancelled": 0,
    "retried": 3,
    "cached": 1,
    "in_flight": 6,
    "answers": 61,
    "rate": 4.25,
    "minute_rate": 1.5,
    "rates": [4] * 60,
    "by_status": {"200": 61, "429": 2},
    "latency_ms": {"p50": 410.0, "p90": 980.0, "p95": 1200.0, "p99": 12400.0},
    "tokens_in": 900,
    "tokens_out": 120,
}


def doubtful(validity: Validity, why: str) -> Score:
    """A score that must not be taken as it is."""
    return replace(SCORE, validity=validity, why=why)


def every_state(machine: Machine) -> Run:
    """A run of thirteen jobs. Those that run began `LONG_AGO`; no engine holds it."""
    names = ("counted", "direct", "pulls", "waits", "good", "cut", "empty")
    names += ("big", "absent", "stopped", "taken", "never", "anew")
    run = machine.run(INVOCATION, *names, samples=100)
    started = utc_iso(datetime.now(UTC) - LONG_AGO)
    machine.happen(run, EngineStarted(4711, "the boot of the story", "2026-11-23T11:00:00.000Z"))

    def change(job: int, state: str, second: int, **more: Any) -> None:
        at = (
            started
            if state in ("running", "pulling") and job in (0, 1, 2, 12)
            else f"2026-11-23T11:00:{second:02d}.000Z"
        )
        attempt = more.pop("attempt", 1)
        machine.happen(run, JobChanged(f"{INVOCATION}.{job}", attempt, JobState(state), at, float(second), **more))

    for job in (0, 1, 4, 5, 6, 7, 9, 10):
        change(job, "running", 1, container=f"evaldock-{INVOCATION}-{job}-a1")
    change(2, "pulling", 1)
    change(4, "succeeded", 42, exit_code=0, score=SCORE, requests=COUNTS)
    change(
        5, "succeeded", 43, exit_code=0, score=doubtful("suspect", "12 of 20 answers were cut off."), requests=COUNTS
    )
    change(6, "succeeded", 44, exit_code=0, score=doubtful("invalid", "Only 3 of 100 samples were answered."))
    change(7, "failed", 45, reason=Reason.OOM, detail="out of memory, exit 137: raise the limit", exit_code=137)
    change(8, "failed", 46, reason=Reason.IMAGE_NOT_FOUND)
    change(9, "killed", 47, reason=Reason.USER, detail="killed on request", exit_code=143, requests=COUNTS)
    change(10, "lost", 48, reason=Reason.REMOVED)
    change(11, "skipped", 49)
    change(12, "running", 1)
    change(12, "failed", 50, reason=Reason.EXIT_NONZERO, exit_code=1)
    overrides = ("evaluation.tasks.12.x=1",)
    amendment = Amendment(run.plan.jobs[12], overrides, overrides)
    run.paths.job("anew").spec(2).parent.mkdir(parents=True)
    run.paths.job("anew").spec(2).write_bytes(amendment.to_bytes())
    again = RerunRequested(f"{INVOCATION}.12", 2, "2026-11-23T11:00:51.000Z", overrides)
    machine.happen(run, again)
    change(12, "running", 52, attempt=2)
    _figures(run)
    return run


def _figures(run: Run) -> None:
    jobs = {
        f"{INVOCATION}.0": {"state": "running", "progress": 61, "requests": FIGURES, "cpu": 212.0, "memory": 812 << 20},
        f"{INVOCATION}.1": {"state": "running", "cpu": 12.5, "memory": 1 << 30},
        f"{INVOCATION}.2": {
            "state": "pulling",
            "note": "1.9/4.2 GiB",
            "pull": {"done": 2_040_109_465, "total": 4_509_715_660, "rate": 38 << 20},
        },
        f"{INVOCATION}.12": {"state": "running"},
    }
    live = {"at": "2026-11-23T11:01:00.000Z", "engine": 4711, "workers": 2, "docker": "ok", "jobs": jobs}
    run.paths.live.write_text(json.dumps(live), encoding="utf-8")
    # What a harness writes that counts for itself, when its requests go past the proxy.
    artifacts = run.paths.job("direct").artifacts
    artifacts.mkdir(parents=True, exist_ok=True)
    (artifacts / "progress").write_text("61", encoding="utf-8")


def other_run(machine: Machine) -> Run:
    """A finished run of some of the same tasks, with other scores."""
    run = machine.run(OTHER, "good", "cut", "big")
    for job, value in enumerate((0.7012, 0.7801, 0.5)):
        for state, at, score in (("running", 1, None), ("succeeded", 42, replace(SCORE, value=value))):
            moment = f"2026-11-23T11:00:{at:02d}.000Z"
            machine.happen(run, JobChanged(f"{OTHER}.{job}", 1, JobState(state), moment, float(at), score=score))
    return run
