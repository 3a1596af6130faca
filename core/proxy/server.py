"""The listening side: tokens, the way of one request through interceptors and endpoint, and the control requests."""

from __future__ import annotations

import asyncio
import json
import os
from typing import cast

import aiohttp
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from multidict import CIMultiDict

from ..config.model import Tree
from .chain import StreamPass, replay
from .decode import MAX_BODY
from .exchange import Exchange, Reply, error_reply, parse_json
from .figures import Figures
from .forward import BrokenOff, Forwarder, Stream
from .headers import CREDENTIALS, sent_headers
from .jobs import Job, Jobs
from .sse import SseEvent, SseParser

_IDLE_CONNECTION = 3600.0  # harnesses pool connections; closing one early breaks the request that is just under way


class Server:
    """Answers everything that comes in. `control` is the engine's token; `stopping` is set by `POST /-/stop`."""

    def __init__(self, jobs: Jobs, forwarder: Forwarder, control: str) -> None:
        self._jobs = jobs
        self._forwarder = forwarder
        self._control = control
        self.stopping = asyncio.Event()
        self.hurried = False

    def hurry(self) -> None:
        """End now, whatever is in flight."""
        self.hurried = True
        self.stopping.set()

    def web_server(self) -> web.Server:
        """What a runner listens with. A harness that hangs up ends the request to the endpoint."""
        return web.Server(
            self.handle,
            request_factory=_request,
            handler_cancellation=True,
            access_log=None,
            keepalive_timeout=_IDLE_CONNECTION,
            max_line_size=65536,
            max_field_size=65536,
        )

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request."""
        path, _, query = request.raw_path.partition("?")
        if path.startswith("/-/"):
            return await self._controlled(request, path)
        token, credential = _token(request)
        job = self._jobs.by_token.get(token)
        if job is None:
            self._jobs.strangers += 1
            return _response(error_reply(401, "This proxy serves the containers of one evaldock run: wrong token."))
        job.figures.begin()
        if job.figures.sent == 1:
            self._jobs.begun(job)
        x = Exchange(os.urandom(6).hex(), job.scope, request.method, path, query, sent_headers(request.headers), b"")
        x.credential = credential
        try:
            return await self._answered(request, job, x, path)
        except BaseException:
            # Almost always the cancellation that a hung-up harness causes.
            job.figures.gone()
            _note_missed(job, x)
            raise

    async def _answered(self, request: web.BaseRequest, job: Job, x: Exchange, path: str) -> web.StreamResponse:
        if not job.upstream.covers(path):
            text = f"{path} is not below this job's endpoint, {job.upstream.base or '/'}."
            job.figures.error(text)
            return _finish(job, x, error_reply(404, text))
        refused = await _read_body(request, x)
        if refused is not None:
            return _finish(job, x, refused)
        found = 0
        reply = job.chain.request(x)
        if reply is None:
            answer = await self._forwarder.send(job.upstream, x, job.figures)
            if isinstance(answer, Stream):
                return await _streamed(request, job, x, answer)
            reply = answer
            if reply.status < 400 and "json" in reply.headers.get("content-type", ""):
                found = job.figures.count(reply.json)
            elif reply.status in (401, 403) and x.method == "POST":
                sentence = job.upstream.words_for(reply.status, x.method, x.path, reply.body)
                job.figures.refused(reply.status, sentence)
            if not reply.failure:
                job.chain.store(x, reply)
        elif reply.cached:
            found = _count_cached(job.figures, reply)
        if reply.streamed:
            reply.body = replay(job.chain, x, reply.body)
        else:
            job.chain.response(x, reply)
        return _finish(job, x, reply, found)

    async def _controlled(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        if path == "/-/health":
            return web.Response(text="ok\n")
        if _token(request)[0] != self._control:
            self._jobs.strangers += 1
            return _response(error_reply(401, "Only the engine of this run may ask that."))
        if request.method == "GET" and path == "/-/jobs":
            return web.json_response({"jobs": sorted(job.id for job in self._jobs.by_token.values())})
        if request.method != "POST" or path not in ("/-/jobs", "/-/stop"):
            return _response(error_reply(404, f"There is no {request.method} {path}."))
        if path == "/-/stop":
            self.stopping.set()
            return web.json_response({"stopping": True})
        try:
            tree = json.loads(await request.read())
            left = self._jobs.replace(cast("dict[str, object]", tree["jobs"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return _response(error_reply(400, f"These are no jobs: {error}"))
        files = self._jobs.files_of([*left, *self._jobs.unwritten()])
        await asyncio.get_running_loop().run_in_executor(None, self._jobs.write, files)
        return web.json_response({"left": {job.id: job.figures.to_json() for job in left}})


def _request(
    message: RawRequestMessage,
    payload: aiohttp.StreamReader,
    protocol: web.RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    # What web.Server makes by itself refuses bodies over 1 MiB.
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY)


def _token(request: web.BaseRequest) -> tuple[str, str]:
    """The token that a client gives in place of a key, and the header that it gives it in."""
    for name in CREDENTIALS:
        value = request.headers.get(name)
        if value is not None:
            scheme, _, token = value.partition(" ")
            bearer = name == "authorization"
            return (token.strip() if scheme.lower() == "bearer" else "") if bearer else value, name
    return "", "authorization"


async def _read_body(request: web.BaseRequest, x: Exchange) -> Reply | None:
    """Read the body into `x`; a Reply when it cannot be."""
    if not request.can_read_body:
        return None
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    try:
        x.body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return error_reply(413, "The request is larger than 64 MB.")
    except web.RequestPayloadError as error:
        return error_reply(400, f"The request's body cannot be read: {error}")
    return None


def _finish(job: Job, x: Exchange, reply: Reply, found: int = 0) -> web.Response:
    response = _response(reply)
    job.figures.answered(reply.status, x.started, cached=reply.cached, answers=_answers(x, found))
    if reply.status >= 400:
        _note_missed(job, x)
    elif job.figures.unanswered:
        _note_met(job, x)
    return response


def _answers(x: Exchange, found: int) -> int:
    """How many samples an answer counts for: one, unless there is more in it. Only what is posted asks for one."""
    return max(1, found) if x.method == "POST" else 0


def _note_missed(job: Job, x: Exchange) -> None:
    if x.method == "POST":
        job.figures.unanswered.miss(hash((x.path, x.body)))


def _note_met(job: Job, x: Exchange) -> None:
    if x.method == "POST":
        job.figures.unanswered.meet(hash((x.path, x.body)))


def _response(reply: Reply) -> web.Response:
    headers = CIMultiDict(reply.headers)
    headers.pop("content-length", None)
    return web.Response(status=reply.status, headers=headers, body=reply.body)


def _count_cached(figures: Figures, reply: Reply) -> int:
    if reply.streamed:
        parser = SseParser()
        events = [*parser.feed(reply.body), *parser.end()]
        return sum(_count_event(figures, event, tokens=False) for event in events)
    return figures.count(reply.json, tokens=False) if reply.status < 400 else 0


def _count_event(figures: Figures, event: SseEvent, *, tokens: bool = True) -> int:
    # Most events of a stream are a few characters of text with nothing to count.
    data = event.data
    if '"usage":' not in data and '"finish_reason":"' not in data and '"finish_reason": "' not in data:
        return 0
    tree = parse_json(data.encode("utf-8", "replace"))
    if isinstance(tree, dict):
        # Events of the responses API wrap the answer.
        inner = cast(Tree, tree).get("response")
        tree = cast(Tree, inner if isinstance(inner, dict) else tree)
    return figures.count(tree, tokens=tokens)


async def _streamed(request: web.BaseRequest, job: Job, x: Exchange, answer: Stream) -> web.StreamResponse:
    """Pass a streamed answer on, event by event where a filter wants them, else chunk by chunk."""
    response = web.StreamResponse(status=answer.status, headers=CIMultiDict(answer.headers))
    passing, parser, figures = job.chain.stream(x), SseParser(), job.figures
    found = 0
    try:
        figures.first_token(x.started)
        await response.prepare(request)
        async for chunk in answer.chunks():
            events = parser.feed(chunk)
            await _write(response, chunk, events, passing)
            found += sum(_count_event(figures, event) for event in events)
        rest = parser.end()
        found += sum(_count_event(figures, event) for event in rest)
        if passing is not None:
            await _write(response, b"", rest, passing)
            await _write(response, b"", [], None, passing.end())
        await response.write_eof()
    except ConnectionError:
        figures.gone()
        _note_missed(job, x)
        return response
    except BrokenOff as error:
        figures.error(f"The endpoint broke a streamed answer off: {error}.")
        figures.broken()
        _note_missed(job, x)
        # A proper end would make half an answer look like a whole one.
        if request.transport is not None:
            request.transport.close()
        return response
    finally:
        answer.close()
    figures.answered(answer.status, x.started, answers=_answers(x, found))
    if figures.unanswered:
        _note_met(job, x)
    return response


async def _write(
    response: web.StreamResponse,
    chunk: bytes,
    events: list[SseEvent],
    passing: StreamPass | None,
    extra: list[SseEvent] | None = None,
) -> None:
    if passing is not None:
        chunk = b"".join(event.raw for event in passing.feed(events))
    elif extra:
        chunk = b"".join(event.raw for event in extra)
    if chunk:
        await response.write(chunk)
