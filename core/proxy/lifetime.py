"""How a proxy knows that it is the only one of its run, and that it is not needed any more."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import cast

from ..base.lock import is_held, take_lock
from ..run.paths import RunPaths

LOCK_FILE = "proxy.lock"
_TAIL = 1 << 16
IDLE_LIMIT = 1800.0
_ALIVE = ("engine_started", "rerun_requested")


def take_proxy_lock(run_dir: Path) -> int | None:
    """A descriptor that holds the proxy's lock of a run until it is closed; None when another proxy has it."""
    return take_lock(run_dir / LOCK_FILE, wait_for_holder=True)


def run_is_over(journal: Path) -> bool:
    """Whether the last word of a journal on it is that the run has finished."""
    try:
        with journal.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            lines = file.read().splitlines()
    except OSError:
        return False
    for line in reversed(lines):
        kind = _kind(line)
        if kind in _ALIVE:
            return False
        if kind == "run_finished":
            return True
    return False


def _kind(line: bytes) -> object:
    try:
        tree = json.loads(line)
    except ValueError:
        return None
    return cast("dict[str, object]", tree).get("e") if isinstance(tree, dict) else None


class Need:
    """Whether anybody still needs the proxy of one run."""

    def __init__(self, run_dir: Path) -> None:
        self._paths = RunPaths(run_dir)
        self._seen = -1
        self._since = time.monotonic()

    def over(self, seen: int, in_flight: int) -> str:
        """Why the proxy may end now, "" while it may not. `seen` grows with each request."""
        now = time.monotonic()
        if seen != self._seen or in_flight:
            self._seen, self._since = seen, now
        if not self._paths.root.is_dir():
            return "the run's directory is gone"
        if in_flight or is_held(self._paths.lock):
            self._since = now
            return ""
        if run_is_over(self._paths.journal):
            return "the run has finished"
        return "nobody has needed it for half an hour" if now - self._since > IDLE_LIMIT else ""
