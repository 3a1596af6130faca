"""Whose files a container left behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ...run.layout import JobPaths


def foreign_files(paths: JobPaths) -> bool:
    """Whether anything under logs or artifacts belongs to somebody else than the invoking user."""
    me = os.geteuid()
    try:
        return any(_owner(path, me) != me for path in _walk(paths))
    except PermissionError:
        return True


def give_back(paths: JobPaths) -> None:
    """As root: make root's own again what the container's users left. Links are never followed."""
    for path in _walk(paths):
        try:
            os.lchown(path, os.geteuid(), os.getegid())
        except FileNotFoundError:
            continue


def _owner(path: Path, otherwise: int) -> int:
    try:
        return path.lstat().st_uid
    except FileNotFoundError:
        return otherwise


def _walk(paths: JobPaths) -> Iterator[Path]:
    for top in (paths.logs, paths.artifacts):
        yield top
        for folder, directories, files in os.walk(top, onerror=_unreadable_is_foreign, followlinks=False):
            for name in (*directories, *files):
                yield Path(folder, name)


def _unreadable_is_foreign(error: OSError) -> None:
    if isinstance(error, PermissionError):
        raise error
