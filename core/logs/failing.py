"""The line of a log that says why a program failed, for those who have not opened it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from ..base.atomic import open_regular, read_up_to
from ..base.sanitize import clean_line
from ..base.secrets import Scrubber
from .text import fold

_TAIL = 1 << 16
_LONG = 1 << 12  # bytes of a line
_MOST = 200  # characters
_LAST = 40  # lines in which the word of a failure is looked for
_EXCEPTION = re.compile(r"(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception|Interrupt|Exit|Failure)(?:: .*)?")
_PASSED_ON = re.compile(r"(?:[\w.]+\.)?(?:CalledProcessError|ChildFailedError|SystemExit)\b")
"""What a program raises because another one failed, which has said more."""
_WORD = re.compile(
    r"\b(?:error|fatal|fail(?:ed|ure)|exception|denied|killed|no such|not found|cannot)\b", re.IGNORECASE
)


def failing_line(log: Path, secrets: Iterable[str | None] = ()) -> str:
    """The last exception in the log of a program that failed, else the last line of a failure, else the last.

    "" for a log without any text, or that cannot be read. Only the last 64 KiB are looked at. The values
    of `secrets` are hidden, and whatever looks like one.
    """
    try:
        fd = open_regular(log)
        if fd is None:
            return ""
        try:
            size = os.fstat(fd).st_size
            os.lseek(fd, max(0, size - _TAIL), os.SEEK_SET)
            data = read_up_to(fd, _TAIL)
        finally:
            os.close(fd)
    except OSError:
        return ""
    lines = [clean_line(fold(line)[:_LONG].decode("utf-8", "replace")).rstrip() for line in data.split(b"\n")]
    return _shortened(Scrubber(secrets).scrub(_found([line for line in lines if line.strip()])))


def _found(lines: list[str]) -> str:
    raised = [line for line in lines if _EXCEPTION.fullmatch(line)]
    if raised:
        return _last(line for line in raised if not _PASSED_ON.match(line)) or raised[-1]
    return _last(line for line in lines[-_LAST:] if _WORD.search(line)) or _last(lines)


def _last(lines: Iterable[str]) -> str:
    return ["", *lines][-1].strip()


def _shortened(line: str) -> str:
    return line if len(line) <= _MOST else f"{line[:_MOST].rstrip()}..."
