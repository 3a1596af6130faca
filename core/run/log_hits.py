"""Where in a log the matches of a search are: numbers for each block, from a process that counts them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from array import array
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate

from .line_index import BLOCK, LineIndex
from .log_query import Count, Query
from .log_search import DONE, REPLY
from .log_text import line_bytes, plain

_UNKNOWN = 0xFFFFFFFF


class HitIndex:
    """Matches per block of a log, as far as they are counted. One thread may `put` while others read."""

    def __init__(self) -> None:
        self.version = 0
        self.total = Count(0, 0)
        self._lines = array("I")
        self._marks = array("I")
        self._sums: tuple[int, array[int], array[int]] = (-1, array("Q"), array("Q"))

    def put(self, block: int, count: Count) -> None:
        """Set the numbers of one block; the last one grows, so they may be set again."""
        missing = block + 1 - len(self._lines)
        if missing > 0:
            self._marks.extend([_UNKNOWN] * missing)
            self._lines.extend([_UNKNOWN] * missing)
        before = self.known(block) or Count(0, 0)
        self._marks[block] = count.marks
        self._lines[block] = count.lines
        self.total = Count(self.total.lines + count.lines - before.lines, self.total.marks + count.marks - before.marks)
        self.version += 1

    def known(self, block: int) -> Count | None:
        """The numbers of one block; None when they are not counted yet."""
        if not 0 <= block < len(self._lines) or self._lines[block] == _UNKNOWN:
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
        last = len(self._lines)
        while 0 <= block < last and not self._marks[block]:
            block += step
        return block if 0 <= block < last else None

    def _cumulated(self) -> tuple[array[int], array[int]]:
        version, lines, marks = self._sums
        if version != self.version:
            version = self.version
            lines = array("Q", accumulate(0 if n == _UNKNOWN else n for n in self._lines))
            marks = array("Q", accumulate(0 if n == _UNKNOWN else n for n in self._marks))
            self._sums = (version, lines, marks)
        return lines, marks


class LogScan:
    """Counts the matches of one query in one file, in a process of its own, and keeps up with its growth.

    `changed` is called from a thread of this object when numbers have come. `problem` is a sentence for the user when
    the search has ended before its time, "" otherwise.
    """

    def __init__(self, fd: int, query: Query, changed: Callable[[], None]) -> None:
        self.query = query
        self.hits = HitIndex()
        self.problem = ""
        self._asked: int | None = None
        self._counted = 0
        self._changed = changed
        self._stopped = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.log_search", str(fd)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[fd],
            # A Ctrl-C in the terminal is for the dashboard alone.
            start_new_session=True,
        )
        self._send(json.dumps({"pattern": query.pattern, "regex": query.regex}))
        threading.Thread(target=self._read, name="log-search", daemon=True).start()

    @property
    def searching(self) -> bool:
        """Whether numbers are still to come."""
        return self._asked is not None and not self.problem

    def grow(self, end: int, first: int = 0) -> None:
        """See that the file is counted up to byte `end`, what lies before block `first` last. Does not wait."""
        if self._asked is None and end > self._counted and not self.problem:
            self._asked = end
            self._send(f"{first} {end}")

    def stop(self) -> None:
        """End the process. Later calls do nothing."""
        self._stopped = True
        self._process.kill()

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        # A process that has gone is noticed, with its reason, by the thread that reads from it.
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()

    def _read(self) -> None:
        out = self._process.stdout
        assert out is not None
        rest = b""
        while data := os.read(out.fileno(), 1 << 16):
            rest += data
            whole = len(rest) - len(rest) % REPLY.size
            self._take(rest[:whole])
            rest = rest[whole:]
            self._changed()
        self._end()

    def _take(self, data: bytes) -> None:
        for block, lines, marks in REPLY.iter_unpack(data):
            if block == DONE:
                self._counted, self._asked = self._asked or 0, None
            else:
                self.hits.put(block, Count(lines, marks))

    def _end(self) -> None:
        with self._process:
            self._process.wait()
        if not self._stopped:
            slow = self._process.returncode < 0
            why = "takes too long on a line of it" if slow else "ended early"
            self.problem = f"the search {why}, so matches are missing"
            self._changed()


def hits_in(index: LineIndex, query: Query, block: int) -> list[tuple[int, list[tuple[int, int]]]]:
    """The lines that begin in this block and match: their numbers, and where in the plain text the matches are."""
    first = index.first_line(block)
    spans = index.spans(first, index.first_line(block + 1) - first)
    found = ((first + n, query.spans(plain(line_bytes(index, *span)))) for n, span in enumerate(spans))
    return [(number, marks) for number, marks in found if marks]


def block_at(offset: int) -> int:
    """The block that a byte of the file is in."""
    return offset // BLOCK
