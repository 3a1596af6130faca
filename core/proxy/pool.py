"""Connections to endpoints: made straight or through a proxy of the environment's, encrypted or not, and used again."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from dataclasses import dataclass
from functools import cache
from urllib.parse import SplitResult, urlsplit

from ..base.errors import EvaldockError
from ..base.proxies import basic_credentials, proxy_name, unspoken
from .connection import Connection
from .endpoints import trust

# Servers in common use close idle connections after 5 s; one that dies under a request costs time.
_KEEPALIVE = 4.0
_HAPPY_EYEBALLS = 0.25


class ProxyRefused(EvaldockError):
    """A proxy on the way that does not let us through; the message is the end of a sentence."""


@dataclass(frozen=True)
class Address:
    """Where an endpoint is: `origin` is scheme, host and port; `proxy` the URL of a proxy on the way, None for none."""

    origin: str
    proxy: str | None = None

    @property
    def through(self) -> str:
        """` (through the proxy squid:3128)`, to follow the endpoint's name; "" for the straight way."""
        return f" (through the proxy {proxy_name(self.proxy)})" if self.proxy else ""


class Pool:
    """Idle connections by address; the one that was used last is used first."""

    def __init__(self) -> None:
        self._idle: dict[Address, deque[Connection]] = {}

    def take(self, address: Address) -> Connection | None:
        """An idle connection that looks alive, None when there is none."""
        idle = self._idle.get(address)
        oldest = time.monotonic() - _KEEPALIVE
        while idle:
            connection = idle.pop()
            if connection.reusable and connection.idle_since > oldest:
                return connection
            connection.abort()
        return None

    def give(self, address: Address, connection: Connection) -> None:
        """A connection whose answer is complete."""
        if not connection.reusable:
            connection.abort()
            return
        connection.idle_since = now = time.monotonic()
        idle = self._idle.setdefault(address, deque())
        while idle and idle[0].idle_since < now - _KEEPALIVE:
            idle.popleft().abort()
        idle.append(connection)

    def close(self) -> None:
        """Close all that are idle."""
        for idle in self._idle.values():
            while idle:
                idle.pop().abort()


async def connect(address: Address) -> Connection:
    """A new connection. Raises OSError (ssl.SSLError is one), ProxyRefused, ValueError for what is no address."""
    target = urlsplit(address.origin)
    if address.proxy is None:
        return await _open(target)
    if why := unspoken(address.proxy):
        raise ProxyRefused(why)
    proxy = urlsplit(address.proxy)
    connection = await _open(proxy)
    if target.scheme == "https":
        await _tunnel(connection, target, proxy)
    return connection


def proxy_credentials(proxy: str) -> str | None:
    """The value of `Proxy-Authorization` that the URL of a proxy asks for."""
    parts = urlsplit(proxy)
    return basic_credentials(parts) if parts.username else None


async def _open(parts: SplitResult) -> Connection:
    secure = parts.scheme == "https"
    if not parts.hostname:
        raise ValueError("it names no host")
    _, connection = await asyncio.get_running_loop().create_connection(
        Connection,
        parts.hostname,
        parts.port or (443 if secure else 80),
        ssl=_trust() if secure else None,
        happy_eyeballs_delay=_HAPPY_EYEBALLS,
        interleave=1,
    )
    return connection


async def _tunnel(connection: Connection, target: SplitResult, proxy: SplitResult) -> None:
    place = f"{_bracketed(target.hostname or '')}:{target.port or 443}"
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if proxy.username:
        lines.append(f"Proxy-Authorization: {basic_credentials(proxy)}")
    try:
        connection.send("\r\n".join([*lines, "", ""]).encode("latin-1"), bodyless=True)
        status, _ = await connection.head()
        if status != 200:
            wants = ": it wants a user and a password, in the URL of the proxy variable" if status == 407 else ""
            raise ProxyRefused(f"the proxy answers {status} to the request for a tunnel{wants}")
        loop = asyncio.get_running_loop()
        secured = await loop.start_tls(connection.transport, connection, _trust(), server_hostname=target.hostname)
        if secured is None:
            raise ConnectionResetError
        connection.transport = secured
        connection.used = 0
    except BaseException:
        connection.abort()
        raise


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@cache
def _trust() -> ssl.SSLContext:
    context = trust()
    context.set_alpn_protocols(["http/1.1"])
    return context


def forget_trust() -> None:
    """Look for certificates again with the next connection."""
    _trust.cache_clear()
