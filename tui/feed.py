"""Background readers: they look at files on a thread of their own and hand screens immutable pictures of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

FAST = 0.25  # seconds between two looks while somebody watches


class Feed(Generic[T]):
    """Reads again and again, and tells when there is something new.

    `read` gets the picture before and returns the same object when nothing changed; it is called on the feed's thread
    (the first time by the constructor's caller) and must not raise. `changed` is called on the feed's thread.
    """

    def __init__(self, read: Callable[[T | None], T], changed: Callable[[], object]) -> None:
        self._read = read
        self._changed = changed
        self._wake = threading.Event()
        self._stopped = False
        self._thread: threading.Thread | None = None
        self.pace = FAST
        self.snapshot: T = read(None)

    def start(self) -> None:
        """Begin to look."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._look, name="feed", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End; waits for a look that is under way, so that nothing is told afterwards."""
        self._stopped = True
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def poke(self) -> None:
        """Look again now: something was just asked for."""
        self._wake.set()

    def _look(self) -> None:
        while True:
            self._wake.wait(self.pace)
            self._wake.clear()
            if self._stopped:
                return
            new = self._read(self.snapshot)
            if new is not self.snapshot:
                self.snapshot = new
                self._changed()
