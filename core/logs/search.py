"""Searching a log in a process of its own: `python -m evaldock.core.logs.search FD`.

A process, and not a thread, because an unlucky regular expression can take for ever on one line, holds Python's lock
all that time, and cannot be stopped; a process leaves the dashboard its lock and can be killed. It kills itself when
one block takes longer than `SLOWEST` seconds of processor time, so what it has counted can be evaluated again at no
risk.

It inherits the descriptor FD. First it reads a line with the query, `{"pattern": str, "regex": bool}`, then lines
`FIRST END`: count matches in what lies before byte END, beginning with block FIRST. For each block it writes three
32-bit numbers: the block, the lines that begin in it and match, the matches in them; at the end of a request `DONE`
and two zeros. A later request goes on where the former ended, and counts the last block again.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
import sys

from .line_index import BLOCK, LineIndex, Replaced
from .query import Count, Query
from .text import line_bytes, plain, plain_block

REPLY = struct.Struct("=III")
DONE = 0xFFFFFFFF
SLOWEST = 0.05
"""Seconds of processor time for a block of 64 KiB; usual are 0.0001 for a text, 0.001 for a regular expression."""

_AHEAD = 1 << 12
_MOST = 4
_WORTH_IT = 512
_AT_ONCE = 64  # replies in one write: as few bytes as a pipe never mixes with those of another process


class BlockCounter:
    """Counts the matches of one query, block by block. Raises OSError, Replaced."""

    def __init__(self, fd: int, query: Query) -> None:
        self._fd = fd
        self._query = query
        self._index: LineIndex | None = None

    def count(self, block: int, end: int) -> Count:
        """Matches in the lines that begin in `block`, of the file as long as it is `end` bytes."""
        start = block * BLOCK
        before = 1 if block else 0
        # The byte before tells whether a line begins with the block; the last line ends in the next block.
        data = os.pread(self._fd, min(before + BLOCK + _AHEAD, end - start + before), start - before)
        first = data.find(b"\n") + 1 if before else 0
        if before and not 0 < first <= BLOCK:
            return Count(0, 0)
        last = data.find(b"\n", before + BLOCK - 1)
        if last < 0 and start - before + len(data) < end:
            return self._count_long(block, end)
        return self._query.count(plain_block(data[first : last if last >= 0 else len(data)]))

    def _count_long(self, block: int, end: int) -> Count:
        if self._index is None:
            self._index = LineIndex(os.dup(self._fd))
        index = self._index
        while index.extent.end < end and not index.grow(end - index.extent.end):
            pass
        first = index.first_line(block)
        found = marks_of_long(index, self._query, first, index.first_line(block + 1) - first)
        return Count(sum(marks > 0 for marks in found), sum(found))


def marks_of_long(index: LineIndex, query: Query, first: int, count: int) -> list[int]:
    """How many matches each of these lines has, when the lines may be of any length."""
    return [len(query.spans(plain(line_bytes(index, *span)))) for span in index.spans(first, count)]


def order(blocks: int, first: int, done: int) -> list[int]:
    """The blocks to count: those from `first` to the end, then those before it, nearest first.

    `done` blocks, all in front of `first`, are counted already.
    """
    return [*range(first, blocks), *range(min(first, blocks) - 1, done - 1, -1)]


def main() -> None:
    """Serve one query until stdin ends."""
    fd, query = int(sys.argv[1]), Query(**json.loads(sys.stdin.readline()))
    counter = BlockCounter(fd, query)
    done = 0
    for line in sys.stdin:
        first, end = (int(word) for word in line.split())
        blocks = -(-end // BLOCK)
        _serve_together(counter, order(blocks, max(first, done), done), end)
        _write([(DONE, 0, 0)])
        done = max(0, blocks - 1)


def _serve_together(counter: BlockCounter, blocks: list[int], end: int) -> None:
    """Count blocks, on several processors where it is worth it. Ends this process as a helper was ended."""
    processors = min(_MOST, len(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else 1
    helpers: list[int] = []
    if len(blocks) >= _WORTH_IT:
        for number in range(1, processors):
            if not (helper := os.fork()):
                _serve(counter, blocks[number::processors], end)
                os._exit(0)
            helpers.append(helper)
    _serve(counter, blocks[:: len(helpers) + 1], end)
    for helper in helpers:
        _, status = os.waitpid(helper, 0)
        if os.WIFSIGNALED(status):
            os.kill(os.getpid(), os.WTERMSIG(status))


def _serve(counter: BlockCounter, blocks: list[int], end: int) -> None:
    replies: list[tuple[int, int, int]] = []
    for number, block in enumerate(blocks):
        # The default action of this signal ends the process.
        signal.setitimer(signal.ITIMER_VIRTUAL, SLOWEST)
        lines, marks = counter.count(block, end)
        replies.append((block, lines, marks))
        # The first ones are on the screen of somebody who waits for them.
        if number < 4 or len(replies) == _AT_ONCE:
            _write(replies)
            replies.clear()
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    _write(replies)


def _write(replies: list[tuple[int, int, int]]) -> None:
    os.write(sys.stdout.fileno(), b"".join(REPLY.pack(*reply) for reply in replies))


if __name__ == "__main__":
    # A file that was cut or cannot be read any more, or an asker that has gone: nothing is left to do.
    with contextlib.suppress(Replaced, OSError):
        main()
