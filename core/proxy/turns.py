"""Whose turn it is for work that takes long: all jobs of a run share one thread, and none may hold up another."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable

LONG = 1 << 15
"""Bytes from which on looking at a body takes long enough to wait for a turn."""


class Turns:
    """One piece of long work at a time. While `others` ask something, as much time as it took is theirs after it."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    @property
    def taken(self) -> bool:
        """Whether there is somebody whose turn it is, so that shorter work had better wait, too."""
        return self._lock.locked()

    @contextlib.asynccontextmanager
    async def take(self, others: Callable[[], bool]) -> AsyncGenerator[None]:
        """For work that does not wait for anything itself."""
        async with self._lock:
            began = time.monotonic()
            try:
                yield
            finally:
                took = time.monotonic() - began
                await asyncio.sleep(took if others() else 0)
