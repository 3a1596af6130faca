"""Passing a streamed answer on as it comes."""

from __future__ import annotations

from aiohttp import web
from multidict import CIMultiDict

from ..base.errors import EvaldockError
from .contents import StreamContents
from .exchange import Exchange
from .guard import GuardedEvents, KeyInStream
from .interceptor import TooMuch
from .jobs import Job
from .receive import BrokenOff, Stream
from .sse import EventTooLarge, SseEvent, SseParser
from .verdict import StreamVerdict

_LONG = 4096  # bytes of events that take long enough to wait for a turn


async def pass_on(
    request: web.BaseRequest, job: Job, x: Exchange, answer: Stream, *, keep: bool = True
) -> web.StreamResponse:
    """Pass a streamed answer on, event by event, and count it once it has ended."""
    response = web.StreamResponse(status=answer.status, headers=CIMultiDict(answer.headers))
    if not keep:
        response.force_close()
    parser, guarded, passing = SseParser(), GuardedEvents(job.upstream.guard), job.chain.stream(x)
    verdict, figures = StreamVerdict(x.path, job.figures.count), job.figures
    contents = StreamContents(x)

    def through(events: list[SseEvent], *, last: bool = False) -> bytes:
        events = guarded.feed(events)
        if last:
            events += guarded.end()
        for event in events:
            verdict.feed(event)
        if passing is not None:
            events = passing.feed(events)
        return taken(events)

    def taken(events: list[SseEvent]) -> bytes:
        for event in events:
            contents.feed(event)
        return b"".join([event.raw for event in events])

    async def send(data: bytes) -> None:
        if data:
            await response.write(data)

    try:
        figures.first_token(x.started)
        await response.prepare(request)
        async for chunk in answer.chunks():
            if len(chunk) < _LONG and not job.turns.taken:
                data = through(parser.feed(chunk))
            else:
                async with job.turns.take(job.others):
                    data = through(parser.feed(chunk))
            await send(data)
        await send(through(parser.end(), last=True))
        found = verdict.end()
        # The filters hear of the end of a whole answer only: caches keep it then.
        if found.held and passing is not None:
            await send(taken(passing.end()))
        if not found.held and x.method == "POST":
            raise _NoAnswer(found.why)
        await response.write_eof()
    except ConnectionError:
        job.hung_up(x)
        return response
    except (BrokenOff, KeyInStream, EventTooLarge, TooMuch, _NoAnswer) as error:
        figures.filtered += verdict.end().filtered
        figures.error(_sentence(job, error))
        job.broken(x)
        # A proper end would make half an answer look like a whole one.
        if request.transport is not None:
            request.transport.close()
        return response
    finally:
        answer.close()
    if x.method == "POST":
        figures.take(contents.end())
    job.answered(x, answer.status, answers=found.answers)
    return response


class _NoAnswer(EvaldockError):
    """A stream that came to its end, and holds no answer; the message is a clause."""


def _sentence(job: Job, error: Exception) -> str:
    if isinstance(error, KeyInStream):
        return "The endpoint spelled its API key in a streamed answer, which was cut off."
    if isinstance(error, EventTooLarge):
        return "The endpoint sent an event that is too large in a streamed answer, which was cut off."
    if isinstance(error, TooMuch):
        return f"The endpoint streamed {error}; the answer was cut off."
    if isinstance(error, _NoAnswer):
        return f"The endpoint{job.upstream.through} streamed no whole answer: {job.upstream.without_key(str(error))}."
    return f"The endpoint{job.upstream.through} broke a streamed answer off: {error}."
