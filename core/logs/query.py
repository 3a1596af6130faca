"""What is looked for in a log, and how often a piece of log holds it."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ..base.errors import EvaldockError

_SAMPLE = 1 << 13


class BadPattern(EvaldockError):
    """Nothing that can be looked for; the message says why, for the user."""


class Count(NamedTuple):
    """How often a piece of log matches."""

    lines: int
    """Lines with a match."""
    marks: int
    """Matches; a line can have several."""


@dataclass(frozen=True)
class Query:
    """A text or a regular expression. Without a capital letter in it, case does not matter ("smart case").

    Lines are searched one by one, as they are shown: without colours, and only the last rewriting of a line that was
    written over. Matches of nothing (`x*`) are none.
    """

    pattern: str
    regex: bool = False

    def __post_init__(self) -> None:
        """Raises BadPattern."""
        if not self.pattern or "\n" in self.pattern:
            raise BadPattern("a search is for some text in a single line")
        _compiled(self.pattern, self.regex)

    @property
    def ignore_case(self) -> bool:
        """Whether capitals and small letters are the same."""
        return _ignores_case(self.pattern, self.regex)

    def spans(self, text: str, end: int | None = None) -> list[tuple[int, int]]:
        """Where in a line the matches are, from left to right; with `end` only those that begin before it."""
        found: list[tuple[int, int]] = []
        for match in _compiled(self.pattern, self.regex).finditer(text):
            if end is not None and match.start() >= end:
                break
            if match.end() > match.start():
                found.append(match.span())
        return found

    def count(self, block: bytes) -> Count:
        """Matches in whole lines of plain UTF-8 (see `log_text.plain_block`)."""
        if not self.regex and (needles := _needles(self.pattern, False, self.ignore_case)):
            needle = needles[0][0]
            haystack = block.lower() if self.ignore_case else block
            # Looking is quicker than counting, and most blocks have none.
            marks = haystack.count(needle) if needle in haystack else 0
            return Count(sum(1 for _ in _lines_with(haystack, needle)) if marks > 1 else marks, marks)
        found = [len(marks) for _, marks in self._matching(block)]
        return Count(len(found), sum(found))

    def lines_in(self, block: bytes) -> list[int]:
        """Which of the lines of such a block match, counted from 0."""
        numbers: list[int] = []
        number = at = 0
        # A text is in every line that it was found in; an expression has to be tried.
        found = not self.regex and _needles(self.pattern, False, self.ignore_case) is not None
        for start, _ in self._candidates(block) if found else self._matching(block):
            number += block.count(b"\n", at, start)
            at = start
            numbers.append(number)
        return numbers

    def _matching(self, block: bytes) -> Iterator[tuple[int, list[tuple[int, int]]]]:
        """Offset in the block, and matches, of each line that matches."""
        # Bytes of ASCII are characters: then the block is made text once, and not line by line.
        text = block.decode("ascii") if block.isascii() else None
        for start, end in self._candidates(block):
            line = text[start:end] if text is not None else block[start:end].decode("utf-8", "replace")
            if marks := self.spans(line):
                yield start, marks

    def _candidates(self, block: bytes) -> Iterable[tuple[int, int]]:
        branches = _needles(self.pattern, self.regex, self.ignore_case)
        if branches is None:
            return _lines_with(block, b"")
        haystack = block.lower() if self.ignore_case else block
        if len(branches) == 1:
            needle = _rarest(haystack, branches[0])
            return _lines_with(haystack, needle) if needle else ()
        rarest = [_rarest(haystack, branch) for branch in branches]
        return sorted({span for needle in rarest if needle for span in _lines_with(haystack, needle)})


def _lines_with(block: bytes, needle: bytes) -> Iterator[tuple[int, int]]:
    """Where the lines that hold `needle` (which has no newline) begin and end."""
    at = block.find(needle)
    while at >= 0:
        end = block.find(b"\n", at)
        if end < 0:
            end = len(block)
        yield block.rfind(b"\n", 0, at) + 1, end
        at = block.find(needle, end + 1)


def _rarest(block: bytes, needles: tuple[bytes, ...]) -> bytes | None:
    """The one of the texts that is in a sample of the block least often; None when one is not there at all."""
    if not all(needle in block for needle in needles):
        return None
    return min(needles, key=lambda needle: block.count(needle, 0, _SAMPLE))


@functools.lru_cache(maxsize=8)
def _compiled(pattern: str, regex: bool) -> re.Pattern[str]:
    flags = re.IGNORECASE if _ignores_case(pattern, regex) else re.NOFLAG
    if not regex:
        # ASCII only where that decides, so that a "k" does not match the Kelvin sign here and miss it in `count`.
        return re.compile(re.escape(pattern), flags | (re.ASCII if pattern.isascii() else 0))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(pattern, flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise BadPattern(f"not a regular expression: {error}") from error


def _ignores_case(pattern: str, regex: bool) -> bool:
    # In \W, \S and \D the capital is not a letter to look for.
    letters = re.sub(r"\\.", "", pattern, flags=re.DOTALL) if regex else pattern
    return letters == letters.lower()


@functools.lru_cache(maxsize=8)
def _needles(pattern: str, regex: bool, ignore_case: bool) -> tuple[tuple[bytes, ...], ...] | None:
    """Groups of texts: a line that matches holds all texts of one group. None when none are known.

    bytes.find goes through a log twenty times as fast as a regular expression does, so the expression is only given
    the lines that have a chance.
    """
    branches = _literals(pattern) if regex else [[pattern]]
    if branches is None or (ignore_case and not all(text.isascii() for texts in branches for text in texts)):
        return None
    return tuple(tuple(_encoded(text, ignore_case) for text in texts) for texts in branches)


def _encoded(text: str, lower: bool) -> bytes:
    return (text.lower() if lower else text).encode("utf-8", "surrogatepass")


_PART = re.compile(
    r"(?P<literal>\\[^0-9A-Za-z]|[^\\\[\](){}.*+?|^$])|(?P<class>\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[.^$])"
    r"|(?P<drop>[*?]|\{[^}]*\})|(?P<plus>\+)|(?P<either>\|)",
    re.DOTALL,
)


def _literals(pattern: str) -> list[list[str]] | None:
    """For each branch of an expression without groups the texts that it must hold; None when a branch has none."""
    branches: list[list[str]] = [[]]
    run, at = "", 0
    while at < len(pattern):
        part = _PART.match(pattern, at)
        if part is None:
            return None
        at = part.end()
        if part["literal"]:
            run += part["literal"][-1]
            continue
        # What stands before a quantifier may be absent.
        branches[-1].append(run[:-1] if part["drop"] else run)
        run = ""
        if part["either"]:
            branches.append([])
    branches[-1].append(run)
    held = [[text for text in texts if text] for texts in branches]
    return held if all(held) else None
