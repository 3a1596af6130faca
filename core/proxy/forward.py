"""Requests on their way to the endpoint: pooled connections, attempts, and streamed answers."""

from __future__ import annotations

import asyncio
import io
import os
import zlib
from collections.abc import AsyncIterator, Mapping
from functools import lru_cache
from typing import cast

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from ..config.model import Tree
from ..plan.trees import text_at
from .exchange import Exchange, Reply, error_reply
from .figures import Figures
from .upstream import RETRIED, Upstream

MAX_BODY = 64 * 1024 * 1024
_MAX_DECODED = 4 * MAX_BODY
_CONNECT_TIMEOUT = 30.0
# Servers in common use close idle connections after 5 s; one that dies under a request costs an attempt.
_KEEPALIVE = 4.0
_BIG = 1 << 20
_HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
_NOT_SENT = _HOP_BY_HOP | {"host", "content-length", "content-encoding", "accept-encoding", "authorization", "expect"}
_NOT_RETURNED = _HOP_BY_HOP | {"content-length"}


def plain_headers(headers: Mapping[str, str], *, returned: bool = False) -> dict[str, str]:
    """Headers that go on, by lower-case name: none of this hop's own, none that carries a key or token."""
    drop = _NOT_RETURNED if returned else _NOT_SENT
    result: dict[str, str] = {}
    named = ""
    for name, value in headers.items():
        key = name.lower()
        if key == "connection":
            named = value.lower()
        elif key not in drop:
            # Cookies cannot be joined; everything else can.
            result[key] = f"{result[key]}, {value}" if key in result and key != "set-cookie" else value
    if named and named not in ("keep-alive", "close"):
        for key in named.split(","):
            result.pop(key.strip(), None)
    return result


class TooLarge(Exception):
    """An answer that is larger than `MAX_BODY`."""


class BrokenOff(Exception):
    """A streamed answer that did not come to its end; the message says how."""


class Decoder:
    """Undoes gzip or deflate, bounded. Raises zlib.error, TooLarge."""

    def __init__(self, encoding: str) -> None:
        self._stream = zlib.decompressobj(wbits=47 if encoding == "gzip" else zlib.MAX_WBITS)
        self._raw_deflate = encoding == "deflate"
        self._left = _MAX_DECODED

    def feed(self, chunk: bytes) -> bytes:
        """What these bytes hold."""
        try:
            data = self._stream.decompress(chunk, self._left)
        except zlib.error:
            if not self._raw_deflate:
                raise
            # Some servers send bare deflate where the standard means zlib.
            self._stream = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
            data = self._stream.decompress(chunk, self._left)
        self._raw_deflate = False
        self._left -= len(data)
        if self._left <= 0:
            raise TooLarge
        return data


def decoder_for(encoding: str) -> Decoder | None:
    """A decoder, None for an encoding that is passed on as it is."""
    name = encoding.strip().lower().removeprefix("x-")
    return Decoder(name) if name in ("gzip", "deflate") else None


