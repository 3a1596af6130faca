"""What is known of one endpoint: where it is, how long to wait for it, and how to speak of what it answered."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import cast
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from ..base.proxies import basic_credentials, proxy_for, proxy_name
from ..base.secrets import is_secret_name
from ..base.urls import is_loopback
from ..config.model import RequestOptions
from .allowed import plain_path
from .budget import MOST_IN_MEMORY, Budget, Gate
from .endpoints import base_path, one_line, said_in
from .guard import KeyGuard
from .headers import CREDENTIALS
from .pool import Address

_MAX_BACKOFF = 30.0
_PORTS = {"http": 80, "https": 443}
_SICK = 3
_OF_REQUESTS = frozenset((400, 413, 415, 422))
_PASSING = frozenset((408, 409, 425, 429))


def passes(status: int) -> bool:
    """Whether an answer of this status may be another one a moment later: the same ones as OpenAI's clients repeat."""
    return status >= 500 or status in _PASSING


@dataclass(frozen=True)
class Options(RequestOptions):
    """How requests are tried."""

    @classmethod
    def from_json(cls, tree: Mapping[str, object]) -> Options:
        """The options of a job; what is absent or no positive number stays as it is by default."""
        return cls(
            request_timeout=_positive(tree.get("request_timeout"), cls.request_timeout),
            max_retries=int(_positive(tree.get("max_retries"), cls.max_retries, zero=True)),
            max_concurrent=int(_positive(tree.get("max_concurrent"), 0)) or None,
            retry_backoff=_positive(tree.get("retry_backoff"), cls.retry_backoff, zero=True),
            api_key_header=str(tree.get("api_key_header") or "").lower() or None,
        )

    def backoff(self, attempt: int, retry_after: str | None = None) -> float:
        """Seconds before retry number `attempt` (from 0); what the endpoint asks for wins, up to the timeout."""
        asked = parse_retry_after(retry_after)
        if asked is not None:
            # A little later than asked, and not all at once.
            return min(asked, self.request_timeout) + random.uniform(0, self.retry_backoff / 2)
        return min(self.retry_backoff * 2**attempt, _MAX_BACKOFF) * random.uniform(0.5, 1.0)


def _positive(value: object, default: float, *, zero: bool = False) -> float:
    fits = isinstance(value, (int, float)) and not isinstance(value, bool) and (value > 0 or (zero and value == 0))
    return float(cast(float, value)) if fits else default


def parse_retry_after(text: str | None) -> float | None:
    """Seconds from now that a `Retry-After` header means, None when it means nothing."""
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


class Health:
    """Whether one endpoint answers, whichever job asks: a sentence once it has only failed for a few times."""

    def __init__(self) -> None:
        self._failed = 0
        self._sentence = ""

    @property
    def sentence(self) -> str:
        """What it does instead of answering; "" while it answers."""
        return self._sentence if self._failed >= _SICK else ""

    def good(self) -> None:
        """An answer."""
        self._failed = 0

    def bad(self, status: int, sentence: str) -> None:
        """A failure; one that is about the request and not the endpoint does not count."""
        if status not in _OF_REQUESTS:
            self._failed += 1
            self._sentence = sentence


@dataclass(frozen=True)
class Place:
    """Where requests go. `host` is the Host header; with `absolute` the request line has the whole URL, for a proxy."""

    address: Address
    host: str
    absolute: bool = False

    @classmethod
    def of(cls, scheme: str, netloc: str) -> Place:
        """The place of a scheme and a host with port, through the proxy that the environment names for it."""
        proxy = proxy_for(f"{scheme}://{netloc}")
        return cls(Address(f"{scheme}://{netloc}", proxy), netloc, proxy is not None and scheme == "http")

    def redirected(self, target: str, location: str, base: str) -> tuple[Place, str] | None:
        """Where a redirect from `target` (path and query) leads below `base` of this server; None for any other.

        The key is for this server only. The same host with https, both on the ports of their own, is the same server.
        """
        old = urlsplit(self.address.origin)
        try:
            new = urlsplit(urljoin(f"{self.address.origin}{target}", location))
            places = [(one.scheme, one.hostname, one.port or _PORTS.get(one.scheme)) for one in (old, new)]
        except ValueError:
            return None
        if "\\" in location:
            return None  # of which browsers, libraries and servers make different things
        upgrade = places == [("http", old.hostname, 80), ("https", old.hostname, 443)]
        if not (places[0] == places[1] or upgrade) or not plain_path(new.path, base):
            return None
        query = f"?{new.query}" if new.query else ""
        return Place.of(new.scheme, new.netloc.rpartition("@")[2]), f"{new.path or '/'}{query}"


