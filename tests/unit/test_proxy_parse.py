"""Answers of HTTP/1.1, however their bytes are cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from evaldock.core.proxy.parse import MAX_HEAD, AnswerParser, BadAnswer
from hypothesis import given
from hypothesis import strategies as st

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
CHUNKS = b"4\r\nabcd\r\n10;name=value\r\n0123456789abcdef\r\n0\r\nX-Trailer: 1\r\n\r\n"
BODY = b"abcd0123456789abcdef"
ANSWERS = {
    "length": (HEAD + b"Content-Length: 20\r\n\r\n" + BODY, True),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS, True),
    "chunks, closed": (HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS, False),
    "until the end": (HEAD + b"\r\n" + BODY, False),
    "announced": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        + HEAD
        + b"Content-Length: 20\r\n\r\n"
        + BODY,
        True,
    ),
    "1.0": (b"HTTP/1.0 200\r\nContent-Length: 20\r\n\r\n" + BODY, False),
    "1.0, kept": (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 20\r\n\r\n" + BODY, True),
}


@given(st.sampled_from(sorted(ANSWERS)), st.lists(st.integers(0, 250), max_size=30))
def test_an_answer_is_the_same_however_it_is_cut(name: str, cuts: list[int]) -> None:
    raw, reusable = ANSWERS[name]
    at = [0, *sorted(cut for cut in cuts if cut < len(raw)), len(raw)]
    parser = AnswerParser()
    pieces = [piece for start, end in pairwise(at) for piece in parser.feed(raw[start:end])]
    if name == "until the end":
        assert not parser.complete
        assert parser.eof()
    assert (parser.status, b"".join(pieces), parser.complete) == (200, BODY, True)
    assert parser.reusable == reusable
    assert all(pieces), "no empty piece, which would look like the end"


@pytest.mark.parametrize(
    ("head", "bodyless"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", False),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 20\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", True),
    ],
)
def test_answers_without_a_body(head: bytes, bodyless: bool) -> None:
    parser = AnswerParser(bodyless=bodyless)
    assert parser.feed(head) == []
    # What answers HEAD with a body may send the rest of it later.
    assert (parser.complete, parser.reusable) == (True, not bodyless)


@pytest.mark.parametrize("name", [name for name in sorted(ANSWERS) if name != "until the end"])
def test_a_connection_with_something_left_on_it_is_not_used_again(name: str) -> None:
    raw, _ = ANSWERS[name]
    parser = AnswerParser()
    assert b"".join(parser.feed(raw + b"HTTP/1.1 408 Too late")) == BODY
    assert (parser.complete, parser.reusable) == (True, False)
    later = AnswerParser()
    later.feed(raw)
    later.feed(b"x")
    assert not later.reusable


@pytest.mark.parametrize("name", [name for name in sorted(ANSWERS) if name != "until the end"])
def test_an_answer_that_ends_too_soon_is_not_complete(name: str) -> None:
    raw, _ = ANSWERS[name]
    for end in range(len(raw)):
        parser = AnswerParser()
        parser.feed(raw[:end])
        assert not parser.eof(), end


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        HEAD + b"Content-Length: 0x10\r\n\r\n",
        HEAD + b"Content-Length: 99999999999999999999\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Transfer-Encoding: xchunked\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        HEAD + b"transfer-encoding : chunked\r\n\r\n",
        HEAD + b"X: a\nb\r\n\r\n",
        HEAD + b"X: a\rb\r\n\r\n",
        HEAD + b"X: a\0b\r\n\r\n",
        HEAD + b"X: a\x1bb\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0_5\r\nabcde\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n\x0b5\r\nabcde\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;a\nb\r\nabcde\r\n",
        HEAD + b"X: " + b"x" * MAX_HEAD + b"\r\nContent-Length: 1\r\n\r\na",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n-4\r\nabcd\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1" * 9000,
        b"H" * (MAX_HEAD + 1),
    ],
)
def test_what_is_no_answer_is_refused(raw: bytes) -> None:
    with pytest.raises(BadAnswer):
        AnswerParser().feed(raw)


@given(st.binary(max_size=400))
def test_any_bytes_end_in_an_answer_or_a_refusal(raw: bytes) -> None:
    parser = AnswerParser()
    try:
        parser.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + raw)
    except BadAnswer:
        return
    parser.eof()


def test_headers_are_joined_and_named_in_lower_case() -> None:
    parser = AnswerParser()
    parser.feed(b"HTTP/1.1 200 OK\r\nVary: a\r\nVARY:  b \r\nSet-Cookie: x\r\nSet-Cookie: y\r\nX: \xfc\r\n\r\n")
    assert parser.headers == {"vary": "a, b", "set-cookie": "y", "x": "ü"}
