"""Keeping an endpoint's key out of everything that a container gets, however a server writes it.

Servers quote what they were sent: in errors, in debug headers, in the answer to TRACE, escaped for JSON, URLs or HTML,
or as base64 in a dump of the request. Those forms are found. What an endpoint hides on purpose cannot be found, and
need not be: such an endpoint has the key already.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from html.entities import codepoint2name

from ..base.errors import EvaldockError
from ..base.secrets import HIDDEN
from .sse import SseEvent, reparsed

_MASK = HIDDEN.encode()
_SHORTEST = 8
_WORD = 16
_FORMS = 6  # the longest way to write a character of a key, in characters
_HEAD = 24  # characters
_HELD = 4  # so many characters of a key may pass before it is known whether the rest follows


def worth_hiding(secret: str | None) -> bool:
    """Whether a value is a secret; `EMPTY`, `dummy` and the like stand for none, and may be words of an answer."""
    return (
        bool(secret) and len(secret or "") >= _SHORTEST and (not (secret or "").isalpha() or len(secret or "") >= _WORD)
    )


class KeyGuard:
    """Replaces secrets by `***`. Looking for them costs a few microseconds; only where one is, more is done."""

    __slots__ = ("_always", "_lowered", "_needles", "_patterns", "_secrets", "_texts", "_wide", "margin", "words")

    def __init__(self, secrets: Iterable[str | None]) -> None:
        self._secrets = tuple(dict.fromkeys(s for s in secrets if s and worth_hiding(s)))
        forms = [form for secret in self._secrets for form in _forms(secret)]
        self._texts = tuple(dict.fromkeys(forms))
        self._needles = tuple(form.encode("utf-8", "replace") for form in self._texts)
        self._lowered = tuple(secret.lower() for secret in self._secrets)
        self._wide = tuple(s.encode(kind) for s in self._secrets for kind in ("utf-16-le", "utf-16-be"))
        # Escapes matter in base64 only where it has characters that are ever escaped.
        escaped = [form for form in self._texts if form in self._secrets or not form.isalnum()]
        self._patterns = tuple(re.compile(_pattern(form)) for form in escaped)
        self.words = tuple(_Word(secret) for secret in self._secrets)
        self._always = any(c in '"\\/' for form in escaped for c in form)
        self.margin = max((len(needle) for needle in self._needles), default=0) * _FORMS
        """No written form of a secret is longer than this many bytes, but for escapes of escapes."""

    def data(self, data: bytes) -> bytes:
        """`data` without the secrets."""
        for needle in self._needles:
            if needle in data:
                return self._without(data)
        return self._without(data) if self._escapes(data) else data

    def text(self, text: str) -> str:
        """`text` without the secrets."""
        if not self._secrets:
            return text
        return self.data(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")

    def headers(self, headers: dict[str, str]) -> dict[str, str]:
        """Headers by lower-case name without those that have a secret in their name, and without it in values."""
        for secret in self._lowered:
            if secret in "\n".join(headers):
                headers = {name: value for name, value in headers.items() if secret not in name}
        values = "\n".join(headers.values())
        for form in self._texts:
            if form in values:
                break
        else:
            if not _ESCAPES.search(values):
                return headers
        return {name: self.text(value) for name, value in headers.items()}

    def _escapes(self, data: bytes) -> bool:
        """Whether something may be written in another way than as it is."""
        if not self._secrets:
            return False
        if self._always or b"%" in data or b"&" in data or b"\0" in data:
            return True
        return b"\\" in data and (b"\\u00" in data or b"\\x" in data)

    def _without(self, data: bytes) -> bytes:
        for needle in self._needles:
            data = data.replace(needle, _MASK)
        for pattern in self._patterns:
            data = pattern.sub(_MASK, data)
        if b"\0" in data:
            for needle in self._wide:
                data = data.replace(needle, b"")
        return data


class GuardedBody:
    """The same over a body that comes in pieces, wherever they are cut."""

    __slots__ = ("_guard", "_rest")

    def __init__(self, guard: KeyGuard) -> None:
        self._guard = guard
        self._rest = b""

    def feed(self, piece: bytes) -> bytes:
        """What may go on after this piece; the last bytes wait for what follows them."""
        clean = self._guard.data(self._rest + piece)
        keep = max(0, len(clean) - self._guard.margin)
        self._rest = clean[keep:]
        return clean[:keep]

    def end(self) -> bytes:
        """What was left."""
        rest, self._rest = self._rest, b""
        return rest


class KeyInStream(EvaldockError):
    """A streamed answer that spells the key over several events."""


class GuardedEvents:
    """The same over the events of a stream, also where a text of several events spells a secret."""

    __slots__ = ("_guard", "_held", "_spelled")

    def __init__(self, guard: KeyGuard) -> None:
        self._guard = guard
        self._held: list[SseEvent] = []
        self._spelled = [_Spelled(word) for word in guard.words]

    def feed(self, events: list[SseEvent]) -> list[SseEvent]:
        """The events that may go on. Raises KeyInStream; what is held back then must not be sent."""
        if not self._spelled:
            return events
        out: list[SseEvent] = []
        whole = events[0].raw if len(events) == 1 else b"".join([event.raw for event in events])
        if self._guard.data(whole) is not whole:
            events = [reparsed(self._guard.data(event.raw)) for event in events]
        for event in events:
            spelling = False
            for one in self._spelled:
                spelling |= one.feed(event.data)
            self._held.append(event)
            if not spelling:
                out += self._held
                self._held.clear()
        return out

    def end(self) -> list[SseEvent]:
        """What was held back and did not become the key."""
        held, self._held = self._held, []
        return held


_ESCAPES = re.compile(r"[%&\\\0]")
_VALUE = re.compile(r'"(\w+)"\s*:\s*"([^"\\]*(?:\\.[^"\\]*)*)"')
_INDEX = re.compile(r'"index"\s*:\s*(\d{1,6})')
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)


class _Word:
    """A secret with what it takes to see it being spelled."""

    __slots__ = ("back", "begun", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.back = _borders(text)
        head = text[:_HEAD]
        self.begun = re.compile(rf'{re.escape(head)}|{_beginnings(head)}"(?!\s*:)')


class _Spelled:
    """How far the texts of a stream, by choice and field, spell one secret at their end."""

    __slots__ = ("_far", "_word")

    def __init__(self, word: _Word) -> None:
        self._word = word
        self._far: dict[tuple[str, str], int] = {}

    def feed(self, data: str) -> bool:
        """Take an event in: whether a part of the secret stands at the end of some text. Raises KeyInStream."""
        # Almost no text ends with the beginning of a key.
        if not self._far and "\\" not in data and not self._word.begun.search(data):
            return False
        found = _INDEX.search(data)
        index = found[1] if found else ""
        for name, value in _VALUE.findall(data):
            key = (index, name)
            far = self._far.pop(key, 0)
            if "\\" in value:
                value = _ESCAPED.sub(lambda m: chr(int(m[1], 16)) if m[1] else m[2], value)
            far = self._advance(far, value)
            if far:
                self._far[key] = far
        return any(far >= _HELD for far in self._far.values())

    def _advance(self, far: int, value: str) -> int:
        secret, back = self._word.text, self._word.back
        for c in value:
            while far and secret[far] != c:
                far = back[far - 1]
            if secret[far] == c:
                far += 1
            if far == len(secret):
                raise KeyInStream
        return far


def _beginnings(word: str) -> str:
    """A pattern for each part of `word` that it begins with, but for all of it."""
    pattern = ""
    for c in reversed(word[1:-1]):
        pattern = f"(?:{re.escape(c)}{pattern})?"
    return re.escape(word[0]) + pattern


def _borders(word: str) -> list[int]:
    """For each prefix the length of its longest part that it both begins and ends with (Knuth, Morris, Pratt)."""
    found = [0] * len(word)
    for place in range(1, len(word)):
        far = found[place - 1]
        while far and word[place] != word[far]:
            far = found[far - 1]
        found[place] = far + (word[place] == word[far])
    return found


def _forms(secret: str) -> list[str]:
    data = secret.encode("utf-8", "surrogateescape")
    forms = [secret, data.hex()]
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        # The same three bytes are written in three ways, as they stand in the whole. Only characters that come from
        # the secret alone are certain.
        for before in range(3):
            whole = encode(b"\0" * before + data + b"\0\0").decode("ascii")
            forms.append(whole[-(-before * 8 // 6) : (before + len(data)) * 8 // 6])
    return forms


def _pattern(form: str) -> bytes:
    return b"".join(b"(?:%s)" % b"|".join(_written(c)) for c in form)


def _written(c: str) -> list[bytes]:
    """Patterns for the ways in which a character is written, each with a literal first byte (which is fast)."""
    code = ord(c)
    ways = [re.escape(c.encode("utf-8", "surrogateescape"))]
    ways.append(rb"\\\\{0,7}u%s" % _either(f"{code:04x}"))
    if code < 0x80:
        two = _either(f"{code:02x}")
        ways += [rb"\\\\{0,7}x%s" % two, rb"%%(?:25){0,3}%s" % two]
        if not c.isalnum():
            ways.append(rb"\\\\{0,7}%s" % re.escape(c.encode()))
    ways.append(rb"&(?:amp;){0,3}#0{0,6}%d;" % code)
    ways.append(rb"&(?:amp;){0,3}#[xX]0{0,6}%s;" % _either(f"{code:x}"))
    if name := {39: "apos"}.get(code) or codepoint2name.get(code):
        ways.append(rb"&(?:amp;){0,3}%s;" % name.encode())
    return ways


def _either(digits: str) -> bytes:
    return "".join(f"[{d}{d.upper()}]" if d.isalpha() else d for d in digits).encode()
