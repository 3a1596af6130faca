"""Following the log of a job, byte for byte."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ..base.atomic import open_regular

_BLOCK = 1 << 16


class LogFollower:
    """Reads a log from where it was left, however the file changes below.

    The file may be absent at first, be cut (then reading begins anew at its start), or be replaced by a
    rerun (then the old one is read to its end first). `resets` counts how often reading began anew. Links and
    pipes, which a container could put in its place, are not read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.resets = 0
        self._fd: int | None = None
        self._offset = 0

    def seek_last(self, lines: int) -> None:
        """Go to where the last `lines` lines begin (a line without newline counts), reading only the tail."""
        if self._fd is None:
            self._fd = open_regular(self.path)
        if self._fd is not None:
            self._offset = _start_of_last(self._fd, lines)

    def read(self, limit: int = 1 << 20) -> bytes:
        """The next bytes, at most `limit`; b"" when there is nothing new now. Raises OSError."""
        if self._fd is None and not self._reopen():
            return b""
        data = self._read_here(limit)
        if not data and self._replaced() and self._reopen():
            self.resets += 1
            data = self._read_here(limit)
        return data

    def follow(self, ended: Callable[[], bool], interval: float = 0.1) -> Iterator[bytes]:
        """Yield what comes in, looking every `interval` seconds, until `ended()` and everything is read."""
        while True:
            last = ended()
            got = False
            while data := self.read():
                got = True
                yield data
            if last:
                return
            if not got:
                time.sleep(interval)

    def close(self) -> None:
        """Let go of the file; a later read begins anew."""
        if self._fd is not None:
            os.close(self._fd)
        self._fd = None
        self._offset = 0

    def __enter__(self) -> LogFollower:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read_here(self, limit: int) -> bytes:
        assert self._fd is not None
        if os.fstat(self._fd).st_size < self._offset:
            self._offset = 0
            self.resets += 1
        data = os.pread(self._fd, limit, self._offset)
        self._offset += len(data)
        return data

    def _replaced(self) -> bool:
        assert self._fd is not None
        mine = os.fstat(self._fd)
        try:
            now = os.stat(self.path, follow_symlinks=False)
        except OSError:
            return False
        return (mine.st_dev, mine.st_ino) != (now.st_dev, now.st_ino)

    def _reopen(self) -> bool:
        fd = open_regular(self.path)
        if fd is None:
            return False
        self.close()
        self._fd = fd
        return True


def _start_of_last(fd: int, lines: int) -> int:
    size = end = os.fstat(fd).st_size
    if lines <= 0:
        return size
    # The newline that ends the file ends its last line and begins none.
    missing = lines + (os.pread(fd, 1, size - 1) == b"\n" if size else 0)
    while end > 0:
        start = max(0, end - _BLOCK)
        block = os.pread(fd, end - start, start)
        found = block.count(b"\n")
        if found >= missing:
            at = len(block)
            for _ in range(missing):
                at = block.rfind(b"\n", 0, at)
            return start + at + 1
        missing -= found
        end = start
    return 0
