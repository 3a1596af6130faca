"""One row of the list of runs, and the heading that it stands under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from ...core.run.clock import parse_iso
from ...core.run.events import JobState
from ...core.run.state import JobView, RunState
from ...core.run.store import Run

OPEN_STATES = ("running", "interrupted")
"""The words of a run that has not ended: with an engine, and without one."""


@dataclass(frozen=True, slots=True)
class RunScore:
    """A task's score as the list shows it; `validity` is valid, suspect or invalid."""

    task: str
    value: float
    stderr: float | None
    validity: str
    why: str


@dataclass(frozen=True, slots=True)
class RunRow:
    """What the list shows of a run.

    `state` is running, interrupted (open, but no engine works on it), succeeded, failed, killed or lost. `counts` maps
    a job's state to a number. `created` is local time. `seconds` is how long it took until its end, None while it is
    open: then `created` tells.
    """

    invocation: str
    state: str
    config: str
    model: str
    counts: Mapping[str, int]
    scores: tuple[RunScore, ...]
    created: datetime | None
    seconds: float | None
    workers: int
    run_dir: str

    @property
    def total(self) -> int:
        """How many tasks there are."""
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        """How many of them have ended."""
        return sum(number for state, number in self.counts.items() if JobState(state).terminal)

    @property
    def words(self) -> str:
        """All that a filter may match, in lower case."""
        tasks = " ".join(score.task for score in self.scores)
        return f"{self.state} {self.invocation} {self.config} {self.model} {tasks}".lower()


def run_row(run: Run, state: RunState, engine: int | None) -> RunRow:
    """The row of `run`; `engine` is the pid of its engine, None when it has none."""
    views = tuple(state.jobs.values())
    created = parse_iso(state.created or run.created)
    ends = [ended for view in views if (ended := parse_iso(view.ended or "")) is not None]
    over = state.done and created is not None and ends
    return RunRow(
        invocation=run.invocation,
        state=_overall(views, engine, done=state.done),
        config=run.plan.config_name or "–",
        model=run.plan.model_id,
        counts={job_state.value: number for job_state, number in state.counts.items()},
        scores=tuple(score for view in views if (score := job_score(view)) is not None),
        created=created.astimezone() if created else None,
        seconds=max(0.0, (max(ends) - created).total_seconds()) if over and created else None,
        workers=run.plan.workers,
        run_dir=str(run.paths.root),
    )


def job_score(view: JobView) -> RunScore | None:
    """The primary score of a job, None when there is no number."""
    found = view.score or {}
    value = found.get("value")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    stderr = found.get("stderr")
    validity = found.get("validity")
    return RunScore(
        view.task,
        float(value),
        float(stderr) if isinstance(stderr, (int, float)) and not isinstance(stderr, bool) else None,
        str(validity) if validity else ("valid" if found.get("valid", True) is not False else "invalid"),
        str(cast(object, found.get("why", "")) or ""),
    )


def _overall(views: tuple[JobView, ...], engine: int | None, *, done: bool) -> str:
    if not done:
        return "running" if engine is not None else "interrupted"
    states = {view.state for view in views}
    for worst in (JobState.FAILED, JobState.LOST, JobState.KILLED, JobState.SKIPPED):
        if worst in states:
            return worst.value
    return "succeeded"


def heading(created: datetime | None, today: date) -> str:
    """What a run of that day stands under: `Today`, `Yesterday`, `Last 7 days`, `Last 30 days`, `October 2026`."""
    if created is None:
        return "No date"
    days = (today - created.date()).days
    if days <= 0:
        return "Today"
    if days == 1:
        return "Yesterday"
    if days < 7:
        return "Last 7 days"
    return "Last 30 days" if days < 30 else f"{created:%B %Y}"
