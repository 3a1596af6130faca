"""The process that counts the matches of a search, as its asker sees it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable

from ..base.helper import NEUTRAL, helper_command, helper_env
from .hits import HitIndex
from .line_index import BLOCK
from .query import Count, Query
from .search import DONE, REPLY

PAUSE = 0.08
"""Seconds from the wish to the search: who types makes a wish with every key, and only the last one is worth a
process."""

_LITTLE = 16 * BLOCK


class LogScan:
    """Counts the matches of one query in one file, in a process of its own, and keeps up with the file's growth.

    Nothing here waits. `changed` is called from a thread of this object when numbers have come. `problem` is a sentence
    for the user when the search has ended before its time, "" otherwise.
    """

    def __init__(self, fd: int, query: Query, changed: Callable[[], None], *, first: int = 0) -> None:
        """Counting begins with block `first`; what is before it comes last. `fd` is not used after `__init__`."""
        self.hits = HitIndex()
        self.problem = ""
        self._query = query
        self._changed = changed
        self._first = first
        self._wanted = self._asked = self._counted = self._at_first = 0
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        threading.Thread(target=self._run, args=(os.dup(fd),), name="log-search", daemon=True).start()

    @property
    def searching(self) -> bool:
        """Whether the file is still being counted for the first time, or much came meanwhile. A file that grows is
        always a little ahead, and that is not worth a word."""
        behind = self._wanted - self._counted
        return behind > (_LITTLE if self._counted else 0) and not self.problem

    def covers(self, offset: int) -> bool:
        """Whether the line that begins at `offset` of the file was searched, and so is known to be searched quickly."""
        return self.hits.known(offset // BLOCK) is not None and offset < max(self._counted, self._at_first)

    def grow(self, end: int) -> None:
        """See that the file is counted up to byte `end`."""
        with self._lock:
            self._wanted = max(self._wanted, end)
            self._ask()

    def stop(self) -> None:
        """End it. Later calls do nothing."""
        self._stopped.set()
        with self._lock:
            if self._process is not None:
                _kill(self._process)

    def _ask(self) -> None:
        # One request at a time: neither end can then wait for the other with a full pipe.
        if self._process is not None and self._asked == self._counted < self._wanted:
            self._asked = self._wanted
            self._at_first = self._at_first or self._asked
            self._send(f"{self._first} {self._wanted}")

    def _send(self, line: str) -> None:
        assert self._process is not None and self._process.stdin is not None
        # A process that has gone is noticed, with its reason, where its answers are read.
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(line.encode() + b"\n")

    def _run(self, fd: int) -> None:
        try:
            if self._stopped.wait(PAUSE):
                return
            process = self._start(fd)
        except OSError as error:
            self.problem = f"the search cannot be started: {error.strerror}"
            self._changed()
            return
        finally:
            os.close(fd)
        with process:
            self._read(process)
            process.wait()
        if not self._stopped.is_set():
            why = "takes too long on a line of this log" if process.returncode < 0 else "ended early"
            self.problem = f"the search {why}, so matches are missing"
            self._changed()

    def _start(self, fd: int) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            helper_command(f"{__package__}.search", str(fd)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[fd],
            env=helper_env(),
            cwd=NEUTRAL,
            # What a buffer held back would be written, and fail, when the pipe to a killed process is closed.
            bufsize=0,
            # A Ctrl-C in the terminal is for the dashboard alone.
            start_new_session=True,
        )
        with self._lock:
            self._process = process
            if self._stopped.is_set():
                _kill(process)
            self._send(json.dumps({"pattern": self._query.pattern, "regex": self._query.regex}))
            self._ask()
        return process

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        rest = b""
        while data := os.read(process.stdout.fileno(), 1 << 16):
            rest += data
            whole = len(rest) - len(rest) % REPLY.size
            self._take(rest[:whole])
            rest = rest[whole:]
            if not self._stopped.is_set():
                self._changed()

    def _take(self, data: bytes) -> None:
        for block, lines, marks in REPLY.iter_unpack(data):
            if block == DONE:
                with self._lock:
                    self._counted = self._asked
                    self._ask()
            else:
                self.hits.put(block, Count(lines, marks))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and its helpers, which are a group of their own."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
