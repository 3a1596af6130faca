"""How much disk the tasks that run have filled, looked at from a thread of its own."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import NamedTuple

from ..base.trees import TooMany, walk
from ..base.units import size
from ..plan.spec import JobSpec
from ..run.events import Reason
from ..run.layout import JobPaths
from .outcome import Stop

_EVERY = 5.0  # seconds between two looks
_WARN = 0.8  # of what is allowed


class Watched(NamedTuple):
    """A task that runs."""

    job: JobSpec
    attempt: int
    paths: JobPaths


class Quotas:
    """Says which tasks have more on disk than `execution.resources.log` and `.results` allow.

    `notice` is told once when one comes near. A walk through many files takes its time, so `look` only sees that one
    is under way, and `exceeded` has what the newest found. Both are quick.
    """

    def __init__(self, notice: Callable[[str], None]) -> None:
        self._notice = notice
        self._warned: set[tuple[str, int, str]] = set()
        self._over: dict[tuple[str, int], Stop] = {}
        self._thread: threading.Thread | None = None
        self._next = 0.0

    def look(self, tasks: Sequence[Watched]) -> None:
        """Have a look at these tasks when it is time."""
        if monotonic() < self._next or not tasks or (self._thread is not None and self._thread.is_alive()):
            return
        self._next = monotonic() + _EVERY
        self._thread = threading.Thread(target=self._measure, args=(tuple(tasks),), daemon=True, name="quotas")
        self._thread.start()

    def exceeded(self, job: str, attempt: int) -> Stop | None:
        """Why this attempt has to be stopped, None when it may go on."""
        return self._over.get((job, attempt))

    def _measure(self, tasks: Sequence[Watched]) -> None:
        for task in tasks:
            with contextlib.suppress(OSError):  # it has just ended and moved away, or its own user closed a directory
                self._judge(task, "log", task.paths.stdout.lstat().st_blocks * 512, task.job.resources.log)
            try:
                taken = sum(entry.stat.st_blocks * 512 for entry in walk(task.paths.artifacts))
            except TooMany as error:
                self._stop(task, f"it has left {error.strerror} in /results")
            except OSError:
                continue
            else:
                self._judge(task, "results", taken, task.job.resources.results)

    def _judge(self, task: Watched, what: str, taken: int, allowed: int | None) -> None:
        if allowed is None or taken <= allowed * _WARN:
            return
        key, name = f"execution.resources.{what}", "log" if what == "log" else "files in /results"
        if taken > allowed:
            self._stop(task, f"its {name} took {size(taken, 3)} of disk; {key} allows {size(allowed, 3)}")
        elif (mark := (task.job.id, task.attempt, what)) not in self._warned:
            self._warned.add(mark)
            self._notice(
                f"{task.job.task}: its {name} {'has' if what == 'log' else 'have'} reached {size(taken, 3)}; "
                f"it is stopped at {size(allowed, 3)} ({key})."
            )

    def _stop(self, task: Watched, detail: str) -> None:
        self._over.setdefault((task.job.id, task.attempt), Stop(Reason.QUOTA, detail))
