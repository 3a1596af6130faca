"""One log that is being looked at: opened, indexed and kept up with on a thread of its own."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .atomic import open_regular
from .line_index import BLOCK, LineIndex, Replaced

_SLICE = 1 << 20  # bytes between two looks at whether to stop; under a millisecond
_POLL = 0.1


@dataclass(frozen=True)
class Content:
    """What is known of a log. `index` numbers all lines; while `complete` is False only those of its end.

    `generation` grows when the file is another one: line numbers and offsets mean nothing across generations.
    """

    index: LineIndex | None
    complete: bool
    generation: int
    problem: str = ""


class LogFile:
    """Watches a path: a file that grows, that is cut, that another one replaces, that comes and goes.

    `changed` is called on the thread of this object whenever `content` is another one or its index has grown. A poll
    ten times a second costs two system calls; notifications of the file system would need as many, and a poll beside
    them where there are none (network file systems, bind mounts of virtual machines).
    """

    def __init__(self, path: Path, changed: Callable[[], None]) -> None:
        self.path = path
        self._changed = changed
        self._stop = threading.Event()
        self.content = Content(None, False, 0)
        # The end of the file is there at once, whatever its size.
        self._open()
        self._thread = threading.Thread(target=self._watch, name="log", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching; returns at once."""
        self._stop.set()

    def _open(self) -> LineIndex | None:
        """A new generation; the index that is to count the whole file, None when there is no file."""
        generation = self.content.generation + 1
        fd = open_regular(self.path)
        if fd is None:
            self.content = Content(None, False, generation, _why_not(self.path))
            return None
        size = os.fstat(fd).st_size
        if size <= BLOCK:
            whole = LineIndex(fd)
            self._grow(whole)
            self.content = Content(whole, True, generation)
            return whole
        tail = LineIndex.of_tail(os.dup(fd), size)
        self._grow(tail)
        self.content = Content(tail, False, generation)
        return LineIndex(fd)

    def _watch(self) -> None:
        whole = self.content.index if self.content.complete else None
        if whole is None:
            whole = self._reopened()
        while not self._stop.is_set():
            try:
                before = whole.extent if whole is not None else None
                if whole is not None and not whole.grow(_SLICE):
                    self._grow_tail()
                    # The interpreter's lock is offered to the screen between slices.
                    time.sleep(0)
                    continue
                self._caught_up(whole, before)
            except (Replaced, OSError):
                whole = self._reopened()
                continue
            self._stop.wait(_POLL)
            if self._gone(whole):
                whole = self._reopened()

    def _caught_up(self, whole: LineIndex | None, before: object) -> None:
        if whole is None:
            return
        if not self.content.complete:
            # Line numbers change with the whole index: what was counted from the end is a generation of its own.
            self.content = Content(whole, True, self.content.generation + 1)
            self._changed()
        elif whole.extent != before:
            self._changed()

    def _grow_tail(self) -> None:
        if not self.content.complete and self.content.index is not None:
            self._grow(self.content.index)
            self._changed()

    def _reopened(self) -> LineIndex | None:
        before = self.content
        whole = self._open()
        if before.index is not None or self.content.index is not None or before.problem != self.content.problem:
            self._changed()
        return whole

    def _gone(self, whole: LineIndex | None) -> bool:
        """Whether the path leads to something else than what is read."""
        try:
            now = os.stat(self.path, follow_symlinks=False)
        except OSError:
            return False if whole is not None else self.content.problem != _why_not(self.path)
        if whole is None:
            return True
        mine = os.fstat(whole.fd)
        return (mine.st_dev, mine.st_ino) != (now.st_dev, now.st_ino) or now.st_size < whole.extent.end

    @staticmethod
    def _grow(index: LineIndex) -> None:
        try:
            while not index.grow(_SLICE):
                pass
        except (Replaced, OSError):
            return


def _why_not(path: Path) -> str:
    try:
        os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{path.name} cannot be read: {error.strerror}."
    if os.access(path, os.R_OK, follow_symlinks=False) or path.is_symlink():
        return f"{path.name} is no ordinary file, so it is not opened."
    return f"{path.name} cannot be read: permission denied."
