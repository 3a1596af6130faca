"""One connection to an endpoint: requests one after the other, each with its answer."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import cast

from ..base.errors import EvaldockError
from .parse import AnswerParser, BadAnswer

_HIGH = 1 << 20  # bytes of an answer that may wait to be read
_ONE_WRITE = 1 << 16


class Disconnected(EvaldockError):
    """The connection was closed before the answer was complete.

    `begun`: some of it had come.
    """

    def __init__(self, *, begun: bool) -> None:
        super().__init__()
        self.begun = begun


class Connection(asyncio.Protocol):
    """A connection that is made. Ask with `send`, then await `head`, then `read` until it gives b"".

    `used` counts requests. What the connection raises: Disconnected, BadAnswer.
    """

    def __init__(self) -> None:
        self.used = 0
        self.idle_since = 0.0
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._answer: AnswerParser | None = None
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._paused = False
        self._closed = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def transport(self) -> asyncio.Transport:
        """What the connection runs over."""
        assert self._transport is not None
        return self._transport

    @transport.setter
    def transport(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    @property
    def reusable(self) -> bool:
        """Whether another request may follow."""
        answer = self._answer
        ended = answer is None or (answer.complete and answer.reusable)
        return ended and not self._closed and not self.transport.is_closing()

    def send(self, head: bytes, body: bytes = b"", *, bodyless: bool = False) -> None:
        """Begin a request. `bodyless`: its answer has no body."""
        self.used += 1
        self._answer = AnswerParser(bodyless=bodyless)
        self._pieces.clear()
        self._waiting = 0
        if len(body) <= _ONE_WRITE:
            self.transport.write(head + body)
        else:
            self.transport.write(head)
            self.transport.write(body)

    async def head(self) -> tuple[int, dict[str, str]]:
        """Status and headers of the answer."""
        answer = cast(AnswerParser, self._answer)
        while not answer.status:
            await self._more()
        return answer.status, answer.headers

    async def read(self) -> bytes:
        """What has come of the body since the last call, at least a byte; b"" at its end."""
        answer = cast(AnswerParser, self._answer)
        while not self._pieces:
            if answer.complete:
                return b""
            await self._more()
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._waiting = 0
        if self._paused:
            self._paused = False
            self.transport.resume_reading()
        return data

    def abort(self) -> None:
        """Cut it off."""
        self._closed = True
        if self._transport is not None:
            self._transport.abort()

    async def _more(self) -> None:
        if self._error is not None:
            raise self._error
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        answer = self._answer
        if answer is None:
            # Nothing was asked: a server that takes its leave in words.
            self.abort()
            return
        try:
            pieces = answer.feed(data)
        except BadAnswer as error:
            self._error = error
            self.abort()
        else:
            self._pieces.extend(pieces)
            self._waiting += len(data)
            if self._waiting > _HIGH and not answer.complete and not self._paused:
                self._paused = True
                self.transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._closed = True
        answer = self._answer
        if answer is not None and not answer.complete and self._error is None and (exc or not answer.eof()):
            # A used connection may be closed just when it is used again, in good order or by a reset.
            told = isinstance(exc, OSError) and not answer.status and self.used == 1
            self._error = exc if told else Disconnected(begun=answer.status > 0)
        self._wake()
