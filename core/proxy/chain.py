"""The interceptors of one job, and the passes through them."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ..config.adapter import declared
from ..config.interceptors import IMPLIED
from ..config.model import Tree
from .exchange import Exchange, JobScope, Reply
from .interceptor import EventFilter, Interceptor, StopJob, TooMuch, find_interceptor
from .sse import SseEvent, SseParser

_LOG = logging.getLogger("evaldock.proxy")


class Chain:
    """The interceptors of one job. `complain` takes a sentence about one that failed and was passed over, `stop` one
    that says why the job cannot succeed any more."""

    def __init__(
        self, tree: Tree, scope: JobScope, complain: Callable[[str], None], stop: Callable[[str], None]
    ) -> None:
        self._complain = complain
        self._stop = stop
        self._all = self._made(tree, scope)
        usual = [i for i in self._all if not i.raw]
        caches = [i for i in self._all if i.raw]
        backwards = usual[::-1]
        self._request = [i for i in (*usual, *caches) if _has(i, "request")]
        self._store = [i for i in caches if _has(i, "response")]
        self._response = [i for i in backwards if _has(i, "response")]
        self.responds = bool(self._response)
        self._raw_filters = [i for i in caches if _has(i, "stream")]
        self._filters = [i for i in backwards if _has(i, "stream")]

    def _made(self, tree: Tree, scope: JobScope) -> list[Interceptor]:
        made: list[Interceptor] = []
        for one in declared(tree):
            if one.name == IMPLIED:
                continue
            try:
                kind = find_interceptor(one.name)
                if kind is None:
                    self._complain(f"There is no interceptor '{one.name}'; requests go on without it.")
                else:
                    made.append(kind(one.settings, scope))
            except Exception as error:  # noqa: BLE001 - the requests of a whole job matter more than one interceptor
                self._failed(one.name, error)
        return made

    def _failed(self, name: str, error: Exception) -> None:
        if isinstance(error, StopJob):
            self._stop(str(error))
            return
        _LOG.warning("interceptor %s failed", name, exc_info=error)
        self._complain(f"The interceptor '{name}' failed and was passed over: {type(error).__name__}: {error}")

    def request(self, x: Exchange) -> Reply | None:
        """The request pass in declared order, caches last. A Reply is the answer in place of the endpoint's."""
        for one in self._request:
            try:
                reply = one.request(x)
            except Exception as error:  # noqa: BLE001 - see Interceptor
                self._failed(one.name, error)
                continue
            if reply is not None:
                reply.cached = one.raw
                return reply
        return None

    def store(self, x: Exchange, reply: Reply) -> None:
        """Show caches the endpoint's complete answer, before anything changes it."""
        self._respond(self._store, x, reply)

    def response(self, x: Exchange, reply: Reply) -> None:
        """The response pass in reverse order, over a complete answer."""
        self._respond(self._response, x, reply)

    def _respond(self, those: list[Interceptor], x: Exchange, reply: Reply) -> None:
        for one in those:
            try:
                one.response(x, reply)
            except Exception as error:  # noqa: BLE001 - see Interceptor
                self._failed(one.name, error)

    def stream(self, x: Exchange, *, cached: bool = False) -> StreamPass | None:
        """The response pass over a streamed answer; None when nothing wants to see it."""
        filters: list[tuple[str, EventFilter]] = []
        for one in self._filters if cached else (*self._raw_filters, *self._filters):
            try:
                found = one.stream(x)
            except Exception as error:  # noqa: BLE001 - see Interceptor
                self._failed(one.name, error)
                continue
            if found is not None:
                filters.append((one.name, found))
        return StreamPass(filters, self._failed) if filters else None

    def close(self) -> None:
        """The job is over."""
        for one in self._all:
            try:
                one.close()
            except Exception as error:  # noqa: BLE001 - see Interceptor
                self._failed(one.name, error)


class StreamPass:
    """All the filters of one streamed answer, one behind the other."""

    def __init__(self, filters: list[tuple[str, EventFilter]], failed: Callable[[str, Exception], None]) -> None:
        self._filters = filters
        self._failed = failed

    def feed(self, events: list[SseEvent]) -> list[SseEvent]:
        """What goes to the harness for these events of the endpoint."""
        for place in range(len(self._filters)):
            events = self._through(place, events)
        return events

    def end(self) -> list[SseEvent]:
        """What is still to be sent at the proper end."""
        events: list[SseEvent] = []
        for place, (name, one) in enumerate(self._filters):
            events = self._through(place, events)
            try:
                events += one.end()
            except TooMuch:
                raise
            except Exception as error:  # noqa: BLE001 - see Interceptor
                self._failed(name, error)
        return events

    def _through(self, place: int, events: list[SseEvent]) -> list[SseEvent]:
        name, one = self._filters[place]
        passed: list[SseEvent] = []
        for event in events:
            try:
                passed += one.feed(event)
            except TooMuch:
                raise
            except Exception as error:  # noqa: BLE001 - see Interceptor
                self._failed(name, error)
                passed.append(event)
        return passed


def replay(chain: Chain, x: Exchange, body: bytes) -> bytes:
    """A streamed answer that is here as a whole, after the response pass."""
    passing = chain.stream(x, cached=True)
    if passing is None:
        return body
    parser = SseParser()
    events = passing.feed([*parser.feed(body), *parser.end()])
    return b"".join(event.raw for event in (*events, *passing.end()))


def _has(one: Interceptor, method: str) -> bool:
    return getattr(type(one), method) is not getattr(Interceptor, method)
