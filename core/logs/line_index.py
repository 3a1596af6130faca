"""Finding the lines of a log of any size, with 128 KiB of memory for each GiB."""

from __future__ import annotations

import os
from array import array
from bisect import bisect_right
from typing import NamedTuple

from ..base.errors import EvaldockError

BLOCK = 1 << 16
"""Bytes between two remembered newline counts."""

_MARK = 32
_KEPT_BLOCKS = 4


class Replaced(EvaldockError):
    """The file is no longer a continuation of what was read: it was cut, or written anew."""


class Extent(NamedTuple):
    """What an index knows at one moment."""

    end: int
    """Offset in the file up to which newlines are counted."""
    newlines: int
    """How many there are."""
    torn: bool
    """Whether bytes stand after the last newline: a line that is not finished."""

    @property
    def lines(self) -> int:
        """Lines, the unfinished one included."""
        return self.newlines + self.torn


class LineIndex:
    """The lines of a file that grows, counted from byte `origin` on (then line 0 is what stands there).

    It remembers how many newlines come before each block and looks into one block to find a line. One thread may call
    `grow` while others read. Everything is read with pread: a mapped file that is cut under its reader kills the
    process with SIGBUS, and a mapped log counts as memory of ours. The descriptor is closed with the last reference.
    """

    def __init__(self, fd: int, origin: int = 0) -> None:
        self.fd = fd
        self.origin = origin
        self.extent = Extent(origin, 0, torn=False)
        self._before = array("Q")
        self._mark = b""
        self._recent: tuple[tuple[int, int, bytes], ...] = ()

    def __del__(self) -> None:
        os.close(self.fd)

    @classmethod
    def of_tail(cls, fd: int, size: int) -> LineIndex:
        """The index of the last block of a file of `size` bytes, beginning with a whole line where there is one."""
        origin = max(0, size - BLOCK)
        if origin:
            origin += os.pread(fd, BLOCK, origin).find(b"\n") + 1
        return cls(fd, origin)

    @property
    def blocks(self) -> int:
        """How many blocks have been begun."""
        return len(self._before)

    def grow(self, limit: int) -> bool:
        """Count newlines in at most about `limit` further bytes; True when the end of the file is reached.

        Raises Replaced, OSError.
        """
        stop = self.extent.end + limit
        while (end := self.extent.end) < stop:
            offset = (end - self.origin) % BLOCK
            # The last bytes counted are read again: they tell a file that goes on from one that was written anew.
            data = os.pread(self.fd, len(self._mark) + BLOCK - offset, end - len(self._mark))
            if not data.startswith(self._mark):
                raise Replaced
            new = len(data) - len(self._mark)
            if not new:
                return True
            found = data.count(b"\n", len(self._mark))
            if not offset:
                self._before.append(self.extent.newlines)
            self._mark = data[-_MARK:]
            self.extent = Extent(end + new, self.extent.newlines + found, torn=data[-1] != 10)
        return False

    def spans(self, first: int, count: int) -> list[tuple[int, int]]:
        """Where lines `first`, `first + 1`, ... lie: (offset of the first byte, offset after the last), newline left
        out. Fewer than `count` at the end of the file."""
        extent = self.extent
        last = min(first + count, extent.lines)
        if first >= last:
            return []
        at = self._start(first, extent)
        found: list[tuple[int, int]] = []
        for number in range(first, last):
            end = self._end(number, at, extent)
            found.append((at, end))
            at = end + 1
        return found

    def line(self, number: int) -> bytes:
        """A whole line without its newline; b"" where there is none."""
        return b"".join(self.read(start, end) for start, end in self.spans(number, 1))

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end`; fewer when the file was cut."""
        return os.pread(self.fd, max(0, end - start), start)

    def line_at(self, offset: int) -> int:
        """The number of the line that the byte at `offset` is in (a newline ends its line)."""
        extent = self.extent
        offset = max(self.origin, min(offset, extent.end))
        block = min((offset - self.origin) // BLOCK, len(self._before) - 1)
        if block < 0:
            return 0
        data = self._block(block, extent)
        return self._before[block] + data.count(b"\n", 0, offset - self.origin - block * BLOCK)

    def first_line(self, block: int) -> int:
        """The number of the first line that begins in this block or after it."""
        if block <= 0:
            return 0
        if block >= len(self._before):
            return self.extent.lines
        before = os.pread(self.fd, 1, self.origin + block * BLOCK - 1)
        return self._before[block] + (before != b"\n")

    def block_of(self, number: int) -> int:
        """The block in which line `number` begins."""
        return (self._start(number, self.extent) - self.origin) // BLOCK

    def _start(self, number: int, extent: Extent) -> int:
        return self._newline(number - 1, extent) + 1 if number else self.origin

    def _end(self, number: int, at: int, extent: Extent) -> int:
        if number >= extent.newlines:
            return extent.end
        block = (at - self.origin) // BLOCK
        base = self.origin + block * BLOCK
        found = self._block(block, extent).find(b"\n", at - base)
        return base + found if found >= 0 else self._newline(number, extent)

    def _newline(self, number: int, extent: Extent) -> int:
        """The offset of newline `number`, which must exist."""
        block = bisect_right(self._before, number) - 1
        data = self._block(block, extent)
        return self.origin + block * BLOCK + _nth(data, number - self._before[block])

    def _block(self, block: int, extent: Extent) -> bytes:
        start = self.origin + block * BLOCK
        size = min(BLOCK, max(0, extent.end - start))
        for kept, length, data in self._recent:
            if kept == block and length == size:
                return data
        data = os.pread(self.fd, size, start)
        self._recent = ((block, size, data), *self._recent[: _KEPT_BLOCKS - 1])
        return data


def _nth(data: bytes, number: int) -> int:
    """The offset of newline `number` in `data`; its length when it is not there (the file was cut meanwhile).

    Halving and counting: a list of all newlines would be slow where a block is nothing but newlines.
    """
    low, high = 0, len(data)
    while high - low > 256:
        middle = (low + high) // 2
        found = data.count(b"\n", low, middle)
        if found > number:
            high = middle
        else:
            low, number = middle, number - found
    at = low - 1
    for _ in range(number + 1):
        at = data.find(b"\n", at + 1)
        if at < 0:
            return len(data)
    return at
