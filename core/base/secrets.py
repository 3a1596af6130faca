"""What a secret is: by its name, by its shape, by its value. The one place that decides it.

Interpolation refuses to copy what is hidden here, `env_vars` refuse it as a name, dry runs, reports and the proxy's
logs blank it out. Every pattern takes time proportional to the text, whatever the text holds.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote, quote_plus, unquote_plus

HIDDEN = "***"
"""Stands where a secret was."""

_LEAST = 6  # hiding a shorter value would garble text and keep nothing secret
_LONGEST_NAME = 200

_PIECES = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_WORDS = frozenset(
    {
        *("key", "token", "secret", "secrets", "password", "passwords", "passwd", "passphrase", "passcode"),
        *("credential", "credentials", "creds", "authorization", "auth", "bearer", "jwt", "pat", "dsn"),
        *("cookie", "signature", "sig", "webhook"),
    }
)
_LAST_WORDS = frozenset({"pass", "pwd", "pw"})  # not alone: PWD is a directory
_ACCESS = "api|access|auth|private|secret|session|client|master|refresh|account"
# Without a mark between: APIKEY, HFTOKEN, DBPASSWORD; and several: API_KEYS.
_FUSED = re.compile(rf"(?:token|secret|password|passwd)\Z|(?:{_ACCESS})_?(?:key|token|secret)s?\Z")
# What is about a secret, or about the pieces of text that models count: `api_key_name`, `MAX_TOKEN_LENGTH`.
_ABOUT = frozenset(
    {
        *("name", "names", "type", "types", "count", "counts", "limit", "limits", "length", "size", "budget", "usage"),
        *("max", "min", "rate", "file", "files", "path", "dir", "ids"),
        *("header", "headers"),
    }
)
_MARKERS = frozenset({"start", "end", "eos", "bos", "pad", "stop", "sep", "cls", "mask", "unk"})

_SHAPE = re.compile(
    # Keys as providers, forges and clouds hand them out, and a job's own token at evaldock's proxy. None can hold a
    # quote or a backslash: a JSON text without them is JSON still.
    r"(?<![A-Za-z0-9])(?:(?:sk|gsk|nvapi|xai|pplx|glpat)-[A-Za-z0-9_-]{12,}|key-(?=[A-Za-z_-]{0,40}[0-9])[A-Za-z0-9_-]{20,}"
    r"|ed-[0-9a-f]{40}|hf_[A-Za-z0-9]{16,}|gh[oprsu]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}"
    r"|AIza[A-Za-z0-9_-]{30,}|(?:AKIA|ASIA)[A-Z0-9]{12,}|xox[abeprs]-[A-Za-z0-9-]{10,}"
    r"|(?<![_-])eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9._-]+)"
    r"|(?i:(?<![A-Za-z0-9])(?P<kept>bearer[ \t]++))[^\s\"'\\]{6,}"
)
_USERINFO = re.compile(r"(?<=://)[^/?#\s\"'\\<>]+(?=@)")
_PARAMETER = re.compile(rf"(?<=[?&;#])([^?&;#=\s\"'\\<>]{{1,{_LONGEST_NAME}}})=")
_VALUE = re.compile(r"[^&#\s\"'\\<>]*")  # in a text
_REST = re.compile(r"[^&#]*")  # in a query by itself


def is_secret_name(name: str) -> bool:
    """Whether what has this name (a variable, a key of a config, a header, a URL's parameter) usually is a secret."""
    words = [piece.lower() for piece in _PIECES.findall(name[-_LONGEST_NAME:])]
    while len(words) > 1 and words[-1].isdigit():
        words.pop()
    if not words or words[-1] in _ABOUT or _is_marker(words):
        return False
    if len(words) > 1 and words[-1] in _LAST_WORDS:
        return True
    pairs = ("_".join(words[at : at + 2]) for at in range(len(words)))
    return not _WORDS.isdisjoint(words) or any(map(_FUSED.search, (*words, *pairs)))


def _is_marker(words: Sequence[str]) -> bool:
    """Whether this names text that marks a place in a model's answer: `start_reasoning_token`, `eos_token_id`."""
    return "token" in words[-2:] and not _MARKERS.isdisjoint(words)


def is_key_shaped(text: str) -> bool:
    """Whether all of `text` is shaped like a key that somebody hands out."""
    return _SHAPE.fullmatch(text) is not None


def holds_secret(text: str) -> bool:
    """Whether `hide` would change the text."""
    return hide(text) != text


def hide(text: str) -> str:
    """`text` without what is a secret by its shape or place: keys, bearers, users and passwords in URLs, parameters of
    URLs that are named like secrets. A JSON text stays one."""
    text = _SHAPE.sub(lambda match: f"{match['kept'] or ''}{HIDDEN}", text)
    return _hide_parameters(_USERINFO.sub(HIDDEN, text), _VALUE)


def hide_in_query(query: str) -> str:
    """A URL's query, without its `?`, as `hide` leaves it."""
    return _hide_parameters(f"?{hide(query)}", _REST)[1:]


def hide_in_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """A copy with the values of headers that are named like secrets hidden, and all others as `hide` leaves them."""
    return {name: HIDDEN if is_secret_name(name) else hide(value) for name, value in headers.items()}


def _hide_parameters(text: str, end: re.Pattern[str]) -> str:
    kept: list[str] = []
    at = 0
    for match in _PARAMETER.finditer(text):
        if match.start() < at or not is_secret_name(unquote_plus(match[1])):
            continue
        value = end.match(text, match.end())
        if value is not None and value[0]:
            kept += [text[at : match.end()], HIDDEN]
            at = value.end()
    return "".join([*kept, text[at:]]) if kept else text


class Scrubber:
    """Takes known secrets out of text, however they are written in it, and then whatever `hide` knows."""

    def __init__(self, values: Iterable[str | None] = ()) -> None:
        self._values: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.add(values)

    def add(self, values: Iterable[str | None]) -> None:
        """Hide these values, too. Very short ones are left out."""
        new = {value for value in values if value} - self._values
        if not new:
            return
        self._values |= new
        forms = {form for value in self._values for form in forms_of(value) if len(form) >= _LEAST}
        if forms:
            self._pattern = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))))

    def known(self, text: str) -> str:
        """`text` without the known values."""
        return self._pattern.sub(HIDDEN, text) if self._pattern else text

    def scrub(self, text: str) -> str:
        """`text` (also a JSON text) without known values and without what `hide` hides."""
        return hide(self.known(text))


def forms_of(value: str) -> Iterator[str]:
    """How a secret may stand in text: as it is and line by line, in JSON, in a URL, in base64 at any offset."""
    for text in {value, value.strip(), *value.splitlines()}:
        yield text
        yield json.dumps(text)[1:-1]
        yield json.dumps(text, ensure_ascii=False)[1:-1]
        yield quote(text, safe="", errors="replace")
        yield quote_plus(text, errors="replace")
    data = value.strip().encode("utf-8", "replace")
    if len(data) < _LEAST:
        return
    for lead, unsure in ((0, 0), (1, 2), (2, 3)):  # characters that also hold bits of what stands before
        whole = base64.b64encode(bytes(lead) + data).decode().rstrip("=")
        form = whole[unsure : len(whole) - ((lead + len(data)) % 3 > 0)]
        yield form
        yield form.replace("+", "-").replace("/", "_")


_process = Scrubber()


def remember(values: Iterable[str | None]) -> None:
    """From now on `scrub` hides these values in this process."""
    _process.add(values)


def scrub(text: str) -> str:
    """`text` (also a JSON text) without the values to remember and without what `hide` hides."""
    return _process.scrub(text)
