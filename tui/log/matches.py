"""The search of a log as the log pane uses it: where the next match is, and which lines match, without ever waiting."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable

from ...core.logs.hits import hits_in, marks_between
from ...core.logs.line_index import LineIndex
from ...core.logs.query import Count, Query
from ...core.logs.scan import LogScan
from ...core.logs.text import line_bytes, plain

Hit = tuple[int, int]
"""A match: its line, and which of the line's matches it is."""

_KEPT = 64


class Search:
    """One query in one index. Blocks are counted by a process; only those that it survived are looked into here."""

    def __init__(self, index: LineIndex, query: Query, first_line: int, changed: Callable[[], None]) -> None:
        """Counting begins around `first_line`."""
        self.query = query
        self._index = index
        self._scan = LogScan(index.fd, query, changed, first=self._block(first_line))
        self._kept: dict[int, tuple[Count, list[int]]] = {}
        self.grow()

    @property
    def version(self) -> int:
        """Another number whenever something was counted."""
        return self._scan.hits.version

    @property
    def lines(self) -> int:
        """Matching lines counted so far."""
        return self._scan.hits.total.lines

    @property
    def marks(self) -> int:
        """Matches counted so far."""
        return self._scan.hits.total.marks

    @property
    def searching(self) -> bool:
        """Whether more may come."""
        return self._scan.searching

    @property
    def problem(self) -> str:
        """A sentence when the search ended early."""
        return self._scan.problem

    def grow(self) -> None:
        """Take in what the log has gained."""
        self._scan.grow(self._index.extent.end)

    def stop(self) -> None:
        """End it."""
        self._scan.stop()

    def covers(self, offset: int) -> bool:
        """Whether the line that begins at `offset` was searched already."""
        return self._scan.covers(offset)

    def line(self, number: int) -> int | None:
        """The line that is match `number` (from 0) among matching lines; None when it is not counted yet."""
        block = self._scan.hits.block_of(number)
        found = self._in(block)
        place = number - self._scan.hits.before(block).lines
        return found[place] if found is not None and 0 <= place < len(found) else None

    def number_before(self, line: int) -> int:
        """How many matching lines come before `line`, as far as they are counted."""
        block = self._block(line)
        return self._scan.hits.before(block).lines + bisect_left(self._in(block) or [], line)

    def spans(self, line: int) -> list[tuple[int, int]]:
        """The matches in the whole text of a line."""
        found = self._index.spans(line, 1)
        return self.query.spans(plain(line_bytes(self._index, *found[0]))) if found else []

    def next(self, line: int, mark: int, step: int) -> Hit | None:
        """The match after (or before) match `mark` of `line`; None when there is none, or it is not counted yet."""
        block: int | None = self._block(line)
        found = self._in(block)
        if found is None:
            return None
        if line in found[bisect_left(found, line) :][:1] and 0 <= mark + step < len(self.spans(line)):
            return line, mark + step
        rest = found[bisect_right(found, line) :] if step > 0 else found[: bisect_left(found, line)]
        while not rest:
            block = self._scan.hits.next_block(block + step, step)
            rest = self._in(block) if block is not None else None
            if block is None or rest is None:
                return None
        return (rest[0], 0) if step > 0 else (rest[-1], len(self.spans(rest[-1])) - 1)

    def first(self) -> Hit | None:
        """The first match in the log."""
        return self.next(-1, 0, 1)

    def last(self) -> Hit | None:
        """The last match in the log."""
        return self.next(self._index.extent.lines, 0, -1)

    def position(self, line: int, mark: int) -> int:
        """Which match it is of all, from 1."""
        block = self._block(line)
        before = marks_between(self._index, self.query, self._index.first_line(block), line)
        return self._scan.hits.before(block).marks + before + mark + 1

    def _block(self, line: int) -> int:
        lines = self._index.extent.lines
        return self._index.block_of(max(0, min(line, lines - 1))) if lines else 0

    def _in(self, block: int) -> list[int] | None:
        """The matching lines that begin in a block; None when it is not counted yet."""
        count = self._scan.hits.known(block)
        if count is None:
            return None
        kept = self._kept.get(block)
        if kept is None or kept[0] != count:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            # The count may be behind the file, whose last line grows; a wrong number of lines would tear the view.
            lines = hits_in(self._index, self.query, block)[: count.lines] if count.lines else []
            kept = self._kept[block] = (count, lines)
        return kept[1]
