"""Turns the events of a run into a reporter's lines, for an engine in this process or in another."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from .reporter import Reporter
from .rows import Row

if TYPE_CHECKING:
    from ...core.run.events import Event
    from ...core.run.state import JobView, RunState
    from ...core.run.store import Run

_POLL = 0.1  # seconds between looks at the journal of another process's engine


class Follower:
    """Folds events one by one, so that every transition is told, however fast they come.

    `state` is the run's state before the first event that will be given to `take`.
    """

    def __init__(self, run: Run, state: RunState, reporter: Reporter) -> None:
        self._run = run
        self._state = state
        self._reporter = reporter
        self._base: dict[str, Row] = {str(row["job"]): row for row in run.views()}

    @property
    def state(self) -> RunState:
        """The state after all events taken."""
        return self._state

    def take(self, event: Event) -> None:
        """Folds one event and tells the reporter when it changed a job."""
        from ...core.run.events import JobChanged, RerunRequested

        before = self._state
        self._state = before.apply(event)
        if isinstance(event, JobChanged | RerunRequested) and event.job in self._base:
            view = self._state.jobs[event.job]
            if view != before.jobs[event.job]:
                self._reporter.changed(self._row(view), event.at)

    def tick(self) -> None:
        """Gives the reporter the jobs as they are now, if it has use for them."""
        if self._reporter.wants_rows():
            self._reporter.tick(live_rows(self._run))

    def _row(self, view: JobView) -> Row:
        return {
            **self._base[view.id],
            "state": view.state.value,
            "reason": view.reason.value if view.reason else None,
            "detail": view.detail,
            "attempt": view.attempt,
            "exit_code": view.exit_code,
            "progress": None,
            "started": view.started,
            "ended": view.ended,
            "seconds": view.seconds,
            "score": view.score.to_json() if view.score is not None else None,
        }


def live_rows(run: Run) -> list[Row]:
    """The status objects now; `detail` of a job that is being prepared is the engine's newest note on it."""
    from typing import cast

    rows: list[Row] = list(run.views())
    jobs = run.live().get("jobs")
    if not isinstance(jobs, dict):
        return rows
    notes = cast(dict[str, Any], jobs)
    result: list[Row] = []
    for row in rows:
        entry: Any = notes.get(row["job"])
        note = cast(dict[str, Any], entry).get("note") if isinstance(entry, dict) else None
        usable = note and row["state"] in ("pulling", "starting") and not row["detail"]
        result.append({**row, "detail": note} if usable else row)
    return result


def watch(run: Run, attempts: dict[str, int], reporter: Reporter) -> bool:
    """Follow another process's engine until each job has ended its attempt (or a later one).

    Returns False when the engine has gone before that. Ctrl-C ends only the watching.
    """
    from ...core.run.journal import read_from
    from ...core.run.state import RunState

    events, offset = read_from(run.paths.journal, 0)
    follower = Follower(run, RunState.empty(run.plan).fold(events), reporter)
    ticked = time.monotonic()
    while not _ended(follower.state, attempts):
        alive = run.engine_alive() is not None
        events, offset = read_from(run.paths.journal, offset)
        for event in events:
            follower.take(event)
        if not alive and not events and not _ended(follower.state, attempts):
            return False
        if time.monotonic() - ticked >= 5 * _POLL:
            ticked = time.monotonic()
            follower.tick()
        time.sleep(_POLL)
    return True


def _ended(state: RunState, attempts: dict[str, int]) -> bool:
    return all(
        state.jobs[job].attempt >= attempt and state.jobs[job].state.terminal for job, attempt in attempts.items()
    )


def selected(rows: Collection[Row], jobs: Collection[str] | None) -> list[Row]:
    """The rows of `jobs`, of all when None."""
    return [row for row in rows if jobs is None or row["job"] in jobs]
