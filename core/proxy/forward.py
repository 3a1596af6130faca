"""Requests on their way to the endpoint: attempts, and streamed answers."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
import zlib
from collections.abc import AsyncIterator, Mapping
from typing import cast

from ..base.errors import EvaldockError
from ..base.secrets import HIDDEN
from ..config.model import Tree
from ..plan.trees import text_at
from .connection import Connection, Disconnected
from .decode import MAX_BODY, Decoder, TooLarge, decoder_for
from .exchange import Exchange, Reply, error_reply
from .figures import Figures
from .headers import returned_headers
from .parse import BadAnswer
from .pool import Address, Pool, ProxyRefused, connect, proxy_credentials
from .upstream import RETRIED, Place, Upstream

_CONNECT_TIMEOUT = 30.0
_REDIRECTS = (301, 302, 307, 308)
_MOST_REDIRECTS = 5
_ERRNO = re.compile(r"\[Errno (\d+)\]")


class BrokenOff(EvaldockError):
    """A streamed answer that did not come to its end; the message says how."""


class Unsendable(EvaldockError):
    """A request that cannot be written down as HTTP; the message is the end of a sentence."""


class Elsewhere(EvaldockError):
    """A redirect that is not followed; the message is where it leads."""


class Stream:
    """A streamed answer whose first bytes are here. `close` must be called; it also cuts an unfinished answer off."""

    def __init__(self, line: Line, upstream: Upstream, status: int, headers: dict[str, str]) -> None:
        self.status = status
        self.headers = headers
        self._line = line
        self._upstream = upstream
        self._first = b""
        self._decoder: Decoder | None = None

    async def open(self) -> None:
        """Wait for the first bytes. Raises what a connection raises."""
        self._first = await self._line.connection.read()
        encoding = self.headers.get("content-encoding")
        if encoding and (decoder := decoder_for(encoding)):
            self._decoder = decoder
            del self.headers["content-encoding"]

    async def chunks(self) -> AsyncIterator[bytes]:
        """The answer as it comes. Raises BrokenOff."""
        chunk = self._first
        while chunk:
            data = self._decoded(chunk)
            if data:
                yield data
            chunk = await self._next()

    def _decoded(self, chunk: bytes) -> bytes:
        try:
            return self._decoder.feed(chunk) if self._decoder else chunk
        except (zlib.error, TooLarge) as error:
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
        self._upstream.gate.release()


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


class Forwarder:
    """The connections to all endpoints of a run."""

    def __init__(self) -> None:
        self._pool = Pool()

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()

    async def send(self, upstream: Upstream, x: Exchange, figures: Figures) -> Reply | Stream:
        """The endpoint's answer, after as many attempts as it takes; an error reply when there is none.

        Nothing of a failed attempt is ever seen by the harness: a complete answer is here as a whole, and
        a streamed one with its first bytes.
        """
        options = upstream.options
        answer, again = await self._attempt(upstream, x, figures)
        for attempt in range(options.max_retries):
            if not again:
                break
            _note(figures, upstream, x, answer)
            figures.retry()
            await asyncio.sleep(options.backoff(attempt, answer.headers.get("retry-after")))
            answer, again = await self._attempt(upstream, x, figures)
        if answer.status < 400:
            upstream.health.good()
        else:
            _note(figures, upstream, x, answer)
        return answer

    async def _attempt(self, upstream: Upstream, x: Exchange, figures: Figures) -> tuple[Reply | Stream, bool]:
        """One answer, and whether another attempt may give a better one."""
        await upstream.gate.acquire()
        held = True
        try:
            async with asyncio.timeout(upstream.options.request_timeout):
                answer = await self._ask(upstream, x, figures)
            held = not isinstance(answer, Stream)
        except Exception as error:  # noqa: BLE001 - whatever it is, the harness gets an answer; see `_why`
            status, why, again = _why(error, upstream)
            figures.attempt(0)
            return _failure(status, upstream, why), again
        finally:
            if held:
                upstream.gate.release()
        figures.attempt(answer.status)
        return answer, answer.status in RETRIED

    async def _ask(self, upstream: Upstream, x: Exchange, figures: Figures) -> Reply | Stream:
        place, target = upstream.place, f"{x.path}?{x.query}" if x.query else x.path
        for _ in range(_MOST_REDIRECTS + 1):
            answer = await self._ask_at(place, target, upstream, x, figures)
            if isinstance(answer, Stream) or answer.status not in (*_REDIRECTS, 303):
                return answer
            # A harness in a container could not follow it to where only this machine gets.
            location = answer.headers.get("location", "")
            found = place.redirected(target, location) if location and answer.status in _REDIRECTS else None
            if found is None:
                raise Elsewhere(location or f"nowhere ({answer.status})")
            place, target = found
        raise Elsewhere("itself, again and again")

    async def _ask_at(
        self, place: Place, target: str, upstream: Upstream, x: Exchange, figures: Figures
    ) -> Reply | Stream:
        head = _request_head(place, target, upstream, x)
        while True:
            connection = self._pool.take(place.address) or await _connected(place.address)
            line = Line(self._pool, place.address, connection)
            try:
                connection.send(head, x.body, bodyless=x.method == "HEAD")
                status, headers = await connection.head()
                return await _received(line, upstream, status, headers)
            except Disconnected as error:
                connection.abort()
                # An endpoint may close an idle connection just when it is used again: that is no fault of anybody's.
                if error.begun or connection.used == 1:
                    raise
                figures.attempt(0)
                figures.retry()
            except BaseException:
                connection.abort()
                raise


async def _connected(address: Address) -> Connection:
    try:
        async with asyncio.timeout(_CONNECT_TIMEOUT):
            return await connect(address)
    except TimeoutError:
        raise Unreachable from None


class Unreachable(EvaldockError):
    """No connection in time."""


def _request_head(place: Place, target: str, upstream: Upstream, x: Exchange) -> bytes:
    where = place.address.origin + target if place.absolute else target
    lines = [f"{x.method} {where} HTTP/1.1", f"host: {place.host}"]
    lines += [f"{name}: {value}" for name, value in x.headers.items()]
    # Streams are not compressed: a compressing server holds events back.
    streamed = upstream.local or b'"stream"' in x.body
    lines.append("accept-encoding: identity" if streamed else "accept-encoding: gzip, deflate")
    lines += upstream.credentials(x.credential)
    if place.absolute and place.address.proxy and (pass_by := proxy_credentials(place.address.proxy)):
        lines.append(f"proxy-authorization: {pass_by}")
    if x.body or x.method in ("POST", "PUT", "PATCH"):
        lines.append(f"content-length: {len(x.body)}")
    head = "\r\n".join((*lines, "", ""))
    if head.count("\n") != len(lines) + 1:
        raise Unsendable("a header has a line break in it")
    return head.encode("utf-8", "surrogateescape")


async def _received(line: Line, upstream: Upstream, status: int, headers: Mapping[str, str]) -> Reply | Stream:
    kept = returned_headers(headers)
    if status == 200 and kept.get("content-type", "").startswith("text/event-stream"):
        stream = Stream(line, upstream, status, kept)
        await stream.open()
        return stream
    body = await _whole(line.connection)
    line.release()
    encoding = kept.get("content-encoding")
    if encoding and body and (decoder := decoder_for(encoding)):
        del kept["content-encoding"]
        body = decoder.feed(body)
    if status >= 400 and upstream.api_key:
        # Some endpoints quote the key that they refuse, and this goes to a container and into its log.
        body = body.replace(upstream.api_key.encode(), HIDDEN.encode())
    return Reply(status, kept, body)


async def _whole(connection: Connection) -> bytes:
    body = await connection.read()
    parts: list[bytes] = []
    size = len(body)
    while body:
        parts.append(body)
        body = await connection.read()
        size += len(body)
        if size > MAX_BODY:
            raise TooLarge
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _note(figures: Figures, upstream: Upstream, x: Exchange, answer: Reply | Stream) -> None:
    if isinstance(answer, Reply) and answer.failure:
        sentence = body_sentence(answer)
    else:
        body = answer.body if isinstance(answer, Reply) else b""
        sentence = upstream.words_for(answer.status, x.method, x.path, body)
    figures.error(sentence)
    upstream.health.bad(answer.status, sentence)


def body_sentence(answer: Reply | Stream) -> str:
    """The sentence inside an error reply of our own."""
    tree = answer.json if isinstance(answer, Reply) else None
    return text_at(cast(Tree, tree), "error", "message") if isinstance(tree, dict) else ""


def _failure(status: int, upstream: Upstream, why: str) -> Reply:
    reply = error_reply(status, upstream.without_key(f"The endpoint {upstream.origin} {why}."))
    reply.failure = True
    return reply


def _why(error: Exception, upstream: Upstream) -> tuple[int, str, bool]:
    """What stands in place of an answer: a status, the end of a sentence, and whether trying again may help."""
    match error:
        case Unreachable():
            return 504, f"cannot be reached within {_CONNECT_TIMEOUT:g} s", True
        case TimeoutError():
            return 504, f"did not answer within {upstream.options.request_timeout:g} s", True
        case Disconnected(begun=True) | zlib.error():
            return 502, "broke off in the middle of an answer", True
        case Disconnected():
            return 502, "reset the connection" if error.reset else "hung up before it answered", True
        case BadAnswer():
            return 502, f"answered something that is not HTTP: {error}", True
        case TooLarge():
            return 502, "sent an answer of more than 64 MB", False
        case ssl.SSLCertVerificationError():
            return 502, f"cannot be trusted: {error.verify_message.rstrip('.')}", False
        case ssl.SSLError():
            return 502, f"does not speak TLS as it should: {error.reason or error}", True
        case ProxyRefused():
            return 502, f"cannot be reached: {error}", True
        case OSError():
            return 502, f"cannot be reached: {_system_words(error)}", True
        case Elsewhere():
            return 502, f"redirects to {error}: put the right address into target.api_endpoint.url", False
        case Unsendable():
            return 500, f"was not asked: {error}", False
        case ValueError():
            return 502, f"has no usable address: {error}", False
        case _:
            # A defect of ours must cost one request and not the connection.
            return 500, f"was not asked: {type(error).__name__}: {error}", False


def _system_words(error: OSError) -> str:
    # asyncio puts words of its own where the system's are, and joins those of several addresses.
    code = error.errno or 0
    found = _ERRNO.findall(str(error))
    if found:
        code = int(found[-1])
    return os.strerror(code) if code > 0 else str(error.strerror or error)
