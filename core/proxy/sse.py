"""Server-sent events, parsed as their bytes come in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..base.errors import EvaldockError

_BLANK_LINE = re.compile(rb"(?:\r\n|\n|\r(?!\n)){2}")
_LINE_END = re.compile(r"\r\n|\n|\r")
_LIMIT = 32 * 1024 * 1024


class EventTooLarge(EvaldockError):
    """A single event of more than 32 MB."""


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event. `raw` are its bytes with the blank line that ends it.

    A block without data (a comment that keeps the connection alive) has `data` "".
    """

    data: str
    event: str | None
    raw: bytes

    @property
    def done(self) -> bool:
        """Whether this is OpenAI's end of the stream."""
        return self.data.strip() == "[DONE]"


def make_event(data: str, event: str | None = None) -> SseEvent:
    """An event with these contents; `data` may have several lines."""
    lines = [f"event: {event}"] if event else []
    lines += [f"data: {line}" for line in _LINE_END.split(data)]
    return SseEvent(data, event, ("\n".join(lines) + "\n\n").encode("utf-8", "replace"))


class SseParser:
    """Turns chunks into events; the `raw` of all events joined are the bytes that were fed."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The events that are complete with this chunk. Raises EventTooLarge."""
        searched = max(0, len(self._rest) - 3)
        self._rest += chunk
        events: list[SseEvent] = []
        start = 0
        for match in _BLANK_LINE.finditer(self._rest, searched):
            events.append(_event(bytes(self._rest[start : match.end()])))
            start = match.end()
        del self._rest[:start]
        if len(self._rest) > _LIMIT:
            raise EventTooLarge
        return events

    def end(self) -> list[SseEvent]:
        """What was left without a blank line after it."""
        rest, self._rest = bytes(self._rest), bytearray()
        return [_event(rest)] if rest else []


def reparsed(raw: bytes) -> SseEvent:
    """The event that these bytes are."""
    return _event(raw)


def _event(raw: bytes) -> SseEvent:
    data: list[str] = []
    name: str | None = None
    for line in _LINE_END.split(raw.decode("utf-8", "replace").removeprefix("\ufeff")):
        field, _, value = line.partition(":")
        if field == "data":
            data.append(value.removeprefix(" "))
        elif field == "event":
            name = value.removeprefix(" ")
    return SseEvent("\n".join(data), name, raw)
