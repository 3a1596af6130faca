"""How far a task says it is, in its own log, by the regular expression that its catalog entry gives."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path

from ..base.atomic import open_regular

_TAIL = 1 << 16
_MOST_DIGITS = 12


def read_log_progress(log: Path, pattern: str) -> tuple[int, int | None] | None:
    """`(done, total)` of the last match in the end of the log; None without one. `total` is None without group 2."""
    tail = _tail(log)
    # Progress bars return to the start of their line.
    found = list(_compiled(pattern).finditer(tail.decode("utf-8", "replace").replace("\r", "\n")))
    if not found:
        return None
    done, total = (*found[-1].groups(), None)[:2]
    number = _number(done)
    return None if number is None else (number, _number(total))


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _tail(log: Path) -> bytes:
    fd = open_regular(log)
    if fd is None:
        return b""
    try:
        size = os.fstat(fd).st_size
        return os.pread(fd, _TAIL, max(0, size - _TAIL))
    except OSError:
        return b""
    finally:
        os.close(fd)


def _number(text: str | None) -> int | None:
    digits = (text or "").strip().replace(",", "").replace("_", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS else None
