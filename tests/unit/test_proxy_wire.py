"""The way to the endpoint: odd but lawful answers, connections used again, TLS and proxies of the environment's."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
import ssl
import struct
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from evaldock.core.proxy import pool as pool_module
from evaldock.core.proxy.budget import Gate
from evaldock.core.proxy.upstream import Place, Upstream

from .proxy_server_rig import ANSWER, CHAT, KEY, Rig, rig

BODY = json.dumps(ANSWER).encode()
JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
WHOLE = JSON_HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


async def read_request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Head and body of one request; two times b"" at the end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b"", b""
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    return head, await reader.readexactly(length)


class Raw:
    """A server that answers in bytes: `connections` counts those that were made, `heads` are what came."""

    def __init__(self, answer: Callable[[int], bytes | None]) -> None:
        self.answer = answer
        self.connections = 0
        self.heads: list[bytes] = []
        self.port = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError):
            while (await self.one(reader, writer)) is not None:
                pass
        writer.close()

    async def one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes | None:
        head, _ = await read_request(reader)
        if not head:
            return None
        self.heads.append(head)
        answer = self.answer(len(self.heads) - 1)
        if answer is None:
            return None
        writer.write(answer)
        await writer.drain()
        return None if b"Connection: close" in answer or answer.endswith(b"!") else answer


@contextlib.asynccontextmanager
async def serving(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    context: ssl.SSLContext | None = None,
) -> AsyncIterator[int]:
    """The port of a server."""
    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


def asking(
    tmp_path: Path,
    answer: Callable[[int], bytes | None],
    check: Callable[[Rig, Raw], Awaitable[None]],
    **options: object,
) -> None:
    """Run `check` with a proxy before a raw server."""

    async def main() -> None:
        raw = Raw(answer)
        async with serving(raw) as port:
            upstream = f"http://127.0.0.1:{port}{CHAT}"
            async with rig(tmp_path, upstream=upstream, options=options) as r:
                await check(r, raw)

    asyncio.run(main())


CHUNKED = (
    JSON_HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n5\r\n"
    + BODY[:5]
    + b"\r\n%x;a=b\r\n" % len(BODY[5:])
    + BODY[5:]
    + b"\r\n0\r\nX-Trailer: 1\r\n\r\n"
)


@pytest.mark.parametrize(
    "answer",
    [WHOLE, CHUNKED, b"HTTP/1.1 103 Early Hints\r\n\r\n" + WHOLE, b"HTTP/1.1 100 Continue\r\n\r\n" + CHUNKED],
    ids=["length", "chunks and trailer", "early hints", "continue"],
)
def test_lawful_answers_on_one_connection(tmp_path: Path, answer: bytes) -> None:
    async def check(r: Rig, raw: Raw) -> None:
        for _ in range(3):
            code, body, headers = await r.ask()
            assert (code, json.loads(body)) == (200, ANSWER)
            assert "transfer-encoding" not in headers and "x-trailer" not in headers
        assert (raw.connections, r.figures.tokens_out) == (1, 15)

    asking(tmp_path, lambda _: answer, check)


@pytest.mark.parametrize(
    "answer", [JSON_HEAD + b"Connection: close\r\n\r\n" + BODY, b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n" + BODY]
)
def test_an_answer_that_ends_with_its_connection(tmp_path: Path, answer: bytes) -> None:
    async def check(r: Rig, raw: Raw) -> None:
        for _ in range(2):
            code, body, _ = await r.ask()
            assert (code, json.loads(body)) == (200, ANSWER)
        assert (raw.connections, r.figures.retried) == (2, 0)

    asking(tmp_path, lambda _: answer, check)


def test_an_idle_connection_that_the_endpoint_closed_costs_no_attempt_of_the_request(tmp_path: Path) -> None:
    async def check(r: Rig, raw: Raw) -> None:
        assert (await r.ask())[0] == 200
        assert (await r.ask())[0] == 200
        # The second request found the connection dead, and was sent again at once on a new one.
        assert (raw.connections, len(raw.heads), r.figures.failed) == (2, 3, 0)
        assert r.figures.attempts == {200: 2, 0: 1}

    asking(tmp_path, lambda n: None if n == 1 else WHOLE, check, max_retries=0)


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH\r\n\r\n!", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n!"])
def test_what_is_not_http_is_told(tmp_path: Path, answer: bytes) -> None:
    async def check(r: Rig, raw: Raw) -> None:
        code, body, _ = await r.ask()
        assert code == 502
        assert "answered something that is not HTTP" in json.loads(body)["error"]["message"]
        assert len(raw.heads) == 3

    asking(tmp_path, lambda _: answer, check)


def test_a_large_answer_is_taken_in_and_a_larger_one_is_refused(tmp_path: Path) -> None:
    sizes = (32 << 20, (64 << 20) + 1)

    async def check(r: Rig, raw: Raw) -> None:
        code, body, _ = await r.ask()
        assert (code, len(body)) == (200, 32 << 20)
        code, body, _ = await r.ask()
        assert (code, len(raw.heads)) == (502, 2)
        assert "more than 64 MB" in json.loads(body)["error"]["message"]

    def answer(n: int) -> bytes:
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % sizes[n] + bytes(sizes[n])

    asking(tmp_path, answer, check)


def test_a_slow_reader_holds_a_stream_back_and_loses_nothing(tmp_path: Path) -> None:
    event = b'data: {"choices":[{"delta":{"content":"' + b"x" * 65536 + b'"},"finish_reason":"length"}]}\n\n'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"

    async def check(r: Rig, raw: Raw) -> None:
        async with r.client.post(r.url + CHAT, json={}, headers={"Authorization": "Bearer ed-token"}) as answer:
            assert len(await answer.content.readexactly(10)) == 10
            await asyncio.sleep(0)
            rest = await answer.content.read()
        assert len(rest) == 200 * len(event) - 10

    asking(tmp_path, lambda _: head + event * 200, check)


def test_a_header_with_a_line_break_is_never_sent(tmp_path: Path) -> None:
    adapter = {"interceptors": [{"name": "payload_modifier", "config": {"headers_to_add": {"x-a": "1\r\nx-b: 2"}}}]}

    async def main() -> None:
        async with rig(tmp_path, adapter=adapter) as r:
            code, body, _ = await r.ask()
            assert (code, r.seen) == (500, [])
            assert "line break" in json.loads(body)["error"]["message"]

    asyncio.run(main())


@pytest.mark.parametrize("header", ["api-key", "x-api-key"])
def test_a_token_in_another_header_is_replaced_by_the_key_in_that_header(tmp_path: Path, header: str) -> None:
    async def main() -> None:
        async with rig(tmp_path) as r:
            assert (await r.ask(headers={header: "ed-token"}))[0] == 200
            assert r.seen[0].headers[header] == KEY
            assert "authorization" not in r.seen[0].headers
            assert (await r.ask(headers={header: "Bearer ed-token"}))[0] == 401

    asyncio.run(main())


def test_user_and_password_of_the_url_are_sent_where_there_is_no_key(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(tmp_path) as r:
            url = r.upstream.replace("http://", "http://me:p%40ss@") + CHAT
            spec = {**r.job.spec, "upstream": url, "api_key": None}
            r.jobs.replace({"a.0": spec})
            assert (await r.ask())[0] == 200
            assert r.seen[0].headers["authorization"] == "Basic bWU6cEBzcw=="
            assert "me" not in r.seen[0].headers["host"]

    asyncio.run(main())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates made here: `ca.pem`, and `server.pem` with its key, which that authority signed for localhost."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make certificates with")
    folder = tmp_path_factory.mktemp("authority")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=evaldock test")
    openssl("req", *new, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    (folder / "names").write_text("subjectAltName=DNS:localhost,DNS:model.example\n")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
    openssl("x509", "-req", "-in", "server.csr", *signed, "-out", "server.crt")
    (folder / "server.pem").write_text((folder / "server.crt").read_text() + (folder / "server.key").read_text())
    return folder


@pytest.fixture
def tls(authority: Path) -> ssl.SSLContext:
    """What a server with that certificate listens with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem")
    return context


