"""Plain calls to a Docker daemon on a Unix socket, at a tenth of the time that the library's own way takes.

The library asks through `requests`, which is made for the web: proxies, cookies, redirects, pools. On a socket of this
machine none of that is needed: one connection a call, and the daemon closes it after its answer. Streams, and daemons
elsewhere, still go the library's way.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import requests
from requests.structures import CaseInsensitiveDict

from .client import BASE

_PLAIN = frozenset(("params", "data", "headers", "timeout", "allow_redirects", "json"))
_BLOCK = 1 << 16


class QuickRequests:
    """Stands in for the `request` method of a client's session; what it does not know goes to `otherwise`.

    Errors are those that `requests` would raise.
    """

    def __init__(self, path: str, otherwise: Callable[..., requests.Response]) -> None:
        self._path = path
        self._otherwise = otherwise

    def __call__(self, method: str, url: str, **options: Any) -> requests.Response:
        """As `Session.request`."""
        if not url.startswith(BASE) or options.get("json") is not None or not _PLAIN.issuperset(options):
            return self._otherwise(method, url, **options)
        params: Mapping[str, Any] = options.get("params") or {}
        query = urlencode({key: value for key, value in params.items() if value is not None}, doseq=True)
        target = url.removeprefix(BASE) + (f"?{query}" if query else "")
        request = _request(method, target, options.get("data"), options.get("headers") or {})
        try:
            answer = self._ask(request, options.get("timeout"))
        except TimeoutError as error:
            raise requests.ReadTimeout(error) from error
        except OSError as error:
            raise requests.ConnectionError(error) from error
        return _response(BASE + target, answer, bodiless=method.upper() == "HEAD")

    def _ask(self, request: bytes, timeout: float | None) -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(timeout)
            line.connect(self._path)
            line.sendall(request)
            parts: list[bytes] = []
            while data := line.recv(_BLOCK):
                parts.append(data)
        return b"".join(parts)


def _request(method: str, target: str, data: str | bytes | None, headers: Mapping[str, str]) -> bytes:
    # HTTP/1.0: the daemon closes the connection after its answer, and does not send it in chunks.
    body = data if isinstance(data, bytes) else (data or "").encode()
    lines = [f"{method.upper()} {target} HTTP/1.0", "Host: docker", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _response(url: str, answer: bytes, *, bodiless: bool) -> requests.Response:
    """The answer as `requests` has it. Raises ConnectionError for one that was cut short."""
    head, end, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    _, _, status = first.partition(" ")
    headers = CaseInsensitiveDict({name: value.strip() for name, _, value in (line.partition(":") for line in lines)})
    length = headers.get("content-length", "")
    whole = bodiless or not length.isdigit() or len(body) >= int(length)
    if not end or not status[:3].isdigit() or not whole:
        raise requests.ConnectionError("the daemon hung up before the end of its answer")
    response = requests.Response()
    response.status_code = int(status[:3])
    response.reason = status[4:]
    response.url = url
    response.encoding = "utf-8"
    response.headers = headers
    response._content = body
    return response
