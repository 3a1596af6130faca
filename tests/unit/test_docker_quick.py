"""Plain calls on a Unix socket: what comes back is what the library's own way would give."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import pytest
import requests
from docker.errors import NotFound
from evaldock.core.engine.docker.client import BASE
from evaldock.core.engine.docker.quick import QuickRequests


@contextmanager
def daemon(path: Path, answer: bytes | None) -> Iterator[list[bytes]]:
    """One that answers each call with these bytes, or never; the requests that it got."""
    got: list[bytes] = []
    held: list[socket.socket] = []
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            while True:
                try:
                    line, _ = server.accept()
                except OSError:
                    return
                got.append(line.recv(65536))
                if answer is None:
                    held.append(line)
                else:
                    line.sendall(answer)
                    line.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield got
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for line in held:
                line.close()


def refused(*_: Any, **__: Any) -> requests.Response:
    raise AssertionError("this was no call for the library's own way")


def answer(status: str, body: bytes, *headers: str) -> bytes:
    head = [f"HTTP/1.0 {status}", "Content-Type: application/json", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


def test_a_call_is_sent_whole_and_its_answer_read(tmp_path: Path) -> None:
    with daemon(tmp_path / "s", answer("200 OK", b'{"Id": "\xc3\xa9"}')) as got:
        quick = QuickRequests(str(tmp_path / "s"), refused)
        response = quick(
            "post", f"{BASE}/v1.45/x", params={"all": 1, "none": None}, data='{"a": "é"}', headers={"X": "y"}, timeout=5
        )
    assert (response.status_code, response.json(), response.url) == (200, {"Id": "é"}, f"{BASE}/v1.45/x?all=1")
    head, _, body = got[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1.45/x?all=1 HTTP/1.0\r\n") and b"\r\nX: y" in head
    assert body == '{"a": "é"}'.encode() and f"Content-Length: {len(body)}".encode() in head


def test_a_refusal_is_the_library_s_error(tmp_path: Path) -> None:
    with daemon(tmp_path / "s", answer("404 Not Found", b'{"message": "No such container: x"}')):
        client: Any = docker.APIClient(base_url=f"unix://{tmp_path}/s", version="1.45")
        client.request = QuickRequests(str(tmp_path / "s"), refused)
        with pytest.raises(NotFound, match="No such container: x"):
            client.start("x")
        client.close()


@pytest.mark.parametrize(
    "cut",
    [
        b"",
        b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n",
        answer("200 OK", b'{"Id"', "Content-Length: 40"),
        b"SSH-2.0-OpenSSH\r\n\r\n",
    ],
    ids=["nothing", "half a head", "half a body", "no HTTP"],
)
def test_an_answer_that_breaks_off_is_a_lost_connection(tmp_path: Path, cut: bytes) -> None:
    with daemon(tmp_path / "s", cut), pytest.raises(requests.ConnectionError):
        QuickRequests(str(tmp_path / "s"), refused)("get", f"{BASE}/x", timeout=5)


def test_no_daemon_and_a_silent_one(tmp_path: Path) -> None:
    quick = QuickRequests(str(tmp_path / "s"), refused)
    with pytest.raises(requests.ConnectionError):
        quick("get", f"{BASE}/x", timeout=5)
    with daemon(tmp_path / "s", None), pytest.raises(requests.ReadTimeout):
        quick("get", f"{BASE}/x", timeout=0.05)


@pytest.mark.parametrize("options", [{"stream": True}, {"json": {"a": 1}}])
def test_streams_and_the_like_go_the_library_s_way(tmp_path: Path, options: dict[str, Any]) -> None:
    asked: list[dict[str, Any]] = []

    def otherwise(method: str, url: str, **given: Any) -> requests.Response:
        asked.append(given)
        return requests.Response()

    QuickRequests(str(tmp_path / "s"), otherwise)("get", f"{BASE}/x", **options)
    QuickRequests(str(tmp_path / "s"), otherwise)("get", "http://elsewhere/x")
    assert asked == [options, {}]
