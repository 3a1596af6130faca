"""Sharing what there is little of: bytes of memory within a job, places at an endpoint between jobs."""

from __future__ import annotations

import asyncio
from collections import deque

MOST_IN_MEMORY = 256 << 20
"""Bytes of large bodies of a job's requests, and as many of its answers, that are in memory."""


class Budget:
    """So many units for all; who asks for more than is left waits, in the order of asking."""

    def __init__(self, limit: int) -> None:
        self._left = self._limit = limit
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, units: int) -> int:
        """Wait for `units`, or for all there are if that is less; returns what to give back."""
        units = min(units, self._limit)
        if not self._waiting and units <= self._left:
            self._left -= units
            return units
        future = asyncio.get_running_loop().create_future()
        entry = (units, future)
        self._waiting.append(entry)
        try:
            await future
        except BaseException:
            if future.done() and not future.cancelled():
                self.give(units)
            else:
                self._waiting.remove(entry)
                self._hand_out()
            raise
        return units

    def give(self, units: int) -> None:
        """Give back what was taken."""
        self._left += units
        self._hand_out()

    def _hand_out(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._left:
            units, future = self._waiting.popleft()
            self._left -= units
            if not future.done():
                future.set_result(None)
            else:
                self._left += units


class Gate:
    """The places that an endpoint has for requests of all jobs at a time; None is no limit.

    A free place goes to the job that has the fewest. While several jobs use the endpoint, none of them gets the last
    free place, unless there is only one place.
    """

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._taken: dict[object, int] = {}
        self._total = 0
        self._waiting: dict[object, deque[asyncio.Future[None]]] = {}
        self.members: set[object] = set()

    async def acquire(self, who: object) -> None:
        """Wait for a place for `who`, a job."""
        if self._limit is None:
            return
        if who not in self._waiting and self._fits(who):
            self._take(who)
            return
        future = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(who, deque()).append(future)
        try:
            await future
        except BaseException:
            if future.done() and not future.cancelled():
                self.release(who)
            else:
                self._forget(who, future)
            raise

    def release(self, who: object) -> None:
        """Give a place back."""
        if self._limit is None:
            return
        self._total -= 1
        self._taken[who] -= 1
        if not self._taken[who]:
            del self._taken[who]
        while (next_one := self._next()) is not None:
            future = self._waiting[next_one].popleft()
            self._forget(next_one)
            if not future.done():
                self._take(next_one)
                future.set_result(None)

    def _next(self) -> object | None:
        fitting = [who for who in self._waiting if self._fits(who)]
        return min(fitting, key=lambda who: self._taken.get(who, 0), default=None)

    def _fits(self, who: object) -> bool:
        limit = self._limit or 0
        has = self._taken.get(who, 0)
        kept = 1 if limit > 1 and len(self.members | {who}) > 1 else 0
        return self._total < limit and has < max(1, limit - kept)

    def _take(self, who: object) -> None:
        self._total += 1
        self._taken[who] = self._taken.get(who, 0) + 1

    def _forget(self, who: object, future: asyncio.Future[None] | None = None) -> None:
        waiting = self._waiting.get(who)
        if waiting is not None:
            if future is not None and future in waiting:
                waiting.remove(future)
            if not waiting:
                del self._waiting[who]
