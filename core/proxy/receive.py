"""What comes back from an endpoint: complete answers and streams, with compression undone and without the key."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping

from ..base.errors import EvaldockError
from .connection import Connection, Disconnected
from .decode import MAX_BODY, Damaged, Decoder, TooLarge, decoder_for
from .exchange import Exchange, Reply
from .guard import GuardedBody, KeyGuard
from .headers import returned_headers
from .parse import BadAnswer
from .pool import Address, Pool
from .upstream import Upstream

_AT_ONCE = 1 << 15  # bytes of a stream that are worked on before others get their turn
_LARGE = 1 << 20
_MOST_STREAMED = 256 << 20
_LONGEST_STREAM = 3600.0  # seconds, or four times what one attempt may take


class BrokenOff(EvaldockError):
    """A streamed answer that did not come to its end; the message says how."""


class Line:
    """A connection on loan from the pool."""

    __slots__ = ("_address", "_pool", "connection")

    def __init__(self, pool: Pool, address: Address, connection: Connection) -> None:
        self._pool = pool
        self._address = address
        self.connection = connection

    def release(self) -> None:
        """The pool gets it back, unless there is something left on it."""
        self._pool.give(self._address, self.connection)


class Stream:
    """A streamed answer whose first bytes are here. `close` must be called; it also cuts an unfinished answer off."""

    def __init__(self, line: Line, upstream: Upstream, status: int, headers: dict[str, str]) -> None:
        self.status = status
        self._decoder: Decoder | None = decoder_for(headers.pop("content-encoding", None))
        self.headers = headers
        self._line = line
        self._upstream = upstream
        self._first = b""
        self._ends = time.monotonic() + max(_LONGEST_STREAM, 4 * upstream.options.request_timeout)

    async def open(self) -> None:
        """Wait for the first bytes. Raises what a connection raises."""
        self._first = await self._line.connection.read()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The answer as it comes, in small pieces. Raises BrokenOff."""
        chunk, size = self._first, 0
        try:
            while chunk:
                for data in self._decoder.feed(chunk) if self._decoder else (chunk,):
                    size += len(data)
                    if size > _MOST_STREAMED or time.monotonic() > self._ends:
                        raise BrokenOff("it has no end")
                    for start in range(0, len(data), _AT_ONCE):
                        if start or self._decoder:
                            await asyncio.sleep(0)
                        yield data[start : start + _AT_ONCE]
                chunk = await self._next()
            if self._decoder:
                self._decoder.end()
        except (Damaged, TooLarge) as error:
            raise BrokenOff("its compression is damaged or hides too much") from error

    async def _next(self) -> bytes:
        wait = self._upstream.options.request_timeout
        try:
            async with asyncio.timeout(wait):
                return await self._line.connection.read()
        except TimeoutError as error:
            raise BrokenOff(f"nothing came for {wait:g} s") from error
        except (Disconnected, BadAnswer) as error:
            raise BrokenOff("the connection was cut") from error

    def close(self) -> None:
        """Give the connection back when the answer is complete, cut it when it is not."""
        self._line.release()
        self._upstream.leave()


async def received(
    line: Line, upstream: Upstream, x: Exchange, status: int, headers: Mapping[str, str]
) -> Reply | Stream:
    """The answer to `x` whose head has come. Raises what a connection raises, Damaged, TooLarge, UnknownEncoding.

    A large one waits until it fits beside the others of the job; `forget` gives its room back.
    """
    kept = upstream.guard.headers(returned_headers(headers))
    if status == 200 and kept.get("content-type", "").startswith("text/event-stream"):
        stream = Stream(line, upstream, status, kept)
        await stream.open()
        return stream
    decoder = decoder_for(kept.pop("content-encoding", None))
    if x.got:
        forget(upstream, x)  # an earlier attempt's
    body = await _whole(line.connection, decoder, upstream, x, _announced(headers, decoder))
    line.release()
    return Reply(status, kept, await guarded(upstream.guard, body))


def forget(upstream: Upstream, x: Exchange) -> None:
    """The answer to `x` is not in memory any more."""
    upstream.got.give(x.got)
    x.got = 0


def _announced(headers: Mapping[str, str], decoder: Decoder | None) -> int:
    """The most bytes that an answer may have by its headers."""
    length = headers.get("content-length", "")
    return min(MAX_BODY, int(length)) if length.isdecimal() and decoder is None else MAX_BODY


async def _whole(
    connection: Connection, decoder: Decoder | None, upstream: Upstream, x: Exchange, announced: int
) -> bytes:
    parts: list[bytes] = []
    size = 0
    while chunk := await connection.read():
        for piece in decoder.feed(chunk) if decoder else (chunk,):
            parts.append(piece)
            size += len(piece)
            if size > MAX_BODY:
                raise TooLarge
            if size > _LARGE and not x.got:
                # What is not read waits at the endpoint.
                x.got = await upstream.got.take(announced)
            if decoder and size > _LARGE:
                await asyncio.sleep(0)
    if decoder:
        decoder.end()
    if x.got > size:
        upstream.got.give(x.got - size)
        x.got = size
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def guarded(guard: KeyGuard, body: bytes) -> bytes:
    """`body` without the key; a large one in pieces, between which others get their turn."""
    if len(body) <= _LARGE:
        return guard.data(body)
    passing, parts = GuardedBody(guard), list[bytes]()
    for start in range(0, len(body), _LARGE):
        parts.append(passing.feed(body[start : start + _LARGE]))
        await asyncio.sleep(0)
    return b"".join((*parts, passing.end()))
