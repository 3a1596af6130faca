"""Times as files hold them (UTC ISO 8601 with milliseconds) and the identity of the machine's boot."""

from __future__ import annotations

import functools
import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def utc_iso(moment: datetime | None = None) -> str:
    """`moment` (aware; default: now) as `2026-11-23T11:00:00.123Z`."""
    utc = (moment or datetime.now(UTC)).astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"


def parse_iso(text: str | None) -> datetime | None:
    """The aware moment that `text` names, or None when it names none. A time without zone is UTC."""
    try:
        moment = datetime.fromisoformat(text or "")
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@functools.cache
def boot_id() -> str:
    """What names this boot of this machine; "" where the system has no such name (then wall time is used)."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment on both clocks: the wall's (UTC ISO 8601), and the monotonic one of a boot ("": not known)."""

    wall: str
    mono: float = 0.0
    boot: str = ""

    @classmethod
    def now(cls) -> Moment:
        """This moment."""
        return cls(utc_iso(), time.monotonic(), boot_id())

    @classmethod
    def this_second(cls) -> Moment:
        """The second that has begun: times that are shown so all tick together."""
        return cls(utc_iso(datetime.now(UTC).replace(microsecond=0)), math.floor(time.monotonic()), boot_id())
