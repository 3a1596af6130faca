"""Streamed answers through the proxy, and the interceptors' way with them."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import aiohttp
import pytest
from aiohttp import web
from evaldock.core.proxy import chain as chain_module
from evaldock.core.proxy.exchange import Exchange, Reply
from evaldock.core.proxy.interceptor import EventFilter, Interceptor, StopJob
from evaldock.core.proxy.sse import SseEvent, SseParser, make_event
from hypothesis import given
from hypothesis import strategies as st

from .proxy_server_rig import ANSWER, CHAT, TOKEN, Handler, rig, script

HEADERS = {"Authorization": f"Bearer {TOKEN}"}
TEXT = b'data: {"choices":[{"delta":{"content":"x"}}]}'
STREAM = {"model": "m", "messages": [], "stream": True}


def chunk(text: str = "", **more: Any) -> bytes:
    """An event of a chat stream."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": more.pop("finish", None)}
    return f"data: {json.dumps({'choices': [choice], **more})}\n\n".encode()


LAST = b'data: {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}\n\ndata: [DONE]\n\n'
PARTS = [chunk("a"), chunk("b", finish="length"), LAST]


def streaming(*parts: bytes, end: bool = True) -> Handler:
    """An endpoint that streams these bytes, and cuts the connection when it does not `end`."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        for part in parts:
            await response.write(part)
        if not end:
            assert request.transport is not None
            request.transport.close()
        return response

    return handle


def test_a_stream_is_passed_on_as_it_comes_and_counted(tmp_path: Path) -> None:
    async def main() -> None:
        more = asyncio.Event()

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            response = web.StreamResponse(headers={"content-type": "text/event-stream"})
            await response.prepare(request)
            await response.write(PARTS[0])
            await more.wait()
            await response.write(PARTS[1])
            await response.write(PARTS[2])
            return response

        async with rig(tmp_path, handle) as r, r.client.post(r.url + CHAT, json=STREAM, headers=HEADERS) as answer:
            assert await answer.content.readany() == PARTS[0], "the first event must not wait for the second"
            assert r.figures.in_flight == 1
            more.set()
            assert await answer.read() == PARTS[1] + PARTS[2]
            assert answer.headers["Content-Type"] == "text/event-stream"
            figures = r.figures.to_json()
            assert (figures["tokens_in"], figures["tokens_out"]) == (7, 2)
            assert figures["finish_reasons"] == {"length": 1}
            assert figures["ttft_ms"] is not None
            assert (r.seen[0].headers["accept-encoding"], figures["ok"]) == ("identity", 1)

    asyncio.run(main())


def test_a_stream_that_breaks_off_looks_broken_and_is_not_tried_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(tmp_path, streaming(PARTS[0], end=False)) as r:
            with pytest.raises(aiohttp.ClientPayloadError):
                await r.ask(json=STREAM)
            assert (len(r.seen), r.figures.failed, r.figures.ok, r.figures.retried) == (1, 1, 0, 0)
            assert "broke a streamed answer off" in str(r.figures.to_json()["last_errors"])

    asyncio.run(main())


def test_a_stream_that_stops_coming_is_broken_off(tmp_path: Path) -> None:
    async def stall(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        await response.write(PARTS[0])
        await asyncio.Event().wait()
        return response

    async def main() -> None:
        async with rig(tmp_path, stall, options={"request_timeout": 0.2}) as r:
            with pytest.raises(aiohttp.ClientPayloadError):
                await r.ask(json=STREAM)
            assert "nothing came for 0.2 s" in str(r.figures.to_json()["last_errors"])

    asyncio.run(main())


def test_a_stream_that_dies_before_its_first_byte_is_tried_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(tmp_path, script(streaming(end=False), streaming(*PARTS))) as r:
            assert (await r.ask(json=STREAM))[1] == b"".join(PARTS)
            assert (len(r.seen), r.figures.retried, r.figures.ok) == (2, 1, 1)

    asyncio.run(main())


def test_a_harness_that_leaves_a_stream_frees_its_place_at_the_endpoint(tmp_path: Path) -> None:
    async def main() -> None:
        gone = asyncio.Event()

        async def endless(request: web.BaseRequest) -> web.StreamResponse:
            response = web.StreamResponse(headers={"content-type": "text/event-stream"})
            await response.prepare(request)
            await response.write(PARTS[0])
            try:
                await asyncio.Event().wait()
            finally:
                gone.set()
            return response

        async with rig(tmp_path, script(endless, streaming(*PARTS)), options={"max_concurrent": 1}) as r:
            async with r.client.post(r.url + CHAT, json=STREAM, headers=HEADERS) as answer:
                await answer.content.readany()
                answer.close()
            await asyncio.wait_for(gone.wait(), 5)
            assert (r.figures.cancelled, r.figures.in_flight) == (1, 0)
            assert (await r.ask(json=STREAM))[0] == 200

    asyncio.run(main())


LOG: list[str] = []


class Marks(Interceptor):
    """Writes down what it sees; its setting is its letter."""

    name = "marks"
    fields: ClassVar[dict[str, Any]] = {
        "letter": {"type": "string"},
        "more": {"type": ["integer", "null"], "default": None, "minimum": 1},
    }

    def request(self, x: Exchange) -> Reply | None:
        LOG.append(f"request {self.settings['letter']}")
        return None

    def response(self, x: Exchange, reply: Reply) -> None:
        LOG.append(f"response {self.settings['letter']}")
        tree: Any = reply.json
        tree["seen"] = [*tree.get("seen", []), self.settings["letter"]]
        reply.set_json(tree)

    def stream(self, x: Exchange) -> EventFilter | None:
        letter = str(self.settings["letter"])

        class Adds(EventFilter):
            def feed(self, event: SseEvent) -> list[SseEvent]:
                return [event] if event.done else [make_event(event.data + letter)]

            def end(self) -> list[SseEvent]:
                return [make_event(f"end {letter}")]

        return Adds()


class Keeps(Interceptor):
    """A cache with one place."""

    name = "keeps"
    raw = True
    kept: Reply | None = None

    def request(self, x: Exchange) -> Reply | None:
        LOG.append("lookup")
        kept = Keeps.kept
        return Reply(kept.status, dict(kept.headers), kept.body) if kept else None

    def response(self, x: Exchange, reply: Reply) -> None:
        LOG.append("store")
        Keeps.kept = Reply(reply.status, dict(reply.headers), reply.body)

    def stream(self, x: Exchange) -> EventFilter | None:
        whole: list[bytes] = []

        class Collects(EventFilter):
            def feed(self, event: SseEvent) -> list[SseEvent]:
                whole.append(event.raw)
                return [event]

            def end(self) -> list[SseEvent]:
                Keeps.kept = Reply(200, {"content-type": "text/event-stream"}, b"".join(whole))
                return []

        return Collects()


class Fails(Interceptor):
    """Cannot do anything right."""

    name = "fails"

    def request(self, x: Exchange) -> Reply | None:
        raise ZeroDivisionError("oh")

    def response(self, x: Exchange, reply: Reply) -> None:
        raise ZeroDivisionError("oh")


class Stops(Interceptor):
    """Ends the job on any answer, streamed or not."""

    name = "stops"

    def response(self, x: Exchange, reply: Reply) -> None:
        raise StopJob("That is enough.")

    def stream(self, x: Exchange) -> EventFilter | None:
        class Ends(EventFilter):
            def feed(self, event: SseEvent) -> list[SseEvent]:
                raise StopJob("No more events.")

        return Ends()


@pytest.fixture(autouse=True)
def own_interceptors(monkeypatch: pytest.MonkeyPatch) -> None:
    """The interceptors above, by name."""
    known = {kind.name: kind for kind in (Marks, Keeps, Fails, Stops)}
    monkeypatch.setattr(chain_module, "find_interceptor", known.get)
    LOG.clear()
    Keeps.kept = None


def marks(letter: str) -> dict[str, Any]:
    """One `marks` of an adapter_config."""
    return {"name": "marks", "config": {"letter": letter}}


def test_order_of_the_passes_and_a_cache_that_keeps_the_raw_answer(tmp_path: Path) -> None:
    adapter = {"interceptors": [marks("a"), "keeps", "endpoint", marks("b"), {"name": "stops", "enabled": False}]}

    async def main() -> None:
        async with rig(tmp_path, adapter=adapter) as r:
            for _ in range(2):
                body = (await r.ask())[1]
                assert json.loads(body) == {**ANSWER, "seen": ["b", "a"]}
            before = ["request a", "request b", "lookup"]
            assert [*before, "store", "response b", "response a", *before, "response b", "response a"] == LOG
            assert len(r.seen) == 1
            figures = r.figures.to_json()
            assert (figures["cached"], figures["ok"], figures["by_status"]) == (1, 2, {"200": 1})
            assert (figures["tokens_out"], figures["finish_reasons"]) == (5, {"stop": 2})

    asyncio.run(main())


def test_streams_are_kept_raw_and_replayed_through_the_filters(tmp_path: Path) -> None:
    adapter = {"interceptors": ["keeps", marks("a"), marks("b")]}

    async def main() -> None:
        async with rig(tmp_path, streaming(TEXT + b"\n\n", b"data: [DO", b"NE]\n\n"), adapter=adapter) as r:
            wanted = TEXT + b"ba\n\ndata: [DONE]\n\ndata: end ba\n\ndata: end a\n\n"
            first = (await r.ask(json=STREAM))[1]
            assert first == wanted
            assert Keeps.kept is not None
            assert Keeps.kept.body == TEXT + b"\n\ndata: [DONE]\n\n"
            code, second, headers = await r.ask(json=STREAM)
            assert (code, second, headers["content-type"]) == (200, wanted, "text/event-stream")
            assert (len(r.seen), r.figures.cached) == (1, 1)

    asyncio.run(main())


def test_a_failing_interceptor_is_passed_over_and_a_stop_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(tmp_path, adapter={"interceptors": ["fails", "stops", marks("a")]}) as r:
            assert json.loads((await r.ask())[1])["seen"] == ["a"]
            figures = r.figures.to_json()
            assert (figures["fatal"], figures["fatal_reason"]) == ("That is enough.", "interceptor")
            assert figures["passed_over"] == 2, "once for the request, once for the answer"
            assert "The interceptor 'fails' failed" in str(figures["last_errors"])
            assert figures["ok"] == 1

    asyncio.run(main())


def test_a_stop_in_the_middle_of_a_stream_is_told_and_the_stream_goes_on(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(tmp_path, streaming(*PARTS), adapter={"interceptors": ["stops"]}) as r:
            assert (await r.ask(json=STREAM))[1] == b"".join(PARTS)
            assert (r.figures.fatal, r.figures.passed_over) == ("No more events.", 0)

    asyncio.run(main())


pieces = st.lists(
    st.sampled_from([b"data: a", b"data:", b"event: e", b": c", b"\n", b"\r", b"\r\n", b"\n\n", "ü".encode(), b"x"])
)


@given(pieces, st.lists(st.integers(0, 60)))
def test_events_keep_every_byte_however_they_are_cut(parts: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(parts)
    at = [0, *sorted(cut for cut in cuts if cut < len(whole)), len(whole)]
    parser = SseParser()
    events = [event for start, end in pairwise(at) for event in parser.feed(whole[start:end])]
    events += parser.end()
    assert b"".join(event.raw for event in events) == whole
    at_once = SseParser()
    wanted = [event.data for event in (*at_once.feed(whole), *at_once.end()) if event.data]
    assert [event.data for event in events if event.data] == wanted


def test_an_event_with_several_lines() -> None:
    (event,) = SseParser().feed(b": hi\r\nevent: delta\r\ndata: a\r\ndata:b\r\n\r\n")
    assert (event.data, event.event) == ("a\nb", "delta")
    assert SseParser().feed(make_event("a\nb", "delta").raw)[0].data == "a\nb"