class Upstream:
    """The endpoint of a job as configured, for the job `owner`. `gate` and `health` are shared by all jobs of it.

    `api_key` None is no key; `key_name` is the variable that it should come from, "" when none is named. `got` are the
    bytes of large answers in memory.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None,
        options: Options,
        gate: Gate,
        *,
        key_name: str = "",
        health: Health | None = None,
        owner: str = "",
    ) -> None:
        parts = urlsplit(url)
        self.url = url
        self.api_key = api_key.strip() if api_key else api_key
        self.key_name = key_name
        self.health = health or Health()
        self.options = options
        self.got = Budget(MOST_IN_MEMORY)
        self._gate = gate
        self._tried = False
        self._header: str | None = None
        self._owner = owner
        self.place = Place.of(parts.scheme, parts.netloc.rpartition("@")[2])
        self.origin = self.place.address.origin
        self.through = self.place.address.through
        self.base = base_path(parts.path)
        self.local = is_loopback(parts.hostname or "")
        self._basic = basic_credentials(parts) if parts.username and not self.api_key else ""
        self._query = parts.query
        self._parameters = frozenset(pair.partition("=")[0] for pair in parts.query.split("&"))
        named = (value for name, value in parse_qsl(parts.query) if is_secret_name(name))
        own = (unquote(parts.password or ""), self._basic.removeprefix("Basic "))
        self.guard = _guard((self.api_key, *own, *named))

    def other_headers(self, used: str) -> tuple[str, ...]:
        """Headers to try a key in that was refused in `used`, once; none when one is configured."""
        if not self.api_key or self.options.api_key_header or self._tried or used not in CREDENTIALS:
            return ()
        self._tried = True
        return tuple(name for name in CREDENTIALS if name != used)

    def keep_header(self, name: str) -> None:
        """From now on the key goes out in this header, whichever the container uses."""
        self._header = name

    async def enter(self) -> None:
        """Wait for a place among the requests that may be under way; `leave` gives it back."""
        await self._gate.acquire(self._owner)

    def leave(self) -> None:
        """Give the place back."""
        self._gate.release(self._owner)

    def header_of(self, used: str) -> str:
        """The header that the key goes out in, of a client that carried its token in the header `used`."""
        if not self.api_key and self._basic:
            return "authorization"
        return self.options.api_key_header or self._header or used

    def credentials(self, header: str, *, bearer: bool) -> list[str]:
        """The line of the header that carries the key; `bearer`: as Authorization has it. None for a `header` of ""."""
        if not header:
            return []
        if self.api_key:
            return [f"{header}: {f'Bearer {self.api_key}' if bearer else self.api_key}"]
        return [f"{header}: {self._basic}"] if self._basic else []

    def query(self, asked: str) -> str:
        """The query of a request: what the endpoint's URL has, and of what the container asks what does not clash."""
        if not self._query or not asked:
            return self._query or asked
        more = [pair for pair in asked.split("&") if unquote(pair.partition("=")[0]) not in self._parameters]
        return "&".join((self._query, *more))

    def words_for(self, status: int, method: str, path: str, body: bytes) -> str:
        """A sentence about a failed answer. The API key is not in it, even when the answer quotes it."""
        if status in (401, 403):
            return f"{self._key_words(status)}{self._quoted(body)}"
        if status == 407 and (proxy := self.place.address.proxy):
            return f"The proxy {proxy_name(proxy)} requires a user and a password (407): write them into its variable."
        return f"The endpoint{self.through} answered {status} to {method} {path}{self._quoted(body) or '.'}"

    def _key_words(self, status: int) -> str:
        variable = f"the variable {self.key_name}" if self.key_name else "its variable"
        who = f"The endpoint{self.through}"
        wants = f"{who} wants an API key ({status})"
        if self.api_key:
            return f"{who} rejected the API key in {variable} ({status}): see that it is valid for this model"
        if self.api_key is not None:
            return f"{wants} and {variable} is empty: set it and run the job again"
        if self.key_name:
            return f"{wants} and {variable} is not set where evaldock runs: set it and run the job again"
        return f"{wants} and none is named: put the name of its variable in target.api_endpoint.api_key_name"

    def _quoted(self, body: bytes) -> str:
        text = self.without_key(said_in(body))
        return f": {text}" if text else ""

    def without_key(self, text: str) -> str:
        """`text` on one line of bounded length, without this endpoint's key."""
        return one_line(self.guard.text(text))


@lru_cache(maxsize=64)
def _guard(secrets: tuple[str | None, ...]) -> KeyGuard:
    # Made from long patterns: once an endpoint, not once an attempt.
    return KeyGuard(secrets)