@pytest.fixture
def trust(authority: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of somebody who trusts that authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))


@pytest.fixture(autouse=True)
def _fresh_trust() -> object:
    pool_module.forget_trust()
    yield
    pool_module.forget_trust()


@pytest.mark.usefixtures("trust")
def test_tls_with_an_authority_of_one_s_own(tmp_path: Path, tls: ssl.SSLContext) -> None:
    async def main() -> None:
        raw = Raw(lambda _: WHOLE)
        async with serving(raw, tls) as port, rig(tmp_path, upstream=f"https://localhost:{port}{CHAT}") as r:
            for _ in range(2):
                assert (await r.ask())[0] == 200
            assert raw.connections == 1
            assert b"Bearer sk-the-real-key" in raw.heads[0]

    asyncio.run(main())


def test_an_authority_that_nobody_vouches_for_is_refused_and_never_asked(tmp_path: Path, tls: ssl.SSLContext) -> None:
    async def main() -> None:
        raw = Raw(lambda _: WHOLE)
        async with serving(raw, tls) as port, rig(tmp_path, upstream=f"https://localhost:{port}{CHAT}") as r:
            code, body, _ = await r.ask()
            assert (code, raw.heads, r.figures.retried) == (502, [], 0)
            assert "cannot be trusted: " in json.loads(body)["error"]["message"]

    asyncio.run(main())


