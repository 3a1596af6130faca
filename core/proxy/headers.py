"""Which headers go on from one side to the other."""

from __future__ import annotations

from collections.abc import Mapping

_HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "max-forwards",
    )
)
_NOT_SENT = _HOP_BY_HOP | {"host", "content-length", "content-encoding", "accept-encoding", "expect"}
# Cookies of a container are not sent on, so it needs none.
_NOT_RETURNED = _HOP_BY_HOP | {"content-length", "set-cookie"}
_PLAIN = ("", "keep-alive", "close")

CREDENTIALS = ("authorization", "api-key", "x-api-key")
"""Where clients put their key."""


def token_of(headers: Mapping[str, str]) -> tuple[str, str]:
    """The token that a client gives in place of a key, and the header that it gives it in."""
    for name in CREDENTIALS:
        value = headers.get(name)
        if value is not None:
            scheme, _, token = value.partition(" ")
            bearer = name == "authorization"
            return (token.strip() if scheme.lower() == "bearer" else "") if bearer else value, name
    return "", "authorization"


def sent_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers of a request that go on, by lower-case name: none of this hop's own, none that carries a token."""
    result: dict[str, str] = {}
    for name, value in headers.items():
        key = name.lower()
        if key not in _NOT_SENT and key not in CREDENTIALS:
            result[key] = f"{result[key]}, {value}" if key in result else value
    return _without_named(result, headers.get("Connection", ""))


def returned_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers of an answer, already by lower-case name, that go on."""
    result = {name: value for name, value in headers.items() if name not in _NOT_RETURNED}
    return _without_named(result, headers.get("connection", ""))


def _without_named(result: dict[str, str], connection: str) -> dict[str, str]:
    """Without those that the Connection header says are of this hop."""
    named = connection.lower()
    if named not in _PLAIN:
        for name in named.split(","):
            result.pop(name.strip(), None)
    return result