class Stream:
    """A streamed answer whose first bytes are here. `close` must be called; it also cuts an unfinished answer off."""

    def __init__(self, response: aiohttp.ClientResponse, upstream: Upstream, headers: dict[str, str]) -> None:
        self.status = response.status
        self.headers = headers
        self._response = response
        self._upstream = upstream
        self._first = b""
        self._decoder: Decoder | None = None

    async def open(self) -> None:
        """Wait for the first bytes. Raises what aiohttp raises."""
        self._first = await self._response.content.readany()
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
                return await self._response.content.readany()
        except TimeoutError as error:
            raise BrokenOff(f"nothing came for {wait:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise BrokenOff("the connection was cut") from error

    def close(self) -> None:
        """Give the connection back when the answer is complete, cut it when it is not."""
        self._response.close()
        self._upstream.gate.release()


class Forwarder:
    """The connections to all endpoints of a run."""

    def __init__(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEPALIVE, ttl_dns_cache=30),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_TIMEOUT),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Content-Type"),
            max_line_size=65536,
            max_field_size=65536,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

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
        answer, again = await self._try(upstream, x)
        figures.attempt(0 if isinstance(answer, Reply) and answer.failure else answer.status)
        return answer, again

    async def _try(self, upstream: Upstream, x: Exchange) -> tuple[Reply | Stream, bool]:
        await upstream.gate.acquire()
        held = True
        try:
            async with asyncio.timeout(upstream.options.request_timeout):
                answer = await self._ask(upstream, x)
            held = not isinstance(answer, Stream)
        except aiohttp.ConnectionTimeoutError:
            return _failure(504, upstream, "cannot be reached", f"within {_CONNECT_TIMEOUT:g} s"), True
        except TimeoutError:
            return _failure(504, upstream, "did not answer", f"within {upstream.options.request_timeout:g} s"), True
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError) as error:
            return _failure(502, upstream, "cannot be trusted:", str(error)), False
        except aiohttp.InvalidURL as error:
            return _failure(502, upstream, "has no usable address:", str(error)), False
        except TooLarge:
            return _failure(502, upstream, "sent an answer", "of more than 64 MB"), False
        except (aiohttp.ClientError, OSError, zlib.error) as error:
            return _failure(502, upstream, *_what_broke(error)), True
        finally:
            if held:
                upstream.gate.release()
        return answer, answer.status in RETRIED

    async def _ask(self, upstream: Upstream, x: Exchange) -> Reply | Stream:
        body = x.body
        headers = CIMultiDict(x.headers)
        # Streams are not compressed: a compressing server holds events back.
        streamed = upstream.local or b'"stream"' in body
        headers["accept-encoding"] = "identity" if streamed else "gzip, deflate"
        if upstream.api_key:
            headers["authorization"] = f"Bearer {upstream.api_key}"
        response = await self._session.request(
            x.method,
            target(upstream.origin, x.path, x.query),
            data=(body if len(body) < _BIG else io.BytesIO(body)) if body else None,
            headers=headers,
            allow_redirects=False,
            proxy=upstream.proxy,
        )
        try:
            return await _received(response, upstream)
        except BaseException:
            response.close()
            raise


async def _received(response: aiohttp.ClientResponse, upstream: Upstream) -> Reply | Stream:
    headers = plain_headers(response.headers, returned=True)
    if response.status == 200 and headers.get("content-type", "").startswith("text/event-stream"):
        stream = Stream(response, upstream, headers)
        await stream.open()
        return stream
    return await _whole(response, headers)


async def _whole(response: aiohttp.ClientResponse, headers: dict[str, str]) -> Reply:
    content = response.content
    body = await content.readany()
    if not content.at_eof():
        parts = [body]
        size = len(body)
        while block := await content.readany():
            parts.append(block)
            size += len(block)
            if size > MAX_BODY:
                raise TooLarge
        body = b"".join(parts)
    encoding = headers.get("content-encoding")
    if encoding and body and (decoder := decoder_for(encoding)):
        del headers["content-encoding"]
        body = decoder.feed(body)
    return Reply(response.status, headers, body)


@lru_cache(maxsize=256)
def target(origin: str, path: str, query: str) -> URL:
    """The endpoint's URL of a request, its escapes as they were written."""
    return URL(f"{origin}{path}{'?' + query if query else ''}", encoded=True)


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


def _failure(status: int, upstream: Upstream, what: str, more: str) -> Reply:
    reply = error_reply(status, upstream.without_key(f"The endpoint {upstream.origin} {what} {more}".strip() + "."))
    reply.failure = True
    return reply


def _what_broke(error: Exception) -> tuple[str, str]:
    if isinstance(error, aiohttp.ClientConnectorError):
        inner = error.os_error
        # asyncio puts words of its own where the system's are.
        code = inner.errno or 0
        return "cannot be reached:", os.strerror(code) if code > 0 else str(inner.strerror or inner)
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "hung up before it answered", ""
    if isinstance(error, (aiohttp.ClientPayloadError, zlib.error)):
        return "broke off in the middle of an answer", ""
    if isinstance(error, OSError):
        return "reset the connection:", str(error.strerror or error)
    return "answered something that is not HTTP:", type(error).__name__
