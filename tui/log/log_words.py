"""What the beginning of a log line says: time, level, who speaks. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..theme import Role


class Part(NamedTuple):
    """A part of a line: where it ends, and how it looks."""

    end: int
    role: Role = "dim"
    bold: bool = False


_HEADER = 100
"""Characters in which time and level are looked for."""

_DATE = r"(?:\d{4}[-/]\d\d[-/]\d\d|\d\d[-/]\d\d(?:[-/]\d\d)?|[A-Z][a-z]{2} [ \d]\d)"
_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d+)?"
_ZONE = r"(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
_TIME = re.compile(rf"[\[(]?(?:{_DATE}[T :]{{1,2}})?{_CLOCK}{_ZONE}\b[\])]?")
_LEVEL = re.compile(
    r"(?P<quiet>TRACE|DEBUG|INFO|NOTICE|SUCCESS)(?=[^A-Za-z]|$)|(?P<warn>WARN(?:ING)?)(?=[^A-Za-z]|$)"
    r"|(?P<bad>ERROR|ERR|CRITICAL|FATAL|SEVERE)(?=[^A-Za-z]|$)"
)
_LETTER = re.compile(
    rf"\[(?:(?P<warn>W)|(?P<bad>[ECF])|(?P<quiet>[TDIN])) (?={_DATE}[T :]{_CLOCK})"
)  # [W 2026-11-23T...]
_BRACKET = re.compile(r"\[[^\[\]]{1,60}\]|\([^()]{1,60}\)|<[^<>]{1,60}>")
# A name is the speaker's only where a separator or a column follows, else it is the first word of the message.
_SPEAKER = re.compile(r"[\w.\-/@:]+(?=  | - | \| )")
_GLUED = re.compile(r":[\w.\-/]+(?=:)")  # INFO:root:message
_LEVEL_ROLES: dict[str, Role] = {"quiet": "dim", "warn": "warn", "bad": "bad"}
_BETWEEN = re.compile(r"[ \t|,:\-]+")


def parts(text: str) -> list[Part]:
    """Where the parts of a line end, and what they are; the last one is the message.

    INFO is as quiet as the time; only WARN and ERROR have a colour, on the word itself; the message of an ERROR is
    bright. A line without a header that is set in belongs to the one before (a traceback, say) and stays quiet.
    """
    found: list[Part] = []
    at, level, spoken, header = 0, "", False, False
    if letter := _LETTER.match(text):
        level = letter.lastgroup or ""
        found += [Part(1), Part(2, _LEVEL_ROLES[level], level != "quiet")]
        at = 2
    while at < _HEADER:
        if gap := _BETWEEN.match(text, at):
            at = gap.end()
            found.append(Part(at))
        if time := _TIME.match(text, at):
            part, header = Part(time.end()), True
        elif not level and (match := _level(text, at)):
            level = match.lastgroup or ""
            part, header = Part(match.end(), _LEVEL_ROLES[level], level != "quiet"), True
        elif (header or _followed(text, at)) and (bracket := _BRACKET.match(text, at)):
            part = Part(bracket.end())
        elif header and not spoken and (name := _SPEAKER.match(text, at)):
            part, spoken = Part(name.end()), True
        else:
            break
        found.append(part)
        at = part.end
        if level and not spoken and (glued := _GLUED.match(text, at)):
            found.append(Part(glued.end() + 1))
            at, spoken = glued.end() + 1, True
    if not header:
        quiet = text[:1] in (" ", "\t")
        return [Part(len(text), "dim" if quiet else "text")]
    found.append(Part(len(text), "bright" if level == "bad" else "text"))
    return found


def _level(text: str, at: int) -> re.Match[str] | None:
    """A level word at `at`; in brackets it may be small."""
    match = _LEVEL.match(text, at)
    if match is None and text[at : at + 1] == "[" and (bracket := _BRACKET.match(text, at)):
        inner = _LEVEL.match(bracket[0][1:-1].strip().upper())
        if inner is not None and len(inner[0]) == len(bracket[0][1:-1].strip()):
            return re.compile(rf"(?P<{inner.lastgroup}>{re.escape(bracket[0])})").match(text, at)
    return match


def _followed(text: str, at: int) -> bool:
    """Whether a bracket at the very beginning is followed by a header, and not by a message."""
    bracket = _BRACKET.match(text, at)
    if bracket is None:
        return False
    gap = _BETWEEN.match(text, bracket.end())
    then = gap.end() if gap else bracket.end()
    return bool(_TIME.match(text, then) or _LEVEL.match(text, then))
