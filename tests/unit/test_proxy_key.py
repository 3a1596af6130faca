"""The key in every place and spelling of an answer, and a search through all that the container gets."""

from __future__ import annotations

import asyncio
import base64
import gzip
import html
import json
import os
import zlib
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import brotli
import pytest
from aiohttp import web
from evaldock.core.proxy.guard import GuardedBody, GuardedEvents, KeyGuard, KeyInStream, worth_hiding
from evaldock.core.proxy.sse import SseParser
from hypothesis import given, settings
from hypothesis import strategies as st

from .proxy_server_rig import CHAT, KEY, Rig, rig

pytestmark = pytest.mark.wide

MANY = int(os.environ.get("EVALDOCK_FUZZ", "0"))
"""So many examples of each property in place of a few hundred."""
HARD = 'sk-"quoted"/\\back+slash&<é>=='


def every_u(key: str) -> str:
    return "".join(f"\\u{ord(c):04x}" for c in key)


def percent(key: str) -> str:
    return "".join(f"%{byte:02X}" for byte in key.encode())


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda key: key,
    "bearer": lambda key: f"Bearer {key}",
    "JSON": lambda key: json.dumps(key),
    "JSON in JSON": lambda key: json.dumps(json.dumps(key)),
    "all \\u": every_u,
    "all \\U": lambda key: "".join(f"\\u{ord(c):04X}" for c in key),
    "some \\u": lambda key: "".join(f"\\u{ord(c):04x}" if n % 3 else json.dumps(c)[1:-1] for n, c in enumerate(key)),
    "PHP": lambda key: json.dumps(key).replace("/", "\\/"),
    "URL": lambda key: quote(key, safe=""),
    "all percent": percent,
    "all percent, small": lambda key: percent(key).lower(),
    "twice percent": lambda key: percent(key).replace("%", "%25"),
    "HTML": lambda key: html.escape(key),
    "HTML, decimal": lambda key: "".join(f"&#{ord(c)};" for c in key),
    "HTML, hexadecimal": lambda key: "".join(f"&#x{ord(c):X};" for c in key),
    "hexadecimal": lambda key: key.encode().hex(),
    "repr": lambda key: repr(key.encode()),
    **{f"base64 after {n}": lambda key, n=n: base64.b64encode(b"x" * n + key.encode()).decode() for n in range(4)},
    **{f"base64 of {n} more": lambda key, n=n: base64.b64encode(key.encode() + b"y" * n).decode() for n in range(3)},
    "base64 of basic": lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    "base64 for URLs": lambda key: base64.urlsafe_b64encode(b"{}" + key.encode()).decode(),
}


