"""Directories of strangers, of any depth and size: listed and removed step by step, links never followed."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def files_below(root: Path, *, skip: Collection[str] = (), most: int = 1_000_000) -> Iterator[os.DirEntry[str]]:
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
