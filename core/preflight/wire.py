"""One HTTP request to an endpoint, and why there was no answer, in words. Only the standard library: it must be quick.

Trust and proxies are as in evaldock's own proxy: the system's certificates or SSL_CERT_FILE, the proxy variables of the
environment, never a proxy for this machine itself.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import IO, cast
from urllib.parse import urlsplit, urlunsplit

from ..base.errors import EvaldockError
from ..base.secrets import Scrubber
from ..base.urls import is_loopback
from ..proxy.endpoints import one_line, proxy_for, said_in, trust

_MOST = 1 << 20  # bytes of an answer that are read


class Unreachable(EvaldockError):
    """No HTTP answer. `late`: there may be one yet, it has only not come in time."""

    def __init__(self, text: str, remedy: str, *, late: bool = False) -> None:
        self.text, self.remedy, self.late = text, remedy, late
        super().__init__(text)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. `headers` by lower-case name; `seconds` from the request to the end of the answer.

    `at` is the time of this machine when it had come, in seconds since 1970.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    at: float

    @property
    def tree(self) -> dict[str, object]:
        """The JSON object that it is; empty when it is none."""
        try:
            found: object = json.loads(self.body)
        except ValueError:
            return {}
        return cast("dict[str, object]", found) if isinstance(found, dict) else {}

    def said(self, key: str | None) -> str:
        """The endpoint's own words about a failure, on one line, without the key."""
        text = said_in(self.body)
        if text.lstrip().startswith("<"):
            return ""  # a page of HTML says nothing on one line
        return one_line(Scrubber([key]).known(text))


def ask(
    url: str,
    *,
    key: str | None,
    body: Mapping[str, object] | None = None,
    timeout: float,
    header: str = "authorization",
) -> Answer:
    """GET `url`, or POST `body` to it, with the key in `header`. Raises Unreachable. Redirects are not followed: they
    are answers too."""
    parts = urlsplit(url)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))
    headers = {"Accept": "application/json", "User-Agent": "evaldock"}
    if key and key.strip():
        headers[header] = f"Bearer {key.strip()}" if header == "authorization" else key.strip()
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    via = None if is_loopback(parts.hostname) else proxy_for(parts.scheme, parts.netloc)
    proxies = urllib.request.ProxyHandler({parts.scheme: via} if via else {})
    # Reading all authorities takes a moment: only who needs them does.
    secure = [urllib.request.HTTPSHandler(context=trust())] if parts.scheme == "https" else []
    opener = urllib.request.build_opener(proxies, _RedirectsAreAnswers(), *secure)
    began = time.monotonic()
    try:
        with opener.open(urllib.request.Request(bare, data, headers), timeout=timeout) as response:
            return _answer(response.status, response.headers, response, began)
    except urllib.error.HTTPError as error:
        with error:
            return _answer(error.code, error.headers, error, began)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise _unreachable(error, bare, via, timeout) from None


class _RedirectsAreAnswers(urllib.request.HTTPRedirectHandler):
    def redirect_request(  # pyright: ignore[reportIncompatibleMethodOverride] - what is unused needs no types
        self, *_: object
    ) -> None:
        return None


def _answer(status: int, headers: Message, stream: IO[bytes], began: float) -> Answer:
    body = stream.read(_MOST)
    return Answer(status, {k.lower(): v for k, v in headers.items()}, body, time.monotonic() - began, time.time())


def _unreachable(error: Exception, url: str, via: str | None, timeout: float) -> Unreachable:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    parts = urlsplit(via or url)
    who = f"{'the proxy ' if via else ''}{parts.netloc.rpartition('@')[2]}"
    where = "the proxy variables of your environment" if via else "target.api_endpoint.url"
    if isinstance(reason, TimeoutError):
        # A server that knows no TLS waits for the rest of what it takes for a request.
        tls = ", and whether http:// is meant" if parts.scheme == "https" else ""
        remedy = f"See whether it is busy{tls}, and check {where}."
        return Unreachable(f"{who} did not answer within {timeout:g} s", remedy, late=True)
    if isinstance(reason, ssl.SSLCertVerificationError):
        why = reason.verify_message or "it cannot be verified"
        return Unreachable(
            f"the TLS certificate of {who} is not trusted: {why}",
            "If your own authority made it, name that authority's file in SSL_CERT_FILE.",
        )
    if isinstance(reason, ssl.SSLError):
        return Unreachable(f"{who} does not speak TLS", f"Write http:// instead of https:// in {where}.")
    if isinstance(reason, socket.gaierror):
        return Unreachable(f"the host name of {who} is not known", f"Check {where}, and your network.")
    if isinstance(reason, ConnectionRefusedError):
        return Unreachable(f"{who} refuses connections", f"Start the model server, or correct {where}.")
    if isinstance(reason, OSError) and not isinstance(reason, http.client.HTTPException):
        why = os.strerror(reason.errno) if reason.errno else str(reason)
        return Unreachable(f"{who} cannot be reached: {one_line(why).lower()}", f"Check {where}, and your network.")
    return Unreachable(f"{who} does not answer in HTTP", f"Check the port in {where}, and whether https:// is meant.")
