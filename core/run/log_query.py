"""What is looked for in a log, and how often a piece of log holds it."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

_SAMPLE = 1 << 13


class BadPattern(Exception):
    """Not a regular expression; the message says why, for the user."""


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
        _compiled(self.pattern, self.regex)

    @property
    def ignore_case(self) -> bool:
        """Whether capitals and small letters are the same."""
        return _ignores_case(self.pattern, self.regex)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where in a line the matches are, from left to right."""
        found = [match.span() for match in _compiled(self.pattern, self.regex).finditer(text)]
        return [span for span in found if span[0] < span[1]]

    def count(self, block: bytes) -> Count:
        """Matches in whole lines of plain UTF-8 (see `log_text.plain_block`)."""
        branches = _needles(self.pattern, self.regex, self.ignore_case)
        if branches is None:
            return self._count_lines(block.decode("utf-8", "replace").split("\n"))
        haystack = block.lower() if self.ignore_case else block
        if not self.regex:
            return _count_text(haystack, branches[0][0])
        rarest = [_rarest(haystack, branch) for branch in branches]
        lines = {span for needle in rarest if needle for span in _lines_with(haystack, needle)}
        return self._count_lines(block[start:end].decode("utf-8", "replace") for start, end in lines)

    def _count_lines(self, lines: Iterable[str]) -> Count:
        pattern = _compiled(self.pattern, self.regex)
        hits = [len(self.spans(line)) for line in lines if pattern.search(line)]
        return Count(sum(hit > 0 for hit in hits), sum(hits))


def _count_text(block: bytes, needle: bytes) -> Count:
    marks = block.count(needle)
    return Count(sum(1 for _ in _lines_with(block, needle)) if marks > 1 else marks, marks)


def _lines_with(block: bytes, needle: bytes) -> Iterator[tuple[int, int]]:
    at = block.find(needle)
    while at >= 0:
        end = block.find(b"\n", at)
        end = end if end >= 0 else len(block)
        yield block.rfind(b"\n", 0, at) + 1, end
        at = block.find(needle, end)


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
