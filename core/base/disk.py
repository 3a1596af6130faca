"""How much room there is where a run writes: the same rule for the engine and for whoever shows it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

_LEAST = 256 << 20
_LEAST_SHARE = 0.05  # of small file systems
_AGAIN = 1.25  # how much more than the least it takes to go on, so that one job's end is not the next one's trouble


@dataclass(frozen=True)
class Disk:
    """Bytes of the file system that holds `path`. `full`: too little to start anything; `note` then says so."""

    path: str
    free: int
    total: int
    full: bool = False
    note: str = ""


def disk_of(path: Path, *, was_full: bool = False) -> Disk | None:
    """The room at `path`, None when that cannot be told. What `was_full` stays so until there is a little more."""
    try:
        total, _, free = shutil.disk_usage(path)
    except OSError:
        return None
    least = min(_LEAST, total * _LEAST_SHARE) * (_AGAIN if was_full else 1)
    if total and free < least:
        return Disk(str(path), free, total, True, _note(path, free, least))
    return Disk(str(path), free, total)


def refused(path: Path) -> Disk:
    """The room at `path` after a write was refused for lack of it, which a quota does while the disk has some."""
    found = disk_of(path) or Disk(str(path), 0, 0)
    note = f"No disk space left for {path}: nothing is started until there is some. Make room there."
    return Disk(found.path, found.free, found.total, True, note)


def _note(path: Path, free: int, least: float) -> str:
    return (
        f"Only {free / 1e6:.0f} MB of disk space left at {path}: nothing is started until there are "
        f"{least / 1e6:.0f} MB. Make room there."
    )
