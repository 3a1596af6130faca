"""Walking through a directory that others have filled: by descriptor, through no link, at any depth, not for ever."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import EvaldockError

MOST = 1_000_000
"""Entries that a walk looks at."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class TooMany(EvaldockError, OSError):
    """There are more entries than a walk looks at; `filename` is where it began."""


@dataclass(frozen=True)
class Entry:
    """One entry: `name` in the directory that `folder` is a descriptor of, which is good until the next entry."""

    folder: int
    name: str
    stat: os.stat_result

    @property
    def is_folder(self) -> bool:
        """Whether it is a directory (a link to one is not)."""
        return stat.S_ISDIR(self.stat.st_mode)


def walk(top: Path, most: int = MOST) -> Iterator[Entry]:
    """Everything below `top`, a directory before what is in it; `top` itself comes first, as `.`.

    Two descriptors suffice for any depth. What disappears meanwhile is passed over. Raises OSError: PermissionError
    for a directory that cannot be read, TooMany.
    """
    here = os.open(top, _FOLDER)
    try:
        yield Entry(here, ".", os.fstat(here))
        # For each directory on the way down: which one it is, and its directories that are still to be visited.
        way: list[tuple[os.stat_result, list[str]]] = [(os.fstat(here), [])]
        seen = yield from _entries(here, way[-1][1], most, top)
        while way:
            folders = way[-1][1]
            if folders:
                below = _enter(here, folders.pop())
                if below is not None:
                    os.close(here)
                    here = below
                    way.append((os.fstat(here), []))
                    seen += yield from _entries(here, way[-1][1], most - seen, top)
                continue
            way.pop()
            if way:
                above = os.open("..", _FOLDER, dir_fd=here)
                os.close(here)
                here = above
                if not os.path.samestat(os.fstat(here), way[-1][0]):
                    raise OSError(f"{top} is being moved about")
    finally:
        os.close(here)


def _entries(folder: int, folders: list[str], most: int, top: Path) -> Generator[Entry, None, int]:
    seen = 0
    # scandir reads from a copy of the descriptor.
    with os.scandir(folder) as items:
        for item in items:
            seen += 1
            if seen > most:
                raise TooMany(0, f"more than {MOST:,} files", str(top))
            try:
                about = os.stat(item.name, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                continue
            if stat.S_ISDIR(about.st_mode):
                folders.append(item.name)
            yield Entry(folder, item.name, about)
    return seen


def _enter(folder: int, name: str) -> int | None:
    try:
        return os.open(name, _FOLDER, dir_fd=folder)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            return None
        raise
