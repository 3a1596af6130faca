"""The queue of a run and the threads that work on it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable

from .executor import FoundContainer


class WorkerPool:
    """At most `size` threads, each of which takes one job after the other through `work(job, container)`.

    `container` is what an earlier engine left of the job. While the pool is held no new job is started, but what an
    earlier engine started goes on. Every method may be called from any thread.
    """

    def __init__(self, size: int, work: Callable[[str, FoundContainer | None], None]) -> None:
        self._size = size
        self._take_up = work
        self._queue: deque[str] = deque()
        self._found: dict[str, FoundContainer] = {}
        self._threads: list[threading.Thread] = []
        self._busy = 0
        self._held = self._closed = False
        self._changed = threading.Condition()

    def put(self, job: str, found: FoundContainer | None = None) -> None:
        """Queue a job; one whose container runs already goes first."""
        with self._changed:
            if found is not None:
                self._found[job] = found
            if self._runs_already(job):
                self._queue.appendleft(job)
            else:
                self._queue.append(job)
            self._changed.notify_all()

    def take_out(self, jobs: Iterable[str]) -> dict[str, FoundContainer | None]:
        """Take those of `jobs` out of the queue that have not been started, with what was made of them already."""
        with self._changed:
            out = [job for job in jobs if job in self._queue and not self._runs_already(job)]
            for job in out:
                self._queue.remove(job)
            return {job: self._found.pop(job, None) for job in out}

    def hold(self, on: bool) -> None:
        """Start no further job, or go on."""
        with self._changed:
            if on != self._held:
                self._held = on
                self._changed.notify_all()

    def waiting(self) -> list[str]:
        """The jobs that have not been started, next first."""
        with self._changed:
            return [job for job in self._queue if not self._runs_already(job)]

    def __contains__(self, job: str) -> bool:
        return job in self._queue

    @property
    def busy(self) -> bool:
        """Whether a thread works on a job."""
        return self._busy > 0

    @property
    def idle(self) -> bool:
        """Whether there is nothing left to do."""
        with self._changed:
            return not self._queue and not self._busy

    def spawn_workers(self) -> None:
        """Have as many threads as there is work for."""
        with self._changed:
            wanted = min(self._size, len(self._queue) + self._busy)
            while len(self._threads) < wanted:
                thread = threading.Thread(target=self._work, name=f"worker {len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def wait(self, seconds: float) -> None:
        """Wait until something changes, when there is something that can."""
        with self._changed:
            if self._queue or self._busy:
                self._changed.wait(seconds)

    def close(self) -> None:
        """Wait until every thread has come back from its job, and take up no other."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._closed and not self._next_ready():
                    self._changed.wait()
                if self._closed:
                    return
                job = self._queue.popleft()
                found = self._found.pop(job, None)
                self._busy += 1
            try:
                self._take_up(job, found)
            finally:
                with self._changed:
                    self._busy -= 1
                    self._changed.notify_all()

    def _next_ready(self) -> bool:
        return bool(self._queue) and (not self._held or self._runs_already(self._queue[0]))

    def _runs_already(self, job: str) -> bool:
        found = self._found.get(job)
        return found is not None and found.status != "created"
