"""How far a task says it is, in its own log, by the regular expression that its catalog entry gives."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import signal
import subprocess
from pathlib import Path
from typing import cast

from ..base.atomic import open_regular
from ..base.helper import NEUTRAL, helper_command, helper_env

log = logging.getLogger("evaldock.engine")

_TAIL = 1 << 16
_LONGEST = 500  # characters of a line that can be one about progress
_MOST_DIGITS = 12
_PATIENCE = 1.0  # seconds on the clock; the helper ends itself long before, by the processor's

Told = tuple[int, int | None]


class ProgressReader:
    """Reads `(done, total)` from the ends of logs. `total` is None without group 2.

    Pattern and log are of strangers, and an unlucky regular expression can take for ever, with Python's lock. So it is
    matched in a process of its own (`match`), against single lines of at most 500 characters, and one that takes too
    long is not tried again.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._slow: set[str] = set()
        self._known: dict[tuple[Path, str], tuple[int, Told | None]] = {}

    def read(self, path: Path, pattern: str) -> Told | None:
        """What the last line that matches says; None without one. Blocks for a second at most."""
        if pattern in self._slow:
            return None
        size, lines = _tail(path)
        before = self._known.get((path, pattern))
        if before is None or before[0] != size:
            before = self._known[path, pattern] = (size, self._told(pattern, lines) if lines else None)
        return before[1]

    def close(self) -> None:
        """End the helper; a later `read` starts another."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(OSError):
                process.kill()
            with process:
                pass

    def _told(self, pattern: str, lines: list[str]) -> Told | None:
        groups = self._ask(json.dumps({"pattern": pattern, "lines": lines}).encode() + b"\n")
        if groups is None:
            process = self._process
            if process is not None and process.poll() == -signal.SIGVTALRM:
                self._slow.add(pattern)
                log.warning("The progress pattern %a takes too long: this task's progress is not shown.", pattern)
            self.close()
            return None
        done, total = (*groups, None, None)[:2]
        number = _number(done)
        return None if number is None else (number, _number(total))

    def _ask(self, request: bytes) -> list[object] | None:
        """The groups of the match, [] without one; None when the helper gave no answer."""
        try:
            process = self._process = self._process or _start()
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(request)
            answer = b""
            while not answer.endswith(b"\n"):
                if not select.select([process.stdout], [], [], _PATIENCE)[0]:
                    return None
                piece = os.read(process.stdout.fileno(), 1 << 12)
                if not piece:
                    process.wait(_PATIENCE)
                    return None
                answer += piece
            return cast("list[object]", json.loads(answer))
        except (OSError, ValueError, subprocess.TimeoutExpired):
            if self._process is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_PATIENCE)
            return None


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        helper_command(f"{__package__}.match"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        env=helper_env(),
        cwd=NEUTRAL,
        start_new_session=True,
    )


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
    return size, [line for line in reversed(lines) if 0 < len(line) <= _LONGEST]


def _number(text: object) -> int | None:
    digits = (text if isinstance(text, str) else "").strip().replace(",", "").replace("_", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS else None