@pytest.mark.usefixtures("trust")
def test_a_certificate_for_another_name_is_refused(tmp_path: Path, tls: ssl.SSLContext) -> None:
    async def main() -> None:
        raw = Raw(lambda _: WHOLE)
        async with serving(raw, tls) as port, rig(tmp_path, upstream=f"https://127.0.0.1:{port}{CHAT}") as r:
            code, body, _ = await r.ask()
            assert (code, raw.heads) == (502, [])
            assert "cannot be trusted: IP address mismatch" in json.loads(body)["error"]["message"]

    asyncio.run(main())


class Middle:
    """A proxy on the way: tunnels for CONNECT to any name go to `target`, other requests are answered by itself."""

    def __init__(self, target: int = 0, status: bytes = b"200 Connection established") -> None:
        self.target = target
        self.status = status
        self.heads: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, _ = await read_request(reader)
        self.heads.append(head)
        if not head.startswith(b"CONNECT "):
            writer.write(WHOLE)
            await writer.drain()
            writer.close()
            return
        writer.write(b"HTTP/1.1 " + self.status + b"\r\n\r\n")
        if not self.status.startswith(b"200"):
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.mark.usefixtures("trust")
def test_https_goes_through_the_proxy_that_the_environment_names(
    tmp_path: Path, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        raw = Raw(lambda _: WHOLE)
        async with serving(raw, tls) as port:
            middle = Middle(port)
            async with serving(middle) as between:
                monkeypatch.setenv("https_proxy", f"http://user:pass@127.0.0.1:{between}")
                async with rig(tmp_path, upstream=f"https://model.example{CHAT}") as r:
                    for _ in range(2):
                        assert (await r.ask())[0] == 200
            assert len(middle.heads) == 1
            assert middle.heads[0].startswith(b"CONNECT model.example:443 HTTP/1.1\r\n")
            assert b"Proxy-Authorization: Basic dXNlcjpwYXNz" in middle.heads[0]
            assert b"sk-the-real-key" not in middle.heads[0], "the key is for the endpoint only"
            assert b"sk-the-real-key" in raw.heads[0] and b"roxy-" not in raw.heads[0]

    asyncio.run(main())


def test_http_goes_through_the_proxy_by_its_whole_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        middle = Middle()
        async with serving(middle) as between:
            monkeypatch.setenv("http_proxy", f"127.0.0.1:{between}")
            async with rig(tmp_path, upstream=f"http://model.example:8000{CHAT}") as r:
                assert (await r.ask("/v1/models?x=1", method="GET"))[0] == 200
        assert middle.heads[0].startswith(b"GET http://model.example:8000/v1/models?x=1 HTTP/1.1\r\n")
        assert b"\r\nhost: model.example:8000\r\n" in middle.heads[0]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("status", "url", "words"),
    [
        (b"407 Proxy Authentication Required", "http://127.0.0.1:{}", "the proxy answers 407 to the request for a"),
        (b"200 OK", "socks5://127.0.0.1:{}", "names a SOCKS proxy for it, socks5://127.0.0.1:"),
    ],
)
def test_a_proxy_that_does_not_let_us_through_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: bytes, url: str, words: str
) -> None:
    async def main() -> None:
        async with serving(Middle(status=status)) as between:
            monkeypatch.setenv("https_proxy", url.format(between))
            async with rig(tmp_path, upstream=f"https://model.example{CHAT}", options={"max_retries": 0}) as r:
                code, body, _ = await r.ask()
                assert code == 502
                said = json.loads(body)["error"]["message"]
                assert words in said and f"(through the proxy 127.0.0.1:{between})" in said

    asyncio.run(main())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 503 Busy\r\ncontent-length: 5\r\n\r\nsquid", "{} answered 503 to POST /v1/chat/completions: squid"),
        (b"HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n", "{} rejected the API key"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>", "{} answered 200 to POST /v1/chat/completions without"),
        (b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n", "The proxy squid requires a user and a password (407)"),
    ],
)
def test_an_answer_that_a_proxy_may_have_given_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes, words: str
) -> None:
    async def main() -> None:
        async with serving(Raw(lambda _: answer)) as between:
            monkeypatch.setenv("http_proxy", f"http://u:secret@127.0.0.1:{between}")
            async with rig(tmp_path, upstream=f"http://model.example{CHAT}", options={"max_retries": 0}) as r:
                await r.ask()
                told: Any = r.job.figures.to_json()["last_errors"]
                (said,) = told
        way = f"The endpoint (through the proxy 127.0.0.1:{between})"
        assert (
            words.format(way).replace("squid requires", f"127.0.0.1:{between} requires") in said
            and "secret" not in said
        )

    asyncio.run(main())


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://localhost:1/v1", "The endpoint http://localhost:1 cannot be reached: Connection refused."),
        ("http://nowhere.invalid/v1", "The endpoint http://nowhere.invalid cannot be reached: "),
    ],
)
def test_addresses_that_lead_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, words: str) -> None:
    monkeypatch.setenv("no_proxy", "*")

    async def main() -> None:
        async with rig(tmp_path, upstream=url, options={"max_retries": 0}) as r:
            code, body, _ = await r.ask("/v1/models", method="GET")
            assert code == 502
            assert words in json.loads(body)["error"]["message"]

    asyncio.run(main())


