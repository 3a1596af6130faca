"""Directories of strangers, of any depth and size: walked through, listed and removed; links are never followed."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import EvaldockError

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

MOST = 1_000_000
"""Entries that a walk looks at."""


class TooMany(EvaldockError, OSError):
    """There are more entries than a walk looks at; `filename` is where it began."""


@dataclass(frozen=True)
class Entry:
    """One entry: `name` in the directory that `folder` is a descriptor of, which is good until the next entry."""

    folder: int
    name: str
    stat: os.stat_result


def walk(top: Path, most: int = MOST) -> Iterator[Entry]:
    """Everything below `top`, a directory before what is in it; `top` itself comes first, as `.`.

    Two descriptors suffice for any depth. What disappears meanwhile is passed over. Raises OSError: PermissionError
    for a directory that cannot be read, TooMany.
    """
    here = os.open(top, _DIRECTORY)
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
                above = os.open("..", _DIRECTORY, dir_fd=here)
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
        return os.open(name, _DIRECTORY, dir_fd=folder)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            return None
        raise


def files_below(root: Path, *, skip: Collection[str] = (), most: int = MOST) -> Iterator[os.DirEntry[str]]:
    """Everything below `root` but directories; at most `most` entries are looked at.

    Not into directories named in `skip`, nor into what cannot be listed or lies too deep for the system's paths.
    """
    waiting = [os.fspath(root)]
    seen = 0
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                seen += 1
                if seen > most:
                    return
                if not _is_directory(entry):
                    yield entry
                elif entry.name not in skip:
                    waiting.append(entry.path)


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def remove_tree(path: Path) -> None:
    """Remove a directory with all that is in it, as deep as it may be. Raises OSError for the first thing that stays.

    Whatever lies in a directory below is brought up beside it first, so neither depth nor the length of paths matters.
    """
    top = os.open(path, _DIRECTORY)
    try:
        _empty(top)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path / str(error.filename or ""))) from error
    finally:
        os.close(top)
    os.rmdir(path)


def _empty(top: int) -> None:
    while folders := _without_files(top, top):
        for name in folders:
            # Directories of a container may be closed even to their owner.
            with contextlib.suppress(OSError):
                os.chmod(name, 0o700, dir_fd=top)
            folder = os.open(name, _DIRECTORY, dir_fd=top)
            try:
                _without_files(folder, top)
            finally:
                os.close(folder)
            os.rmdir(name, dir_fd=top)


def _without_files(folder: int, top: int) -> list[str]:
    """Remove the files in `folder`. Its directories are moved into `top` under new names, and returned."""
    found: list[str] = []
    for name in os.listdir(folder):
        if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            os.unlink(name, dir_fd=folder)
        elif folder == top:
            found.append(name)
        else:
            found.append(_moved(name, folder, top))
    return found


def _moved(name: str, folder: int, top: int) -> str:
    with contextlib.suppress(OSError):
        os.chmod(name, 0o700, dir_fd=folder)
    while True:
        new = f".{os.urandom(8).hex()}.removed"
        try:
            os.rename(name, new, src_dir_fd=folder, dst_dir_fd=top)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
        else:
            return new


def copy_tree(source: Path, place: Path, only: Collection[str] | None = None) -> Path:
    """Copy the ordinary files below `source`, or those of these names at its top, to `place`; return `place`.

    Links, pipes and devices, which containers may leave, are left out: a copy of them is none, or has no end.
    Raises OSError.
    """

    def passed_over(folder: str, names: list[str]) -> list[str]:
        paths = ((name, os.path.join(folder, name)) for name in names)
        ordinary = {name for name, path in paths if not os.path.islink(path) and _is_ordinary(path)}
        return [name for name in names if name not in ordinary or (only is not None and name not in only)]

    shutil.copytree(source, place, symlinks=True, dirs_exist_ok=True, ignore=passed_over)
    return place


def _is_ordinary(path: str) -> bool:
    return os.path.isdir(path) or os.path.isfile(path)
