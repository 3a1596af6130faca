"""Disk space as the engine minds it: no job is started into a full disk, and all goes on when there is room."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

from ..base.disk import Disk, disk_of, refused

FULL = (errno.ENOSPC, errno.EDQUOT)


class Space:
    """Watches the file system of a run; `notice` is told when it fills up and when there is room again."""

    def __init__(self, path: Path, notice: Callable[[str], None]) -> None:
        self._path = path
        self._notice = notice
        self.disk: Disk | None = disk_of(path)
        self._tell(was_full=False)

    @property
    def full(self) -> bool:
        """Whether nothing may be started now."""
        return self.disk is not None and self.disk.full

    def look(self, *, refusing: bool) -> None:
        """Look again; `refusing`: the newest write of ours failed for lack of space."""
        was_full = self.full
        self.disk = refused(self._path) if refusing else disk_of(self._path, was_full=was_full)
        self._tell(was_full=was_full)

    def _tell(self, *, was_full: bool) -> None:
        if self.disk is not None and self.full and not was_full:
            self._notice(self.disk.note)
        elif was_full and not self.full:
            self._notice("Disk space is available again; resuming.")
