"""Where in a log the matches of a search are, with nine bytes of memory for each 64 KiB of it."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from itertools import accumulate

from .line_index import BLOCK, LineIndex
from .query import Count, Query
from .search import marks_of_long
from .text import plain_block


class HitIndex:
    """Matches per block of a log, as far as they are counted. One thread may `put` while others read."""

    def __init__(self) -> None:
        self.version = 0
        self.total = Count(0, 0)
        self._lines = array("I")
        self._marks = array("I")
        self._known = bytearray()
        self._sums: tuple[int, array[int], array[int]] = (-1, array("Q"), array("Q"))

    def put(self, block: int, count: Count) -> None:
        """Set the numbers of one block; the last one grows, so they may be set again."""
        missing = block + 1 - len(self._known)
        if missing > 0:
            self._lines.extend([0] * missing)
            self._marks.extend([0] * missing)
            self._known.extend(bytes(missing))
        lines, marks = self._lines[block], self._marks[block]
        self._lines[block], self._marks[block] = count
        self._known[block] = 1
        self.total = Count(self.total.lines + count.lines - lines, self.total.marks + count.marks - marks)
        self.version += 1

    def known(self, block: int) -> Count | None:
        """The numbers of one block; None when they are not counted yet."""
        if not 0 <= block < len(self._known) or not self._known[block]:
            return None
        return Count(self._lines[block], self._marks[block])

    def before(self, block: int) -> Count:
        """Matches counted in all blocks before this one."""
        lines, marks = self._cumulated()
        block = max(0, min(block, len(lines)))
        return Count(lines[block - 1], marks[block - 1]) if block else Count(0, 0)

    def block_of(self, hit: int) -> int:
        """The block in which the matching line number `hit` (from 0, as far as counted) begins."""
        lines, _ = self._cumulated()
        return bisect_right(lines, hit)

    def next_block(self, block: int, step: int) -> int | None:
        """The next block from this one on, itself included, in which a match is or may be; None when none is."""
        last = len(self._known)
        while 0 <= block < last and self._known[block] and not self._marks[block]:
            block += step
        return block if 0 <= block < last else None

    def _cumulated(self) -> tuple[array[int], array[int]]:
        version, lines, marks = self._sums
        if version != self.version:
            version = self.version
            lines, marks = array("Q", accumulate(self._lines)), array("Q", accumulate(self._marks))
            self._sums = (version, lines, marks)
        return lines, marks


def hits_in(index: LineIndex, query: Query, block: int) -> list[int]:
    """The numbers of the lines that begin in this block and match."""
    first = index.first_line(block)
    count = index.first_line(block + 1) - first
    text = _text(index, first, count)
    if text is not None:
        return [first + number for number in query.lines_in(text)]
    return [first + number for number, marks in enumerate(marks_of_long(index, query, first, count)) if marks]


def marks_between(index: LineIndex, query: Query, first: int, last: int) -> int:
    """How many matches are in the lines from `first` up to `last`, which is not counted."""
    text = _text(index, first, last - first)
    return query.count(text).marks if text is not None else sum(marks_of_long(index, query, first, last - first))


def _text(index: LineIndex, first: int, count: int) -> bytes | None:
    """The plain bytes of some lines at once; None when some of them are so long that only parts of them count."""
    if count <= 0:
        return b""
    start, end = index.spans(first, 1)[0][0], index.spans(first + count - 1, 1)[0][1]
    return plain_block(index.read(start, end)) if end - start <= 2 * BLOCK else None