def hidden_in(data: bytes, key: str) -> str | None:
    """A spelling under which `key` is in `data`, found by undoing them and not by looking for their patterns."""
    texts = [data.decode("utf-8", "replace")]
    for _ in range(3):
        text = texts[-1]
        for undo in (html.unescape, _unescaped, _unquoted):
            text = undo(text)
            texts.append(text)
    for text in texts:
        if key in text or key.encode().hex() in text.lower():
            return "text"
        for start in range(len(text)):
            # Any run of four characters may be the start of base64.
            if start % 4 == 0:
                for shift in range(4):
                    run = text[start + shift : start + shift + 4 * (len(key.encode()) // 3 + 2)]
                    if _holds(run, key):
                        return "base64"
    return None


def _holds(run: str, key: str) -> bool:
    clean = "".join(c for c in run.replace("-", "+").replace("_", "/") if c.isalnum() or c in "+/")
    clean = clean[: len(clean) // 4 * 4]
    try:
        return key.encode()[1:-2] in base64.b64decode(clean)
    except ValueError:
        return False


def _unquoted(text: str) -> str:
    from urllib.parse import unquote

    return unquote(text)


def _unescaped(text: str) -> str:
    import re

    def char(found: re.Match[str]) -> str:
        return chr(int(found[1] or found[2], 16)) if found[1] or found[2] else found[3]

    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", char, text)


@pytest.mark.parametrize("name", sorted(SPELLINGS))
@pytest.mark.parametrize("key", [KEY, "0123456789abcdef0123456789abcdef", HARD.replace("é", "e")])
def test_every_spelling_is_found(name: str, key: str) -> None:
    written = f"before {SPELLINGS[name](key)} after".encode()
    assert hidden_in(written, key), "the search of this test has to see it"
    assert hidden_in(KeyGuard([key]).data(written), key) is None
    parts = GuardedBody(KeyGuard([key]))
    piecewise = b"".join(parts.feed(written[n : n + 1]) for n in range(len(written))) + parts.end()
    assert hidden_in(piecewise, key) is None


@settings(max_examples=MANY or 200)
@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=60),
    st.sampled_from(sorted(SPELLINGS)),
    st.binary(max_size=20),
    st.lists(st.integers(1, 40), max_size=20),
)
def test_any_key_is_found_wherever_the_bytes_are_cut(key: str, name: str, around: bytes, cuts: list[int]) -> None:
    if not worth_hiding(key):
        return
    written, guard = around + SPELLINGS[name](key).encode() + around, KeyGuard([key])
    assert SPELLINGS[name](key).encode() not in guard.data(written)
    body, out = GuardedBody(guard), b""
    rest = written
    for cut in cuts:
        out, rest = out + body.feed(rest[:cut]), rest[cut:]
    out += body.feed(rest) + body.end()
    assert SPELLINGS[name](key).encode() not in out


@settings(max_examples=MANY or 200)
@given(st.binary(max_size=300), st.lists(st.integers(1, 60), max_size=8))
def test_what_holds_no_key_stays_as_it_is(data: bytes, cuts: list[int]) -> None:
    guard = KeyGuard([KEY])
    assert guard.data(data) == data
    body, out, rest = GuardedBody(guard), b"", data
    for cut in cuts:
        out, rest = out + body.feed(rest[:cut]), rest[cut:]
    assert out + body.feed(rest) + body.end() == data


def test_values_that_are_no_secret_are_left_alone() -> None:
    for value in ("", None, "EMPTY", "dummy", "none", "password", "key1"):
        assert not worth_hiding(value)
    assert KeyGuard(["EMPTY", None]).data(b"EMPTY") == b"EMPTY"


def event(text: str, index: int = 0) -> bytes:
    return b"data: %s\n\n" % json.dumps({"choices": [{"index": index, "delta": {"content": text}}]}).encode()


@settings(max_examples=MANY or 200)
@given(st.lists(st.integers(1, len(KEY) - 1), min_size=1, max_size=6), st.text(max_size=10), st.text(max_size=10))
def test_a_key_that_is_spelled_over_events_never_comes_to_its_end(cuts: list[int], before: str, after: str) -> None:
    places = [0, *sorted(set(cuts)), len(KEY)]
    texts = [before, *(KEY[a:b] for a, b in pairwise(places)), after]
    parser, guarded = SseParser(), GuardedEvents(KeyGuard([KEY]))
    passed = ""
    with pytest.raises(KeyInStream):
        for text in texts:
            for one in guarded.feed(parser.feed(event(text))):
                passed += json.loads(one.data)["choices"][0]["delta"]["content"]
    assert KEY[:6] not in passed


@settings(max_examples=MANY or 200)
@given(st.lists(st.tuples(st.sampled_from(["s", "sk", "sk-the", "-real-key", "x", '"', "\\", "é"]), st.integers(0, 1))))
def test_a_stream_without_the_key_loses_nothing(parts: list[tuple[str, int]]) -> None:
    parser, guarded = SseParser(), GuardedEvents(KeyGuard([KEY]))
    sent = b"".join(event(text, index) for text, index in parts)
    got = b"".join(one.raw for one in [*guarded.feed(parser.feed(sent)), *guarded.end()])
    assert got == sent


def test_two_choices_that_take_turns_are_read_each_by_itself() -> None:
    guarded, parser = GuardedEvents(KeyGuard([KEY])), SseParser()
    with pytest.raises(KeyInStream):
        for place in range(len(KEY)):
            guarded.feed(parser.feed(event(KEY[place], 1) + event("sk-the"[place % 6], 0)))


async def everything(r: Rig, **more: Any) -> bytes:
    """All bytes that a container gets for a request: status line, headers, body."""
    async with r.client.post(r.url + CHAT, json={}, headers={"Authorization": "Bearer ed-token"}, **more) as answer:
        head = b"\n".join(name + b": " + value for name, value in answer.raw_headers)
        body = b""
        try:
            async for piece in answer.content.iter_any():
                body += piece
        except Exception as error:  # noqa: BLE001 - an answer that is cut off is one, too
            head += repr(error).encode()
        return f"{answer.status} {answer.reason}\n".encode() + head + b"\n\n" + body


def packed(body: bytes, encoding: str) -> bytes:
    for name in encoding.split(", "):
        body = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress}.get(name, bytes)(body)
    return body


PLACES = ("body", "header", "header name", "event", "events", "bytes of a stream", "compressed", "redirect")


@settings(max_examples=MANY or 60)
@given(
    st.sampled_from(PLACES),
    st.sampled_from(sorted(SPELLINGS)),
    st.sampled_from([200, 201, 302, 400, 401, 404, 422]),
    st.sampled_from(["gzip", "deflate", "br", "gzip, br"]),
)
def test_no_answer_brings_the_key_into_the_container(
    tmp_path_factory: pytest.TempPathFactory, place: str, name: str, code: int, encoding: str
) -> None:
    written = SPELLINGS[name](KEY)
    folder = tmp_path_factory.mktemp("key")

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        text = json.dumps({"error": {"message": written}, "asked": dict(request.headers)})
        match place:
            case "header":
                return web.Response(text="{}", status=code, headers={"x-debug": written, "location": f"/v2?{written}"})
            case "header name":
                return web.Response(text="{}", status=code, headers={f"x-{KEY}": "1"})
            case "compressed":
                body = packed(text.encode(), encoding)
                return web.Response(body=body, status=code, headers={"content-encoding": encoding})
            case "redirect":
                return web.Response(status=302, headers={"location": f"http://elsewhere/{written}"})
            case "body":
                return web.Response(text=text, status=code)
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        parts = [event(written)]
        if place == "events":
            parts = [event(c) for c in KEY]
        elif place == "bytes of a stream":
            parts = [bytes([byte]) for byte in event(written)]
        for part in (*parts, b"data: [DONE]\n\n"):
            await response.write(part)
            await asyncio.sleep(0)
        return response

    async def main() -> None:
        adapter = {"interceptors": ["response_logging", "caching", "reasoning"]}
        async with rig(folder, answer, adapter=adapter, options={"max_retries": 0}) as r:
            got = [await everything(r, allow_redirects=False), await everything(r)]
            kept = json.dumps(r.figures.to_json()).encode()
            r.job.chain.close()
        for data in (*got, kept):
            assert hidden_in(data, KEY) is None, data
        for path in folder.rglob("*"):
            assert not path.is_file() or KEY.encode() not in path.read_bytes(), path

    asyncio.run(main())
