"""What is asked of a run's engine: each question leaves a request, which the engine carries out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..run.access import RequestRefused, refuse_when_read_only
from ..run.requests import leave_request, withdraw
from ..run.store import Run
from .rerun import PlannedRerun, Reruns, next_attempt, no_such_job


def ask_kill(run: Run, job_id: str, force: bool = False) -> bool:
    """Ask to end a job. False when it has ended or the same request is open. Raises RequestRefused."""
    refuse_when_read_only()
    view = run.state().jobs.get(job_id)
    if view is None:
        raise RequestRefused(no_such_job(run, job_id))
    if view.state.terminal:
        return False
    return leave_request(run.paths, f"kill-{job_id}-force" if force else f"kill-{job_id}")


def ask_rerun(run: Run, job_id: str, overrides: Sequence[str] = (), *, env: Mapping[str, str] | None = None) -> bool:
    """Ask for a new attempt of an ended job. False when the same is asked already.

    `overrides` (`-o` texts) change what the new attempt runs; `env` (default: this process's) is what they may read.
    Raises RequestRefused, and ConfigError for overrides that cannot be.
    """
    refuse_when_read_only()
    if overrides:
        from .rerun import plan_reruns

        return ask_planned(run, plan_reruns(run, [job_id], overrides, env=env).jobs[0])
    return leave_request(run.paths, f"rerun-{job_id}-{next_attempt(run, job_id)}")


def ask_planned(run: Run, planned: PlannedRerun) -> bool:
    """Ask for a rerun that `plan_reruns` planned. As `ask_rerun`."""
    refuse_when_read_only()
    if next_attempt(run, planned.job) != planned.attempt:
        raise RequestRefused(f"{planned.job} has been rerun in the meantime: check that attempt first, then rerun.")
    amendment = planned.amendment()
    return leave_request(
        run.paths, f"rerun-{planned.job}-{planned.attempt}", amendment.to_bytes() if amendment else b""
    )


def ask_reruns(run: Run, reruns: Reruns) -> None:
    """Ask for every rerun that was planned. As `ask_planned`."""
    for planned in reruns.jobs:
        ask_planned(run, planned)


def ask_pause(run: Run) -> bool:
    """Ask that no further job is started. False when that is asked already. Raises RequestRefused."""
    refuse_when_read_only()
    withdraw(run.paths, "unpause")
    return leave_request(run.paths, "pause")


def ask_unpause(run: Run) -> bool:
    """Ask that jobs are started again. False when that is asked already. Raises RequestRefused."""
    refuse_when_read_only()
    withdraw(run.paths, "pause")
    return leave_request(run.paths, "unpause")
