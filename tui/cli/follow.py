"""Turns the events of a run into a reporter's lines, for an engine in this process or in another."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from .reporter import Reporter

if TYPE_CHECKING:
    from ...core.run.events import Event
    from ...core.run.state import RunState
    from ...core.run.status import JobStatus
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

    @property
    def state(self) -> RunState:
        """The state after all events taken."""
        return self._state

    def take(self, event: Event) -> None:
        """Folds one event and tells the reporter when it changed a job."""
        from ...core.base.clock import Moment
        from ...core.run.events import JobChanged, RerunRequested

        before = self._state
        self._state = before.apply(event)
        if isinstance(event, JobChanged | RerunRequested) and event.job in self._state.jobs:
            view = self._state.jobs[event.job]
            if view != before.jobs[event.job]:
                mono = event.mono if isinstance(event, JobChanged) else 0.0
                moment = Moment(event.at, mono, self._state.boot_id)
                self._reporter.changed(self._run.status(view, {}, moment), event.at)

    def tick(self) -> None:
        """Gives the reporter the jobs as they are now, if it has use for them."""
        if self._reporter.wants_rows():
            self._reporter.tick(self._run.statuses())


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


def selected(rows: Collection[JobStatus], jobs: Collection[str] | None) -> list[JobStatus]:
    """The rows of `jobs`, of all when None."""
    return [row for row in rows if jobs is None or row.job in jobs]
