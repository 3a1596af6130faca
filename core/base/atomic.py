"""Writing a file so that a reader, or a crash, sees the old content or the new one and nothing between."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path


def write_atomic(path: Path, data: bytes, mode: int = 0o600, *, sync: bool = True) -> None:
    """Replace `path` by `data`, with permission bits `mode` whatever the umask.

    With `sync` the content survives a power cut; leave it out for files that are disposable.
    Raises OSError (disk full, ...) and then leaves the old file as it was.
    """
    temp = path.parent / f".{path.name}.{os.urandom(4).hex()}.tmp"
    try:
        _write_new(temp, data, mode, sync)
        os.replace(temp, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temp.unlink()
        raise
    if sync:
        sync_dir(path.parent)


def write_report(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file that somebody asked for, with its missing directories. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, text.encode("utf-8", "replace"), mode, sync=False)


def _write_new(path: Path, data: bytes, mode: int, sync: bool) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        os.fchmod(fd, mode)
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        if sync:
            os.fsync(fd)
    finally:
        os.close(fd)


def sync_dir(path: Path) -> None:
    """Make the names in a directory durable; file systems that cannot are left to do what they do."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):
            os.fsync(fd)
    finally:
        os.close(fd)


def make_dir(path: Path, mode: int = 0o700) -> None:
    """Make one directory with exactly these permission bits. Raises FileExistsError, also for a symlink."""
    os.mkdir(path, mode)
    os.chmod(path, mode)


def make_dirs(path: Path) -> None:
    """Make a directory and its missing parents, each 0700 whatever the umask. Raises OSError."""
    missing: list[Path] = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        try:
            make_dir(folder)
        except FileExistsError:
            if not folder.is_dir():
                raise


def open_regular(path: Path | str, *, dir_fd: int | None = None) -> int | None:
    """A read-only descriptor of a regular file, None when there is none. `path` is below the directory `dir_fd`.

    Containers can write to the directories that they are given, so a link (to a private file) or a pipe (on
    which an open would hang) may stand where a file is expected: neither is opened.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=dir_fd)
    except (OSError, ValueError):
        return None
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    return None


def read_up_to(fd: int, limit: int) -> bytes:
    """The first `limit` bytes at most from where `fd` stands. Raises OSError."""
    chunks: list[bytes] = []
    while limit > 0 and (chunk := os.read(fd, min(limit, 1 << 20))):
        chunks.append(chunk)
        limit -= len(chunk)
    return b"".join(chunks)


def read_head(path: Path, limit: int) -> bytes | None:
    """At most the first `limit` bytes of a regular file, None when there is none (see `open_regular`)."""
    fd = open_regular(path)
    if fd is None:
        return None
    try:
        return read_up_to(fd, limit)
    except OSError:
        return None
    finally:
        os.close(fd)


def read_regular(path: Path, limit: int) -> bytes:
    """The content of a file of at most `limit` bytes; links are followed.

    Raises OSError, also for what is longer and for what is no regular file: a pipe, or a device without end.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(fd).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "not an ordinary file", str(path))
        data = read_up_to(fd, limit + 1)
    finally:
        os.close(fd)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"larger than {limit} bytes", str(path))
    return data


def read_from_file(path: Path, offset: int = 0) -> bytes:
    """The content of a file from byte `offset` on.

    Raises OSError, also for what is no regular file: a directory, or a pipe, on which a reader would hang.
    """
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "Not an ordinary file", str(path))
        file.seek(offset)
        return file.read()
