"""Requests on their way to the endpoint: attempts, and streamed answers."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
from typing import cast

from ..base.errors import EvaldockError
from ..config.model import Tree
from ..plan.trees import text_at
from .connection import Connection, Disconnected
from .decode import Damaged, TooLarge, UnknownEncoding
from .exchange import Exchange, Reply, error_reply
from .figures import Figures
from .parse import BadAnswer
from .pool import Address, Pool, ProxyRefused, connect, proxy_credentials
from .receive import Line, Stream, received
from .upstream import Place, Upstream, passes

_CONNECT_TIMEOUT = 30.0
_REDIRECTS = (301, 302, 307, 308)
_MOST_REDIRECTS = 5
_ERRNO = re.compile(r"\[Errno (\d+)\]")


class Unsendable(EvaldockError):
    """A request that cannot be written down as HTTP; the message is the end of a sentence."""


class Elsewhere(EvaldockError):
    """A redirect that is not followed; the message is where it leads."""


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
            x.retried += 1
            await asyncio.sleep(options.backoff(attempt, answer.headers.get("retry-after")))
            answer, again = await self._attempt(upstream, x, figures)
        # A header that an interceptor chose stays as it is.
        if answer.status == 401 and x.bearer == (x.credential == "authorization"):
            answer = await self._in_other_headers(upstream, x, figures, answer)
        if answer.status < 400:
            upstream.health.good()
        else:
            _note(figures, upstream, x, answer)
        return answer

    async def _in_other_headers(
        self, upstream: Upstream, x: Exchange, figures: Figures, refused: Reply | Stream
    ) -> Reply | Stream:
        """The answer with the key in the header that this endpoint takes it in; `refused` when there is none."""
        used = x.credential
        for x.credential in upstream.other_headers(used):
            x.bearer = x.credential == "authorization"
            answer, _ = await self._attempt(upstream, x, figures)
            if answer.status not in (401, 403):
                upstream.keep_header(x.credential)
                return answer
        x.credential, x.bearer = used, used == "authorization"
        return refused

    async def _attempt(self, upstream: Upstream, x: Exchange, figures: Figures) -> tuple[Reply | Stream, bool]:
        """One answer, and whether another attempt may give a better one."""
        await upstream.enter()
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
                upstream.leave()
        figures.attempt(answer.status)
        return answer, passes(answer.status)

    async def _ask(self, upstream: Upstream, x: Exchange, figures: Figures) -> Reply | Stream:
        query = upstream.query(x.query)
        place, target = upstream.place, f"{x.path}?{query}" if query else x.path
        for _ in range(_MOST_REDIRECTS + 1):
            answer = await self._ask_at(place, target, upstream, x, figures)
            if isinstance(answer, Stream) or answer.status not in (*_REDIRECTS, 303):
                return answer
            # A harness in a container could not follow it to where only this machine gets.
            location = answer.headers.get("location", "")
            found = (
                place.redirected(target, location, upstream.base) if location and answer.status in _REDIRECTS else None
            )
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
                return await received(line, upstream, x, status, headers)
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
    lines += upstream.credentials(x.credential, bearer=x.bearer)
    if place.absolute and place.address.proxy and (pass_by := proxy_credentials(place.address.proxy)):
        lines.append(f"proxy-authorization: {pass_by}")
    if x.body or x.method in ("POST", "PUT", "PATCH"):
        lines.append(f"content-length: {len(x.body)}")
    head = "\r\n".join((*lines, "", ""))
    if head.count("\n") != len(lines) + 1:
        raise Unsendable("a header has a line break in it")
    return head.encode("utf-8", "surrogateescape")


def _note(figures: Figures, upstream: Upstream, x: Exchange, answer: Reply | Stream) -> None:
    if isinstance(answer, Reply) and answer.failure:
        sentence = body_sentence(answer)
    else:
        body = answer.body if isinstance(answer, Reply) else b""
        sentence = upstream.words_for(answer.status, x.method, x.path, body)
    figures.error(sentence)
    # All jobs hear of an endpoint that is down: only by what evaluations ask, and in no words of a container's.
    if x.method == "POST":
        upstream.health.bad(answer.status, sentence)


def body_sentence(answer: Reply | Stream) -> str:
    """The sentence inside an error reply of our own."""
    tree = answer.json if isinstance(answer, Reply) else None
    return text_at(cast(Tree, tree), "error", "message") if isinstance(tree, dict) else ""


def _failure(status: int, upstream: Upstream, why: str) -> Reply:
    reply = error_reply(status, upstream.without_key(f"The endpoint {upstream.origin}{upstream.through} {why}."))
    reply.failure = True
    return reply


def _why(error: Exception, upstream: Upstream) -> tuple[int, str, bool]:
    """What stands in place of an answer: a status, the end of a sentence, and whether trying again may help."""
    match error:
        case Unreachable():
            return 504, f"cannot be reached within {_CONNECT_TIMEOUT:g} s", True
        case TimeoutError():
            return 504, f"did not answer within {upstream.options.request_timeout:g} s", True
        case Disconnected(begun=True) | Damaged():
            return 502, "broke off in the middle of an answer", True
        case Disconnected():
            return 502, "hung up before it answered", True
        case BadAnswer():
            return 502, f"answered something that is not HTTP: {error}", True
        case TooLarge():
            return 502, "sent an answer of more than 64 MB", False
        case UnknownEncoding():
            return 502, f"compressed its answer in a way that was not asked for ({error})", False
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
