"""The search of a log as the log pane uses it: where the next match is, and which lines match, without ever waiting."""

from __future__ import annotations

from collections.abc import Callable

from ...core.run.line_index import BLOCK, LineIndex
from ...core.run.log_hits import LogScan, hits_in
from ...core.run.log_query import Count, Query

Marks = list[tuple[int, int]]


class Search:
    """One query in one index. Blocks are counted by a process; only those that it survived are looked into here."""

    def __init__(self, index: LineIndex, query: Query, first_line: int, changed: Callable[[], None]) -> None:
        self.query = query
        self._index = index
        self._first = index.block_of(first_line) if index.extent.lines else 0
        self._scan = LogScan(index.fd, query, changed)
        self._kept: dict[int, tuple[Count, list[tuple[int, Marks]]]] = {}
        self.grow()

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
        self._scan.grow(self._index.extent.end, self._first)

    def stop(self) -> None:
        """End it."""
        self._scan.stop()

    def line(self, number: int) -> int | None:
        """The line that is match `number` (from 0) among matching lines; None when it is not counted yet."""
        hits = self._scan.hits
        block = hits.block_of(number)
        found = self._in(block)
        place = number - hits.before(block).lines
        return found[place][0] if found is not None and 0 <= place < len(found) else None

    def number_before(self, line: int) -> int:
        """How many matching lines come before `line`, as far as they are counted."""
        block = self._block(line)
        found = self._in(block) or []
        return self._scan.hits.before(block).lines + sum(number < line for number, _ in found)

    def next(self, line: int, mark: int, step: int) -> tuple[int, int] | None:
        """The match after (or before) match `mark` of `line`, as (line, match); None when there is none counted."""
        block: int | None = self._block(line)
        while block is not None:
            found = self._in(block)
            if found is None:
                return None
            places = [(number, place) for number, marks in found for place in range(len(marks))]
            fitting = [at for at in places if (at > (line, mark) if step > 0 else at < (line, mark))]
            if fitting:
                return fitting[0] if step > 0 else fitting[-1]
            block = self._scan.hits.next_block(block + step, step)
        return None

    def position(self, line: int, mark: int) -> int:
        """Which match it is of all, from 1."""
        block = self._block(line)
        before = sum(len(marks) for number, marks in self._in(block) or [] if number < line)
        return self._scan.hits.before(block).marks + before + mark + 1

    def _block(self, line: int) -> int:
        return self._index.block_of(max(0, min(line, self._index.extent.lines - 1))) if self._index.extent.lines else 0

    def _in(self, block: int) -> list[tuple[int, Marks]] | None:
        count = self._scan.hits.known(block)
        if count is None or block * BLOCK > self._index.extent.end:
            return None
        kept = self._kept.get(block)
        if kept is None or kept[0] != count:
            if len(self._kept) > 64:
                self._kept.clear()
            kept = self._kept[block] = (count, hits_in(self._index, self.query, block) if count.marks else [])
        return kept[1]
