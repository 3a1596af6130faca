"""Whose files a container left behind, and making them the invoking user's."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator

from ...base.trees import Entry, walk
from ...run.layout import JobPaths


def is_handed_back(paths: JobPaths) -> bool:
    """Whether all under logs and artifacts is the invoking user's, without devices and without set-user-ID files.

    Raises TooMany (an OSError).
    """
    me = os.geteuid()
    try:
        return not any(_is_foreign(entry.stat, me) for entry in _walk(paths))
    except PermissionError:
        return False


def give_back(paths: JobPaths) -> None:
    """As root: make root's own again what the container's users left. Links are never followed. Raises OSError."""
    for entry in _walk(paths):
        with contextlib.suppress(FileNotFoundError):
            # It also takes the bits away that let a program run as its owner.
            os.chown(entry.name, os.geteuid(), os.getegid(), dir_fd=entry.folder, follow_symlinks=False)


def drop_devices(paths: JobPaths) -> None:
    """Remove the device nodes that a container left where its user allowed it to make some. Raises OSError."""
    for entry in _walk(paths):
        if _is_device(entry.stat):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(entry.name, dir_fd=entry.folder)


def _is_foreign(about: os.stat_result, me: int) -> bool:
    raised = stat.S_ISREG(about.st_mode) and about.st_mode & (stat.S_ISUID | stat.S_ISGID)
    return about.st_uid != me or bool(raised) or _is_device(about)


def _is_device(about: os.stat_result) -> bool:
    return stat.S_ISBLK(about.st_mode) or stat.S_ISCHR(about.st_mode)


def _walk(paths: JobPaths) -> Iterator[Entry]:
    for top in (paths.logs, paths.artifacts):
        yield from walk(top)
