"""One HTTP request to an endpoint, and why there was no answer, in words. Only the standard library: it must be quick.

Trust and proxies are as in evaldock's own proxy: the system's certificates or SSL_CERT_FILE, the proxy variables of the
environment, never a proxy for this machine itself.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit, urlunsplit
from urllib.response import addinfourl

from ..base.errors import EvaldockError
from ..base.proxies import open_url, proxy_for, proxy_name, unspoken
from ..base.secrets import Scrubber
from ..proxy.endpoints import one_line, said_in, trust

WITH_PASSWORD = "Write them into the proxy variable of your environment: http://USER:PASSWORD@HOST:PORT."
_EXCEPT = "Name a proxy that does in HTTP_PROXY or HTTPS_PROXY, or except this host from proxies with NO_PROXY."
_NO_TUNNEL = re.compile(r"Tunnel connection failed: (\d+)")
_MOST = 1 << 20  # bytes of an answer that are read


class EndpointUnreachable(EvaldockError):
    """No HTTP answer. `late`: there may be one yet, it has only not come in time."""

    def __init__(self, text: str, remedy: str, *, late: bool = False) -> None:
        self.text, self.remedy, self.late = text, remedy, late
        super().__init__(text)


@dataclass(frozen=True)
class EndpointAnswer:
    """An HTTP answer. `headers` by lower-case name; `seconds` from the request to the end of the answer.

    `at` is the time of this machine when it had come, in seconds since 1970. `through` is the proxy that it came
    through, and that may have given it; "" for none.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    at: float
    through: str = ""

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
) -> EndpointAnswer:
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
    via = proxy_for(bare)
    if via and (why := unspoken(via)):
        raise EndpointUnreachable(f"{parts.hostname} cannot be reached: {why}", _EXCEPT)
    # Reading all authorities takes a moment: only who needs them does.
    secure = [urllib.request.HTTPSHandler(context=trust())] if parts.scheme == "https" else []
    request = urllib.request.Request(bare, data, headers)
    began = time.monotonic()
    try:
        with open_url(request, _RedirectsAreAnswers(), *secure, timeout=timeout) as response:
            return _answer(response.status or 0, response, began, via)
    except urllib.error.HTTPError as error:
        with error:
            return _answer(error.code, error, began, via)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise _unreachable(error, bare, via, timeout) from None


def _no_tunnel(status: str, host: str, proxy: str) -> EndpointUnreachable:
    if status == "407":
        return EndpointUnreachable(f"{proxy} requires a user and a password (407)", WITH_PASSWORD)
    return EndpointUnreachable(f"{proxy} makes no way to {host} ({status})", _EXCEPT)


class _RedirectsAreAnswers(urllib.request.HTTPRedirectHandler):
    def redirect_request(  # pyright: ignore[reportIncompatibleMethodOverride] - what is unused needs no types
        self, *_: object
    ) -> None:
        return None


def _answer(status: int, found: addinfourl, began: float, via: str | None) -> EndpointAnswer:
    body = found.read(_MOST)
    headers = {name.lower(): value for name, value in found.headers.items()}
    through = proxy_name(via) if via else ""
    return EndpointAnswer(status, headers, body, time.monotonic() - began, time.time(), through)


def _unreachable(error: Exception, url: str, via: str | None, timeout: float) -> EndpointUnreachable:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    parts = urlsplit(via or url)
    who = f"{'the proxy ' if via else ''}{parts.netloc.rpartition('@')[2]}"
    where = "the proxy variables of your environment" if via else "target.api_endpoint.url"
    if via and (refused := _NO_TUNNEL.search(str(reason))):
        return _no_tunnel(refused[1], urlsplit(url).hostname or "", who)
    if isinstance(reason, TimeoutError):
        # A server that knows no TLS waits for the rest of what it takes for a request.
        tls = ", and whether http:// is meant" if parts.scheme == "https" else ""
        remedy = f"See whether it is busy{tls}, and check {where}."
        return EndpointUnreachable(f"{who} did not answer within {timeout:g} s", remedy, late=True)
    if isinstance(reason, ssl.SSLCertVerificationError):
        why = reason.verify_message or "it cannot be verified"
        return EndpointUnreachable(
            f"the TLS certificate of {who} is not trusted: {why}",
            "If your own authority made it, name that authority's file in SSL_CERT_FILE.",
        )
    if isinstance(reason, ssl.SSLError):
        return EndpointUnreachable(f"{who} does not speak TLS", f"Write http:// instead of https:// in {where}.")
    if isinstance(reason, socket.gaierror):
        return EndpointUnreachable(f"the host name of {who} is not known", f"Check {where}, and your network.")
    if isinstance(reason, ConnectionRefusedError):
        return EndpointUnreachable(f"{who} refuses connections", f"Start the model server, or correct {where}.")
    if isinstance(reason, OSError) and not isinstance(reason, http.client.HTTPException):
        why = os.strerror(reason.errno) if reason.errno else str(reason)
        return EndpointUnreachable(
            f"{who} cannot be reached: {one_line(why).lower()}", f"Check {where}, and your network."
        )
    return EndpointUnreachable(
        f"{who} does not answer in HTTP", f"Check the port in {where}, and whether https:// is meant."
    )
