"""How far a task says it is, in its own log, by the regular expression that its catalog entry gives."""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import threading
from itertools import islice
from pathlib import Path
from typing import cast

from ..base.atomic import open_regular
from ..base.helper import Helper, HelperEnded

log = logging.getLogger("evaldock.engine")

_TAIL = 1 << 16
# Of these even a pattern that is quadratic in the length of a line makes little work.
_LONGEST = 300
_NEWEST = 200
_MOST_DIGITS = 12
_PATIENCE = 30.0  # seconds on the clock; the helper ends itself long before, by those of the processor

Told = tuple[int, int | None]
_Wish = tuple[Path, str]


class ProgressReader:
    """Reads `(done, total)` from the ends of logs. `total` is None without group 2.

    Pattern and log are of strangers, and an unlucky regular expression can take for ever, with Python's lock. So it is
    matched in a process of its own (`match`), against single lines of at most 300 characters, and one that takes too
    long is not tried again.
    """

    def __init__(self) -> None:
        self._helper: Helper | None = None
        self._slow: set[_Wish] = set()
        self._known: dict[_Wish, tuple[int, Told | None]] = {}
        self._wishes: queue.SimpleQueue[_Wish | None] = queue.SimpleQueue()
        self._open: set[_Wish] = set()
        self._thread: threading.Thread | None = None

    def newest(self, path: Path, pattern: str) -> Told | None:
        """What was found last; None when nothing was. Never waits: it has the log looked at for the next time."""
        wish = (path, pattern)
        if wish not in self._open:
            self._open.add(wish)
            self._wishes.put(wish)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True, name="progress")
                self._thread.start()
        return self._known.get(wish, (0, None))[1]

    def read(self, path: Path, pattern: str) -> Told | None:
        """What the last line that matches says now; None without one. May wait, and not for two threads at once."""
        wish = (path, pattern)
        size, lines = _tail(path)
        if wish not in self._slow and self._known.get(wish, (-1,))[0] != size:
            try:
                self._known[wish] = size, self._told(pattern, lines) if lines else None
            except (HelperEnded, OSError) as error:
                self._give_up(wish, error)
        return self._known.get(wish, (0, None))[1]

    def close(self) -> None:
        """End what works for it; it is not used after that."""
        self._wishes.put(None)
        self._end_helper()

    def _work(self) -> None:
        while (wish := self._wishes.get()) is not None:
            self.read(*wish)
            self._open.discard(wish)

    def _end_helper(self) -> None:
        if self._helper is not None:
            self._helper.close()
        self._helper = None

    def _told(self, pattern: str, lines: list[str]) -> Told | None:
        self._helper = self._helper or Helper(f"{__package__}.match")
        answer = self._helper.ask(json.dumps({"pattern": pattern, "lines": lines}).encode(), _PATIENCE)
        done, total = (*cast("list[object]", json.loads(answer)), None, None)[:2]
        number = _number(done)
        return None if number is None else (number, _number(total))

    def _give_up(self, wish: _Wish, error: Exception) -> None:
        self._end_helper()
        self._known.pop(wish, None)
        if isinstance(error, HelperEnded) and error.signal == signal.SIGVTALRM:
            self._slow.add(wish)
            log.warning("The progress pattern %a takes too long for %s: its progress is not shown.", wish[1], wish[0])


def _tail(path: Path) -> tuple[int, list[str]]:
    """The size of a log, and the short lines at its end, newest first."""
    fd = open_regular(path)
    if fd is None:
        return 0, []
    try:
        size = os.fstat(fd).st_size
        data = os.pread(fd, _TAIL, max(0, size - _TAIL))
    except OSError:
        return 0, []
    finally:
        os.close(fd)
    # Progress bars return to the start of their line.
    lines = data.decode("utf-8", "replace").replace("\r", "\n").split("\n")
    return size, list(islice((line for line in reversed(lines) if 0 < len(line) <= _LONGEST), _NEWEST))


def _number(text: object) -> int | None:
    digits = (text if isinstance(text, str) else "").strip().replace(",", "").replace("_", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS else None
