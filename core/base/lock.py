"""One engine per run: a lock that the kernel drops when its holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Generator
from pathlib import Path

from .atomic import write_atomic

PATIENCE = 1.0
"""Seconds for which readers may make a taker wait: they hold a shared lock for a moment to look."""


class EngineLock:
    """The right to write to a run. `path` is `engine.lock`; beside it, `engine.pid` names the holder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pid_path = path.with_name("engine.pid")
        self._fd = -1

    def acquire(self) -> bool:
        """Take the lock; False when another engine has it. Raises OSError when that cannot be written down."""
        if self._fd >= 0:
            return True
        fd = take_lock(self._path)
        if fd is None:
            return False
        try:
            os.fchmod(fd, 0o600)
            write_atomic(self._pid_path, f"{os.getpid()}\n".encode())
        except BaseException:
            with contextlib.suppress(OSError):
                os.close(fd)
            raise
        self._fd = fd
        return True

    def release(self) -> None:
        """Give the lock back; safe to call when it is not held."""
        if self._fd < 0:
            return
        with contextlib.suppress(OSError):
            self._pid_path.unlink()
        os.close(self._fd)
        self._fd = -1

    def __enter__(self) -> EngineLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def take_lock(path: Path, *, patience: float = PATIENCE, wait_for_holder: bool = False) -> int | None:
    """A descriptor that holds the lock `path` (made when it is missing) until it is closed; None when another has it.

    Readers who only look are waited for, `patience` seconds at most; a holder, who may be about to end, with
    `wait_for_holder`. Raises OSError: no such directory, or a file system without locks.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        taken = _take(fd, patience, wait_for_holder)
    except BaseException:
        os.close(fd)
        raise
    if taken:
        return fd
    os.close(fd)
    return None


def _flock(fd: int, how: int) -> bool:
    try:
        fcntl.flock(fd, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _take(fd: int, patience: float = PATIENCE, wait_for_holder: bool = False) -> bool:
    # Readers probe with a shared lock for a moment (`is_held`); only an exclusive holder is an engine.
    deadline = time.monotonic() + patience
    while not _flock(fd, fcntl.LOCK_EX):
        if time.monotonic() > deadline or (not wait_for_holder and not _flock(fd, fcntl.LOCK_SH)):
            return False
        fcntl.flock(fd, fcntl.LOCK_UN)
        time.sleep(0.002 + (os.getpid() % 7) / 1000)
    return True


@contextlib.contextmanager
def holding(path: Path) -> Generator[bool]:
    """Keep engines away from the lock `path` for a moment without naming a holder; yields False when one has it."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        yield True  # a full disk, or a directory that is not ours: no engine could take it either
        return
    try:
        yield _take(fd)
    finally:
        os.close(fd)


def is_held(path: Path) -> bool:
    """Whether some engine holds the lock `path` now."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _flock(fd, fcntl.LOCK_SH)
    finally:
        os.close(fd)


def holder(path: Path) -> int | None:
    """The pid of the engine that holds the lock `path`, None when none does."""
    pid_path = path.with_name("engine.pid")
    # The pid is written just after the lock is taken: give a fresh holder a moment.
    for _ in range(10):
        if not is_held(path):
            return None
        with contextlib.suppress(OSError, ValueError):
            pid = int(pid_path.read_text(encoding="ascii"))
            if pid > 0:
                return pid
        time.sleep(0.01)
    return None
