"""The one place where a run's truth changes: an event is written to the journal, then folded, then told."""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping
from time import monotonic
from typing import Any

from ..base.clock import utc_iso
from ..run.events import Event, JobChanged, JobState, Reason
from ..run.journal import JournalWriter
from ..run.score import Score
from ..run.state import JobView, RunState
from .space import FULL

log = logging.getLogger("evaldock.engine")

_RETRY = 1.0


class Ledger:
    """Journal and state of one run behind one lock. Every method may be called from any thread.

    While the disk is full, events wait here in their order: whoever records a transition waits with it, so that
    nobody acts on what is not written, but kills are carried out (`soon`) and written down as soon as that is possible.
    """

    def __init__(
        self,
        journal: JournalWriter,
        state: RunState,
        on_event: Callable[[Event], None] | None,
        on_notice: Callable[[str], None],
    ) -> None:
        self._journal = journal
        self._state = state
        self._on_event = on_event
        self._on_notice = on_notice
        self._changed = threading.Condition(threading.RLock())
        self._unwritten: deque[Event] = deque()
        # A plain attribute: a signal handler sets it, and taking a lock there could deadlock.
        self.give_up = False

    @property
    def state(self) -> RunState:
        """The newest folded state."""
        return self._state

    def view(self, job: str) -> JobView:
        """What is known of one job."""
        return self._state.jobs[job]

    def record(self, event: Event, *, soon: bool = False) -> None:
        """Write one event down. Returns when it is on disk; with `soon`, a full disk does not hold the caller up.

        Raises OSError when the journal cannot be written for another reason, or never will be (`give_up`).
        """
        with self._changed:
            self._unwritten.append(event)
            self._state = self._state.apply(event)
            self._tell(event)
            told = False
            while not self._flush() and not soon:
                if self.give_up or event not in self._unwritten:
                    break
                if not told:
                    told = True
                    self._on_notice("No disk space left for the run's journal: waiting until there is some.")
                self._changed.wait(_RETRY)
            if not soon and event in self._unwritten:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def say(self, sentence: str) -> None:
        """Tell the user of trouble that is no event."""
        self._on_notice(sentence)

    def change(
        self,
        job: str,
        to: JobState,
        *,
        only_from: Collection[JobState] | None = None,
        reason: Reason | None = None,
        detail: str = "",
        exit_code: int | None = None,
        container: str = "",
        image_id: str = "",
        score: Score | None = None,
        requests: Mapping[str, Any] | None = None,
        soon: bool = False,
    ) -> bool:
        """Record that `job` is now in state `to`; False if it has ended already or is not in `only_from`."""
        with self._changed:
            view = self.view(job)
            if view.state.terminal or (only_from is not None and view.state not in only_from):
                return False
            self.record(
                JobChanged(
                    job=job,
                    attempt=view.attempt,
                    state=to,
                    at=utc_iso(),
                    mono=monotonic(),
                    reason=reason,
                    detail=detail,
                    exit_code=exit_code,
                    container=container,
                    image_id=image_id,
                    score=score,
                    requests=None if requests is None else dict(requests),
                ),
                soon=soon,
            )
            return True

    def close(self) -> None:
        """Close the journal."""
        with self._changed:
            self._journal.close()

    def _flush(self) -> bool:
        """Write what waits, in order; False when the disk is full."""
        try:
            while self._unwritten:
                self._journal.append(self._unwritten[0])
                self._unwritten.popleft()
        except OSError as error:
            if error.errno in FULL:
                return False
            raise
        return True

    def _tell(self, event: Event) -> None:
        if self._on_event is None:
            return
        try:
            self._on_event(event)
        except Exception:
            # A face that fails must not change what becomes of the job.
            log.exception("telling of %s", event)
