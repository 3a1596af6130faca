"""One log that is being looked at: opened, indexed and kept up with on a thread of its own."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ..base.atomic import open_regular
from .line_index import BLOCK, Extent, LineIndex, Replaced

_SLICE = 1 << 20  # bytes between two looks at whether to stop; under a millisecond
_POLL = 0.1


@dataclass(frozen=True)
class Content:
    """What is known of a log. `index` numbers all lines; while `complete` is False only those of its end.

    `generation` grows when the file is another one: line numbers and offsets mean nothing across generations.
    `problem` is a sentence for the user: why nothing can be read, or that what is read has no file any more.
    """

    index: LineIndex | None = None
    complete: bool = False
    generation: int = 0
    problem: str = ""


class LogFile:
    """Watches a path: a file that grows, that is cut, that another one replaces, that comes and goes.

    `changed` is called on the thread of this object whenever `content` is another one or its index has grown. That
    thread looks ten times a second. Notifications of the file system (watchfiles) cost as much while nothing happens,
    0.1 % of a core, and six times that while a task prints fast; and they need a poll beside them where there are none
    (network file systems, bind mounts of virtual machines).
    """

    def __init__(self, path: Path, changed: Callable[[], None]) -> None:
        """Reads the last 64 KiB at once, so the end of the file can be shown whatever its size."""
        self.path = path
        self._changed = changed
        self._stop = threading.Event()
        self.content = Content()
        self._whole = self._open()
        threading.Thread(target=self._watch, name="log-file", daemon=True).start()

    def close(self) -> None:
        """Stop watching; returns at once."""
        self._stop.set()

    def _open(self) -> LineIndex | None:
        """Begin a new generation; the index that is to count the whole file, None when there is no file."""
        generation = self.content.generation + 1
        fd = open_regular(self.path)
        if fd is None:
            self.content = Content(generation=generation, problem=_why_not(self.path))
            return None
        whole = LineIndex(fd)
        size = os.fstat(fd).st_size
        shown = whole if size <= BLOCK else LineIndex.of_tail(os.dup(fd), size)
        _catch_up(shown)
        self.content = Content(shown, shown is whole, generation)
        return whole

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                self._look()
            except (Replaced, OSError):
                self._reopen()

    def _look(self) -> None:
        whole = self._whole
        before = whole.extent if whole is not None else None
        if whole is not None:
            if not whole.grow(_SLICE):
                if self.content.complete:
                    self._changed()
                # The interpreter's lock is offered to the screen between slices.
                time.sleep(0)
                return
            self._caught_up(whole, before)
        self._stop.wait(_POLL)
        if not self._stop.is_set():
            self._look_at_path(whole)

    def _caught_up(self, whole: LineIndex, before: Extent | None) -> None:
        if not self.content.complete:
            # Line numbers change with the whole index: what was counted from the end is a generation of its own.
            self.content = Content(whole, True, self.content.generation + 1)
            self._changed()
        elif whole.extent != before:
            self._changed()

    def _look_at_path(self, whole: LineIndex | None) -> None:
        """See whether the path leads to something else than what is read."""
        try:
            now = os.stat(self.path, follow_symlinks=False)
        except OSError:
            problem = _why_not(self.path) if whole is None else f"{self.path.name} was removed; this is what it held."
            if problem != self.content.problem:
                self.content = replace(self.content, problem=problem)
                self._changed()
            return
        if whole is None:
            self._reopen()
            return
        mine = os.fstat(whole.fd)
        if (mine.st_dev, mine.st_ino) != (now.st_dev, now.st_ino):
            self._reopen()

    def _reopen(self) -> None:
        before = self.content
        self._whole = self._open()
        if self._whole is not None or before.index is not None or before.problem != self.content.problem:
            self._changed()


def _catch_up(index: LineIndex) -> None:
    """Count the few lines that there are; a file that changes meanwhile is dealt with where it is watched."""
    with contextlib.suppress(Replaced, OSError):
        while not index.grow(_SLICE):
            pass


def _why_not(path: Path) -> str:
    """Why a path cannot be opened; "" when there is nothing."""
    try:
        found = os.stat(path, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        return f"{path.name} cannot be read: {(error.strerror or str(error)).lower()}."
    if not stat.S_ISREG(found.st_mode):
        return f"{path.name} is no ordinary file, so it is not opened."
    return f"{path.name} cannot be read: permission denied."
