"""Keeping keys and tokens out of what is written down about requests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

HIDDEN = "[REDACTED]"

_NAMES = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key", "x-auth-token"}
)
_PARTS = ("token", "secret", "api-key", "apikey", "api_key", "password", "credential", "signature")
_LOOKS_SECRET = re.compile(
    # A job's own token, then the shapes of keys that providers hand out. None of them can hold a quote or a
    # backslash, so a JSON text stays one.
    r"(?<![A-Za-z0-9])(?:ed-[0-9a-f]{40}|(?:sk|gsk|nvapi|xai|pplx|key)-[A-Za-z0-9_\-]{20,}|hf_[A-Za-z0-9]{20,}|AIza[A-Za-z0-9_\-]{30,})"
    r"|(?i:(?<=bearer )[A-Za-z0-9._~+/=\-]{8,})"
)
_QUERY = re.compile(r"(?i)(^|&)([^=&]*(?:key|token|secret|password|sig)[^=&]*=)[^&]*")
_SHORTEST = 6

_known: set[str] = set()


def remember(values: Iterable[str | None]) -> None:
    """From now on `scrub` hides these values in this process. Very short ones are left out: they hide nothing."""
    for value in values:
        if value and len(value) >= _SHORTEST:
            _known.update((value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]))


def scrub(text: str) -> str:
    """`text` (also a JSON text) without the values to remember and without what looks like a key."""
    for value in _known:
        if value in text:
            text = text.replace(value, HIDDEN)
    return _LOOKS_SECRET.sub(HIDDEN, text)


def safe_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """A copy with the values of headers that carry credentials hidden. Names are lower-case."""
    return {name: HIDDEN if _is_secret(name.lower()) else value for name, value in headers.items()}


def safe_query(query: str) -> str:
    """A query string with the values of parameters named like credentials hidden."""
    return _QUERY.sub(lambda match: f"{match[1]}{match[2]}{HIDDEN}", query)


def _is_secret(name: str) -> bool:
    return name in _NAMES or any(part in name for part in _PARTS)