def test_the_local_endpoint_is_never_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy:1")
    from evaldock.core.proxy.upstream import Options

    made = Upstream("http://localhost:8000/v1", None, Options(), Gate(1))
    assert made.place.address.proxy is None


def moved(code: int, location: str) -> bytes:
    return b"HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % (code, location.encode())


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirect_on_the_same_host_is_followed_with_method_and_body(tmp_path: Path, code: int) -> None:
    async def check(r: Rig, raw: Raw) -> None:
        assert (await r.ask(CHAT + "?a=1"))[0] == 200
        assert [head.split(b" HTTP")[0] for head in raw.heads] == [
            b"POST /v1/chat/completions?a=1",
            b"POST /v1/chat/completions/?a=1",
        ]
        assert all(b"Bearer sk-the-real-key" in head for head in raw.heads)
        assert (r.figures.attempts, r.figures.answers) == ({200: 1}, 1)

    asking(tmp_path, lambda n: WHOLE if n else moved(code, "/v1/chat/completions/?a=1"), check)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (moved(307, "http://other.example/v1"), "redirects to http://other.example/v1: put the right address"),
        (moved(303, "/elsewhere"), "redirects to /elsewhere"),
        (moved(307, ""), "redirects to nowhere (307)"),
        (moved(307, CHAT), "redirects to itself, again and again"),
        (moved(307, "file:///etc/passwd"), "redirects to file:///etc/passwd"),
    ],
)
def test_a_redirect_that_leads_away_is_told_and_counts_as_no_answer(tmp_path: Path, answer: bytes, words: str) -> None:
    async def check(r: Rig, raw: Raw) -> None:
        code, body, _ = await r.ask()
        assert code == 502
        assert words in json.loads(body)["error"]["message"]
        assert (r.figures.answers, r.figures.retried, r.figures.unanswered.count) == (0, 0, 1)

    asking(tmp_path, lambda _: answer, check)


def test_a_used_connection_that_is_reset_is_replaced_by_a_new_one(tmp_path: Path) -> None:
    async def main() -> None:
        served: list[int] = []

        async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            served.append(1)
            writer.write(WHOLE)
            await reader.read(1)
            # Closed without a farewell as soon as the next request is here.
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()

        async with serving(once) as port:
            upstream = f"http://127.0.0.1:{port}{CHAT}"
            async with rig(tmp_path, upstream=upstream, options={"max_retries": 0}) as r:
                assert [(await r.ask())[0] for _ in range(3)] == [200, 200, 200]
                assert (len(served), r.figures.failed, r.figures.retried) == (3, 0, 2)

    asyncio.run(main())


HERE = "http://h:8000"
THERE = [
    *("http://h:8001/v1/x", "//h:8001/v1/x", "https://h:8000/v1/x", "http://other:8000/v1/x", "ftp://h:8000/v1/x"),
    *("http://h/v1/x", "http://h:8000/v2/x", "/v2/x", "/v1/../x", "/v1/%2e%2e/x", "/v1/..;/x", "http://h:99999/v1/x"),
    *("http://h:8000@other/v1/x", "http://other\\@h:8000/v1/x", "", "http://[h:8000/v1/x"),
]


@pytest.mark.parametrize("location", THERE)
def test_a_redirect_to_another_server_or_out_of_the_base_is_not_followed(location: str) -> None:
    assert Place.of("http", "h:8000").redirected("/v1/chat/completions", location or "/", "/v1") is None


@pytest.mark.parametrize(
    ("origin", "location", "to", "target"),
    [
        (HERE, "/v1/chat/completions/", HERE, "/v1/chat/completions/"),
        (HERE, "http://H:8000/v1/y?a=1", HERE, "/v1/y?a=1"),
        (HERE, "http://me:pw@h:8000/v1/y", HERE, "/v1/y"),
        ("http://h", "https://h/v1/y", "https://h", "/v1/y"),
        ("http://h:80", "https://h:443/v1/y", "https://h:443", "/v1/y"),
        ("https://h:443", "https://h/v1/y", "https://h", "/v1/y"),
    ],
)
def test_a_redirect_on_the_same_server_is_followed(origin: str, location: str, to: str, target: str) -> None:
    scheme, _, netloc = origin.partition("://")
    found = Place.of(scheme, netloc).redirected("/v1/chat/completions", location, "/v1")
    assert found is not None
    assert (found[0].address.origin.lower(), found[1]) == (to, target)
