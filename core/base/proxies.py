"""Which HTTP proxy leads to a URL, by the proxy variables of the environment. Nothing else reads them.

NO_PROXY means what it means to curl and to Python's requests: where one of them goes straight, so does evaldock. This
machine itself is never reached through a proxy.
"""

from __future__ import annotations

import base64
import ipaddress
import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from typing import cast
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.response import addinfourl

from .urls import is_loopback

PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
EXCEPTIONS = ("NO_PROXY", "no_proxy")
ALL = "*"

_PORTS = {"http": 80, "https": 443}
_SPOKEN = ("http", "https")


def proxy_for(url: str) -> str | None:
    """The URL of the proxy that the environment names for `url`, None for the straight way."""
    parts = urlsplit(url)
    host = parts.hostname
    if not host or is_loopback(host):
        return None
    named = urllib.request.getproxies_environment()
    if not named:
        # What the settings of macOS and Windows say counts where no variable says anything.
        named = urllib.request.getproxies()
        straight = not named or bool(urllib.request.proxy_bypass(host))
    else:
        straight = is_excepted(host, _port(parts), os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or "")
    found = None if straight else named.get(parts.scheme) or named.get("all")
    return found if found is None or "://" in found else f"http://{found}"


def is_excepted(host: str, port: int | None, exceptions: str) -> bool:
    """Whether NO_PROXY of the value `exceptions` names a host: by a domain, an address or a network, with a port or
    without; `*` alone is all."""
    if exceptions.strip() == ALL:
        return True
    name = host.rstrip(".").lower()
    address = _address(name)
    for item in re.split(r"[,\s]+", exceptions.lower()):
        known, of_port = _split_port(item)
        if not known or of_port not in (None, port):
            continue
        if address is not None:
            if _is_within(address, known):
                return True
        elif f".{name}".endswith(f".{known.strip('.')}") and known.strip("."):
            return True
    return False


def with_exceptions(listed: Iterable[str], hosts: Iterable[str]) -> str:
    """A value of NO_PROXY that excepts `hosts` and all that the values in `listed` do."""
    items = list(dict.fromkeys(item for value in listed for item in re.split(r"[,\s]+", value) if item))
    # Beside others a star means nothing to most programs.
    return ALL if any(value.strip() == ALL for value in listed) else ",".join(dict.fromkeys([*items, *hosts]))


def names_proxy(env: Mapping[str, str]) -> bool:
    """Whether a program with these variables might use a proxy."""
    return any(env.get(name) for name in PROXIES)


def proxy_name(proxy: str) -> str:
    """Host and port of a proxy, without user and password, as people are told of it."""
    return urlsplit(proxy).netloc.rpartition("@")[2]


def unspoken(proxy: str) -> str:
    """Why this proxy cannot be used, as the end of a sentence; "" for one that can."""
    scheme = urlsplit(proxy).scheme.lower()
    if scheme in _SPOKEN:
        return ""
    kind = "a SOCKS proxy" if scheme.startswith("socks") else f"a proxy of the kind '{scheme}'"
    return f"the environment names {kind} for it, {scheme}://{proxy_name(proxy)}, and only HTTP proxies are supported"


def open_url(request: urllib.request.Request, *handlers: urllib.request.BaseHandler, timeout: float) -> addinfourl:
    """As `urllib.request.urlopen`, on the way that `proxy_for` tells. Raises what that does; URLError for a proxy that
    cannot be used, too."""
    if (proxy := proxy_for(request.full_url)) is not None:
        if why := unspoken(proxy):
            raise urllib.error.URLError(why)
        parts = urlsplit(proxy)
        if parts.username:
            request.add_header("Proxy-Authorization", basic_credentials(parts))
        request.set_proxy(proxy_name(proxy), parts.scheme)
    # The handler that urllib brings has an opinion of its own.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), *handlers)
    return cast(addinfourl, opener.open(request, timeout=timeout))


def basic_credentials(parts: SplitResult) -> str:
    """User and password of a URL as the value of an authorization header."""
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None


def _split_port(item: str) -> tuple[str, int | None]:
    """`host`, `host:80`, `[::1]:80` and `::1` as host and port, None for any port."""
    if item.startswith("["):
        host, _, rest = item[1:].partition("]")
        mask = rest if rest.startswith("/") else ""
        port = rest.removeprefix(":") if rest.startswith(":") else ""
        return f"{host}{mask}", int(port) if port.isdecimal() else None
    host, _, port = item.rpartition(":")
    if host and ":" not in host and port.isdecimal():
        return host, int(port)
    return item, None


def _is_within(address: ipaddress.IPv4Address | ipaddress.IPv6Address, network: str) -> bool:
    host, slash, mask = network.partition("/")
    known = _address(host)
    if known is None or (slash and not mask.isdecimal()):
        return False
    # A mask of no bits means nothing to curl and to requests.
    return address == known or bool(
        slash and 0 < int(mask) <= known.max_prefixlen and address in ipaddress.ip_network((known, int(mask)), False)
    )


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
