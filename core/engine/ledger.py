"""The one place where a run's truth changes: an event is written to the journal, then folded, then told."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Collection, Mapping
from time import monotonic
from typing import Any

from ..run.clock import utc_iso
from ..run.events import Event, JobChanged, JobState, Reason
from ..run.journal import JournalWriter
from ..run.state import JobView, RunState

_RETRY = 1.0
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Ledger:
    """Journal and state of one run behind one lock. Every method may be called from any thread."""

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
        self._lock = threading.RLock()
        self._closing = threading.Event()

    @property
    def state(self) -> RunState:
        """The newest folded state."""
        return self._state

    def view(self, job: str) -> JobView:
        """What is known of one job."""
        return self._state.jobs[job]

    def record(self, event: Event) -> None:
        """Write one event down, and only then act as if it were true."""
        with self._lock:
            self._append(event)
            self._state = self._state.apply(event)
            if self._on_event is not None:
                self._on_event(event)

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
        score: Mapping[str, Any] | None = None,
        requests: Mapping[str, Any] | None = None,
    ) -> bool:
        """Record that `job` is now in state `to`; False if it has ended already or is not in `only_from`."""
        with self._lock:
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
                    score=None if score is None else dict(score),
                    requests=None if requests is None else dict(requests),
                )
            )
            return True

    def close(self) -> None:
        """Give up waiting for disk space, and close the journal."""
        self._closing.set()
        with self._lock:
            self._journal.close()

    def _append(self, event: Event) -> None:
        # On a full disk the containers go on and so do we: the event is kept here until it can be written.
        told = False
        while True:
            try:
                self._journal.append(event)
                return
            except OSError as error:
                if error.errno not in _FULL or self._closing.is_set():
                    raise
                if not told:
                    told = True
                    self._on_notice("No disk space left for the run's journal: waiting until there is some.")
                self._closing.wait(_RETRY)
