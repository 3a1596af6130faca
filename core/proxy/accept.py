"""Letting connections in: as many as there are descriptors for, and none for long that does not say who it is."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from .job import Job

_IDLE_CONNECTION = 3600.0  # harnesses pool connections; closing one early breaks the request that is just under way
_INTRODUCTION = 20.0  # seconds to show a valid token
_MOMENT = 1.0
_MOST_UNKNOWN = 256
_MOST = 20_000
_AGAIN = 0.1

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def places() -> int:
    """How many connections may come in, so that as many may go out and files can be written. Raises the soft limit."""
    with contextlib.suppress(ValueError, OSError):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _MOST
    reserve = max(24, min(256, soft // 8))
    return max(4, min(_MOST, (soft - reserve) // 2))


class Hall(web.Server):
    """The connections that came in. `most` is how many there may be; of a job half of them, then they are not kept.

    A client without a valid token has a few seconds, and makes room when too many like it come.
    """

    def __init__(self, handler: Handler, most: int, **settings: Any) -> None:
        settings.setdefault("keepalive_timeout", _IDLE_CONNECTION)
        super().__init__(handler, handler_cancellation=True, access_log=None, **settings)
        self.most = most
        self.left: Callable[[], None] = lambda: None
        self._clock = asyncio.get_running_loop()
        self._unknown: dict[RequestHandler, asyncio.TimerHandle] = {}
        self._owners: dict[RequestHandler, Job] = {}
        self._quiet: dict[RequestHandler, None] = {}

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """See aiohttp."""
        super().connection_made(handler, transport)
        if len(self._unknown) >= min(_MOST_UNKNOWN, max(2, self.most // 2)):
            first = self._first_of_most()
            # Those of a burst have had no time to say anything yet.
            if self._unknown[first].when() - self._clock.time() < _INTRODUCTION - _MOMENT:
                self._turn_away(first)
        self._unknown[handler] = self._clock.call_later(_INTRODUCTION, self._turn_away, handler)

    def _first_of_most(self) -> RequestHandler:
        """The oldest unknown client of the address that has the most: who floods makes room for himself only."""
        by_address: dict[str, list[RequestHandler]] = {}
        for handler in self._unknown:
            by_address.setdefault(_address(handler), []).append(handler)
        return max(by_address.values(), key=len)[0]

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """See aiohttp."""
        super().connection_lost(handler, exc)
        if (timer := self._unknown.pop(handler, None)) is not None:
            timer.cancel()
        self._quiet.pop(handler, None)
        if (job := self._owners.pop(handler, None)) is not None:
            job.connections -= 1
        self.left()

    def begins(self, request: web.BaseRequest, job: Job) -> None:
        """A request with a valid token is worked on."""
        handler = request.protocol
        self._quiet.pop(handler, None)
        if handler in self._owners or (timer := self._unknown.pop(handler, None)) is None:
            return
        timer.cancel()
        self._owners[handler] = job
        job.connections += 1

    def ends(self, request: web.BaseRequest) -> None:
        """It was answered."""
        handler = request.protocol
        if handler in self._owners:
            self._quiet[handler] = None

    def keeps(self, job: Job) -> bool:
        """Whether there is room to keep a connection of the job's when its request is answered."""
        return len(self._owners) < self.most and job.connections <= max(1, self.most // 2)

    def make_room(self) -> None:
        """Close the connections on which nothing happens."""
        for handler in list(self._quiet):
            self._turn_away(handler)

    def _turn_away(self, handler: RequestHandler) -> None:
        if (timer := self._unknown.pop(handler, None)) is not None:
            timer.cancel()
        self._quiet.pop(handler, None)
        if handler.transport is not None:
            handler.transport.abort()


def _address(handler: RequestHandler) -> str:
    name = handler.transport.get_extra_info("peername") if handler.transport is not None else None
    return str(name[0]) if name else ""


class Acceptor:
    """Accepts on sockets that listen already, while there is room; who comes then waits in the system's queue."""

    def __init__(self, sockets: Sequence[socket.socket], hall: Hall) -> None:
        self._sockets = sockets
        self._hall = hall
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[object]] = set()
        self._open = 0
        self._waits = True
        self._stopped = False
        hall.left = self._left

    def start(self) -> None:
        """Begin."""
        self._waits = False
        for one in self._sockets:
            one.setblocking(False)
            self._loop.add_reader(one.fileno(), self._accept, one)

    def stop(self) -> None:
        """Let nobody in any more."""
        self._pause()
        self._stopped = True
        for one in self._sockets:
            one.close()

    def _pause(self) -> None:
        if not self._waits and not self._stopped:
            self._waits = True
            for one in self._sockets:
                self._loop.remove_reader(one.fileno())

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(64):
            if self._open >= self._hall.most:
                self._pause()
                self._hall.make_room()
                return
            try:
                connection, _ = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                # No descriptor is left although there should be: soon, perhaps.
                self._pause()
                self._loop.call_later(_AGAIN, self._resume)
                return
            connection.setblocking(False)
            self._open += 1
            task: asyncio.Task[object] = self._loop.create_task(self._begin(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _begin(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._hall, connection)
        except OSError:
            connection.close()
            self._left()

    def _left(self) -> None:
        self._open -= 1
        self._resume()

    def _resume(self) -> None:
        if self._waits and not self._stopped and self._open < self._hall.most:
            self.start()
