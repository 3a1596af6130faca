"""Which answers below 400 are answers, complete and streamed."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import brotli
import pytest
from aiohttp import web
from evaldock.core.proxy.decode import Damaged, Decoder, TooLarge
from evaldock.core.proxy.exchange import Reply, parse_json, readable
from evaldock.core.proxy.verdict import verdict_on

from .proxy_server_rig import CHAT, Handler, rig

DONE = b"data: [DONE]\n\n"


def said(content: object = "B", reason: object = "stop", **more: Any) -> dict[str, Any]:
    return {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": reason, **more}


def verdict(path: str, body: object, kind: str = "application/json") -> tuple[int, str, int]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = verdict_on(path, Reply(200, {"content-type": kind}, raw), lambda _: None)
    return found.answers, found.why, found.filtered


@pytest.mark.parametrize(
    ("path", "body", "answers"),
    [
        (CHAT, {"choices": [said()]}, 1),
        (CHAT, {"choices": [said(), said()], "error": None}, 2),
        (CHAT, {"choices": [said("", "length")]}, 1),
        (CHAT, {"choices": [said("half", "content_filter")]}, 1),
        (CHAT, {"choices": [said(None, "tool_calls", message={"content": None, "tool_calls": [{"id": 1}]})]}, 1),
        (CHAT, {"choices": [said([{"type": "text", "text": "B"}])]}, 1),
        ("/v1/completions", {"choices": [{"text": "", "finish_reason": "stop"}]}, 1),
        ("/v1/embeddings", {"data": [{"embedding": [1]}, {"embedding": [2]}]}, 2),
        ("/v1/responses", {"output": [{"type": "message"}], "error": None, "status": "completed"}, 1),
        ("/v1/messages", {"content": [{"type": "text", "text": "B"}], "stop_reason": "end_turn"}, 1),
        ("/generate", {"generated_text": "B"}, 1),
        ("/embed", [[0.1, 0.2]], 1),
    ],
)
def test_what_is_an_answer(path: str, body: object, answers: int) -> None:
    assert verdict(path, body) == (answers, "", 0)
    assert verdict(path, body, "text/plain")[0] == answers, "whatever the content type says"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "Provider returned error", "code": 429}}, "Provider returned error"),
        ({"error": "Unexpected endpoint"}, "Unexpected endpoint"),
        ({"choices": [said()], "error": {"code": 502}}, "502"),
        ({"detail": "model is loading"}, "model is loading"),
        ({"choices": []}, "no choices"),
        ({"choices": None}, "no choices"),
        ({"choices": [said(None, "error", error={"message": "Upstream"})]}, "'error': Upstream"),
        ({"choices": [said("half", "abort")]}, "'abort'"),
        ({"choices": [said(), said(None, "error")]}, "'error'"),
        ({"choices": [said(None, None)]}, "no content"),
        ({"choices": [None]}, "empty"),
        ({"choices": [{"finish_reason": "stop"}]}, "no message"),
        ({"data": [{"id": "m"}]}, "no choices"),
        ({}, "no choices"),
        ([], "not JSON"),
        (b"", "empty"),
        (b" \n", "empty"),
        (b"<html>Log in</html>", "HTML"),
        (b"upstream connect error", "not JSON: upstream connect error"),
    ],
)
def test_what_is_none(body: object, words: str) -> None:
    answers, why, _ = verdict(CHAT, body)
    assert answers == 0
    assert words in why


def test_what_a_filter_withheld_has_a_count_of_its_own() -> None:
    assert verdict(CHAT, {"choices": [said(None, "content_filter"), said("", "content_filter")]})[::2] == (0, 2)


def chunk(text: str | None = None, reason: str | None = None, **more: Any) -> bytes:
    delta = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return b"data: %s\n\n" % json.dumps({"choices": [choice], **more}).encode()


WHOLE = {
    "finish and done": chunk("B") + chunk(None, "stop") + DONE,
    "finish alone": chunk("B") + chunk(None, "stop"),
    "done after text": chunk("B") + DONE,
    "usage at the end": chunk("B", "stop") + b'data: {"choices":[],"usage":{"prompt_tokens":1}}\n\n' + DONE,
    "comments": b": wait\n\n" + chunk("B") + b":\n\n" + chunk(None, "length"),
    "CRLF": (chunk("B") + chunk(None, "stop") + DONE).replace(b"\n", b"\r\n"),
    "wide JSON": b'data: {"choices" : [ {"delta" : {"content" : "B"}, "finish_reason" : "stop"} ]}\n\n',
    "tool": b'data: {"choices":[{"delta":{"tool_calls":[{"index":0}]},"finish_reason":null}]}\n\n' + DONE,
    "responses": b'event: response.output_text.delta\ndata: {"delta":"B"}\n\n'
    b'event: response.completed\ndata: {"type":"response.completed","response":{"output":[1]}}\n\n',
    "messages": b'event: content_block_delta\ndata: {"delta":{"text":"B"}}\n\n'
    b'event: message_stop\ndata: {"type":"message_stop"}\n\n',
}
BROKEN = {
    "error after text": (chunk("half") + b'data: {"error":{"message":"CUDA"}}\n\n' + DONE, "CUDA"),
    "error first": (b'data: {"error":{"message":"too long"}}\n\n', "too long"),
    "error event": (b'event: error\ndata: {"error":{"message":"Overloaded"}}\n\n', "Overloaded"),
    "error of TGI": (b'data:{"error":"Input validation error","error_type":"validation"}\n\n', "Input validation"),
    "bare JSON": (b'{"error":{"message":"context size"}}\n', "context size"),
    "finish error": (chunk("half") + chunk("", "error"), "'error'"),
    "empty": (b"", "empty"),
    "only done": (DONE, "empty"),
    "only comments": (b": wait\n\n", "empty"),
    "no finish": (chunk("half"), "without a finish_reason"),
    "failed": (b'data: {"type":"response.failed","response":{"error":{"message":"no"}}}\n\n', "no"),
    "filtered": (chunk(None, "content_filter"), "content filter"),
}


def streaming(body: bytes) -> Handler:
    async def handle(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=body, headers={"content-type": "text/event-stream"})

    return handle


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_stream_counts(tmp_path: Path, name: str) -> None:
    async def main() -> None:
        path = {"responses": "/v1/responses", "messages": "/v1/messages"}.get(name, CHAT)
        async with rig(tmp_path, streaming(WHOLE[name])) as r:
            code, body, _ = await r.ask(path)
            assert (code, body, r.figures.ok, r.figures.answers) == (200, WHOLE[name], 1, 1)
            assert verdict(path, WHOLE[name], "text/event-stream")[0] == 1
            assert verdict(path, WHOLE[name], "text/plain")[0] == 1

    asyncio.run(main())


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_stream_is_unanswered_and_never_kept(tmp_path: Path, name: str) -> None:
    body, words = BROKEN[name]

    async def main() -> None:
        async with rig(tmp_path, streaming(body), adapter={"interceptors": ["caching"]}) as r:
            for _ in range(2):
                with pytest.raises(Exception, match=r"not completed|disconnected|payload"):
                    await r.ask(json={"model": "m", "temperature": 0})
            figures = r.figures.to_json()
            assert (len(r.seen), figures["ok"], figures["failed"], figures["unanswered"]) == (2, 0, 2, 2)
            assert words in str(figures["last_errors"])
            r.job.chain.close()

    asyncio.run(main())


def test_no_answer_is_counted_as_failed_and_never_kept(tmp_path: Path) -> None:
    async def none(_: web.BaseRequest) -> web.StreamResponse:
        return web.json_response({"error": {"message": "Provider returned error"}})

    async def main() -> None:
        async with rig(tmp_path, none, adapter={"interceptors": ["caching"]}) as r:
            for _ in range(2):
                assert (await r.ask(json={"model": "m", "temperature": 0}))[0] == 200
            figures = r.figures.to_json()
            assert (len(r.seen), figures["ok"], figures["failed"], figures["unanswered"]) == (2, 0, 2, 2)
            assert "without an answer: Provider returned error" in str(figures["last_errors"])
            r.job.chain.close()

    asyncio.run(main())


PACKED = {
    "gzip": gzip.compress,
    "x-gzip": lambda data: gzip.compress(data[:9]) + gzip.compress(data[9:]) + b"\0" * 40,
    "deflate": zlib.compress,
    "deflate ": lambda data: zlib.compress(data)[2:-4],
    "br": brotli.compress,
    "gzip, br": lambda data: brotli.compress(gzip.compress(data)),
    "identity": bytes,
}


@pytest.mark.parametrize("encoding", PACKED)
@pytest.mark.parametrize("cut", [1, 7, 1 << 20])
def test_encodings_are_undone_in_reverse(encoding: str, cut: int) -> None:
    data = b"an answer " * 900
    packed, decoder = PACKED[encoding](data), Decoder(encoding)
    pieces = [p for at in range(0, len(packed), cut) for p in decoder.feed(packed[at : at + cut])]
    decoder.end()
    assert b"".join(pieces) == data
    if encoding not in ("identity", "x-gzip"):
        short = Decoder(encoding)
        list(short.feed(packed[:-1]))
        with pytest.raises(Damaged):
            short.end()


def test_what_is_packed_too_well_is_refused() -> None:
    with pytest.raises(TooLarge):
        list(Decoder("gzip").feed(gzip.compress(bytes(65 << 20))))
    members = list(Decoder("gzip").feed(gzip.compress(b"") * 5000))
    assert b"".join(members) == b""


def test_texts_of_very_many_values_are_not_parsed() -> None:
    bomb = b"[" + b"{}," * 400_000 + b"{}]"
    assert not readable(bomb)
    assert parse_json(bomb) is None
    assert readable(json.dumps({"text": "word, " * 40_000}).encode())
    many = b'{"data":[' + b",".join([b'{"embedding":[' + b"1," * 400 + b"1]}"] * 1000) + b"]}"
    assert verdict("/v1/embeddings", many)[0] == 1000
