"""The listening side: tokens, and the way of one request through interceptors and endpoint."""

from __future__ import annotations

import asyncio
import logging
import os
from functools import partial

from aiohttp import web
from multidict import CIMultiDict

from .accept import Hall, places
from .chain import replay
from .contents import contents_of
from .control import request_factory
from .exchange import Exchange, Reply, error_reply, readable
from .forward import Forwarder
from .headers import sent_headers, token_of
from .job import Job
from .jobs import Jobs
from .receive import Stream, forget
from .streamed import pass_on
from .turns import LONG
from .verdict import TOO_MANY, Verdict, verdict_on

_LOG = logging.getLogger("evaldock.proxy")
_BODY_TIME = 120.0  # seconds that a body may take
_LARGE = 1 << 20
_MOST = 64 << 20


class Server:
    """Answers all that containers ask."""

    def __init__(self, jobs: Jobs, forwarder: Forwarder) -> None:
        self._jobs = jobs
        self._forwarder = forwarder
        self._hall: Hall | None = None

    def hall(self) -> Hall:
        """What to accept connections for. A harness that hangs up ends the request to the endpoint."""
        self._hall = Hall(
            self.handle, places(), request_factory=request_factory, max_line_size=65536, max_field_size=65536
        )
        return self._hall

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request."""
        path, _, query = request.raw_path.partition("?")
        if path == "/-/health":
            return web.Response(text="ok\n")
        token, credential = token_of(request.headers)
        job = self._jobs.by_token.get(token)
        if job is None or (job.guarded and not job.admits(request.remote or "")):
            self._jobs.strangers += 1
            wrong = "wrong token" if job is None else "this token belongs to another container"
            return await _send(
                request, error_reply(401, f"This proxy serves the containers of one evaldock run: {wrong}.")
            )
        hall = self._hall
        if hall is not None:
            hall.begins(request, job)
        job.figures.begin()
        if job.figures.sent == 1:
            self._jobs.begun(job)
        headers = job.allowed.sent(sent_headers(request.headers))
        x = Exchange(os.urandom(6).hex(), job.scope, request.method, path, query, headers, b"")
        x.credential = job.upstream.header_of(credential)
        x.bearer = x.credential == "authorization"
        try:
            async with job.places:
                response = await self._answered(request, job, x, keep=hall is None or hall.keeps(job))
        except BaseException:
            # Almost always the cancellation that a hung-up harness causes.
            job.hung_up(x)
            raise
        if hall is not None:
            hall.ends(request)
        return response

    async def _answered(self, request: web.BaseRequest, job: Job, x: Exchange, *, keep: bool) -> web.StreamResponse:
        refused = _refusal(job, x)
        if refused is not None:
            return await _finish(request, job, x, refused, keep=keep)
        size = request.content_length if "Content-Encoding" not in request.headers else None
        weight = 0
        if request.can_read_body and (size is None or size > _LARGE):
            weight = await job.given.take(_MOST if size is None else size)
        try:
            refused = await _read_body(request, x) or _wrong_model(job, x)
            if weight > len(x.body):
                job.given.give(weight - len(x.body))
                weight = len(x.body)
            if refused is not None:
                return await _finish(request, job, x, refused, keep=keep)
            return await self._passed(request, job, x, keep=keep)
        finally:
            if weight:
                job.given.give(weight)
            if x.got:
                forget(job.upstream, x)

    async def _passed(self, request: web.BaseRequest, job: Job, x: Exchange, *, keep: bool) -> web.StreamResponse:
        """The answer to a request that may go on, through interceptors."""
        if len(x.body) < LONG:
            reply = job.chain.request(x)
        else:
            async with job.turns.take(job.others):
                reply = job.chain.request(x)
        asked = reply is None
        if reply is None:
            answer = await self._forwarder.send(job.upstream, x, job.figures)
            if isinstance(answer, Stream):
                return await pass_on(request, job, x, answer, keep=keep)
            reply = answer
        if len(reply.body) < LONG:
            verdict = self._worked(job, x, reply, asked=asked)
        else:
            async with job.turns.take(job.others):
                verdict = self._worked(job, x, reply, asked=asked)
        return await _finish(request, job, x, reply, verdict, keep=keep)

    def _worked(self, job: Job, x: Exchange, reply: Reply, *, asked: bool) -> Verdict:
        """Look at an answer, and let the interceptors change it."""
        verdict = Verdict(1)
        if asked:
            if reply.status < 400:
                verdict = _judged(job, x, reply)
            elif reply.status in (401, 403) and x.method == "POST":
                sentence = job.upstream.words_for(reply.status, x.method, x.path, reply.body)
                job.figures.refused(reply.status, sentence)
            if not reply.failure and verdict.held:
                job.chain.store(x, reply)
        elif reply.cached:
            verdict = verdict_on(x.path, reply, partial(job.figures.count, tokens=False))
            if (clean := job.upstream.guard.data(reply.body)) != reply.body:
                reply.body = clean
        too_many = verdict.why == TOO_MANY
        if job.chain.responds and (too_many or not readable(reply.body)):
            job.figures.pass_over("An answer has too many values to be read; it went on past the interceptors.")
        if reply.streamed:
            reply.body = replay(job.chain, x, reply.body)
        elif not too_many:
            job.chain.response(x, reply)
        return verdict


def _refusal(job: Job, x: Exchange) -> Reply | None:
    """The answer to what the job may not ask."""
    if job.may(x.method, x.path):
        return None
    text = f"{x.method} {x.path} is not an operation of this job"
    if not (x.path == job.upstream.base or x.path.startswith(job.upstream.base + "/")):
        status, text = 404, f"{text}: it is not below {job.upstream.base or '/'}."
    else:
        status, text = 403, f"{text}; target.api_endpoint.allow.operations opens more."
    text = job.upstream.without_key(text)
    job.figures.error(text)
    return error_reply(status, text)


def _wrong_model(job: Job, x: Exchange) -> Reply | None:
    if x.method != "POST" or (name := job.allowed.model(x.body)) is None:
        return None
    text = job.upstream.without_key(
        f"The model '{name[:100]}' is not one of this job; target.api_endpoint.allow.models opens more."
    )
    job.figures.error(text)
    return error_reply(403, text)


async def _read_body(request: web.BaseRequest, x: Exchange) -> Reply | None:
    """Read the body into `x`; a Reply when it cannot be."""
    if not request.can_read_body:
        return None
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    try:
        if request.content.is_eof():
            x.body = await request.read()
            return None
        async with asyncio.timeout(_BODY_TIME):
            x.body = await request.read()
    except TimeoutError:
        return error_reply(408, f"The request's body did not come within {_BODY_TIME:g} s.")
    except web.HTTPRequestEntityTooLarge:
        return error_reply(413, "The request is larger than 64 MB.")
    except web.RequestPayloadError as error:
        return error_reply(400, f"The request's body cannot be read: {error}")
    return None


def _judged(job: Job, x: Exchange, reply: Reply) -> Verdict:
    """Whether the endpoint's answer to `x` holds one, with what it says counted."""
    if x.method != "POST":
        return Verdict(1)
    verdict = verdict_on(x.path, reply, job.figures.count)
    if not verdict.held:
        job.figures.filtered += verdict.filtered
        why = job.upstream.without_key(verdict.why)
        who = f"The endpoint{job.upstream.through}"
        job.figures.error(f"{who} answered {reply.status} to {x.method} {x.path} without an answer: {why}")
    return verdict


async def _finish(
    request: web.BaseRequest, job: Job, x: Exchange, reply: Reply, verdict: Verdict | None = None, *, keep: bool
) -> web.StreamResponse:
    """Send an answer, and count it once it is sent."""
    verdict = verdict or Verdict(1)
    try:
        response = await _send(request, reply, keep=keep)
    except ConnectionError:
        job.hung_up(x)
        return web.Response()
    if reply.status < 400 and x.method == "POST" and verdict.held:
        job.figures.take(contents_of(x, reply))
    job.answered(x, reply.status, cached=reply.cached, answers=verdict.answers, hollow=not verdict.held)
    return response


async def _send(request: web.BaseRequest, reply: Reply, *, keep: bool = True) -> web.Response:
    headers = CIMultiDict(reply.headers)
    headers.pop("content-length", None)
    response = web.Response(status=reply.status, headers=headers, body=reply.body)
    if not keep:
        response.force_close()
    await response.prepare(request)
    await response.write_eof()
    return response
