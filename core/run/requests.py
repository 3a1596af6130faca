"""Requests to a run's engine on disk: one small file each, whose name says what is asked. `control.ask` leaves them.

A request appears whole or not at all, and asking twice for the same thing is one request.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from ..base.atomic import open_regular, read_head, read_up_to, write_atomic
from ..base.owner import is_trusted
from .access import RequestRefused
from .amendment import MAX_BYTES
from .paths import RunPaths


@dataclass(frozen=True)
class KillRequest:
    """End a job; `force` means at once. `path` is the request's file, see `done`."""

    job: str
    force: bool
    path: Path | None = field(default=None, compare=False)


@dataclass(frozen=True)
class RerunRequest:
    """Run a terminal job again as attempt number `attempt`, by the `amendment` (an `Amendment`'s bytes) unless b""."""

    job: str
    attempt: int
    amendment: bytes = b""
    path: Path | None = field(default=None, compare=False)


@dataclass(frozen=True)
class PauseRequest:
    """Start no further job (`on`), or start jobs again."""

    on: bool
    path: Path | None = field(default=None, compare=False)


Request = KillRequest | RerunRequest | PauseRequest


_KILL = re.compile(r"kill-([0-9a-f]+\.\d+)(-force)?")
_RERUN = re.compile(r"rerun-([0-9a-f]+\.\d+)-([1-9]\d{0,8})")
_PAUSE = re.compile(r"(un)?pause")


def take_requests(paths: RunPaths, run_fd: int | None = None) -> list[Request]:
    """All open requests, oldest first. They stay open until `done` is called on each.

    `run_fd` is a descriptor of the run's directory: with it, one that was put in its place is not asked. What another
    user left is passed over.
    """
    found: list[tuple[int, str, Request]] = []
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        where = paths.requests if run_fd is None else paths.requests.name
        folder = os.open(where, flags, dir_fd=run_fd)
    except OSError:
        return []
    try:
        if not is_trusted(os.fstat(folder).st_uid):
            return []
        for name in os.listdir(folder):
            request, age = _parse(name, folder, paths.requests / name)
            if request is not None:
                found.append((age, name, request))
    except OSError:
        return []
    finally:
        os.close(folder)
    return [request for _, _, request in sorted(found, key=lambda item: item[:2])]


def withdraw(paths: RunPaths, name: str) -> None:
    """Take back the open request of this name, if there is one."""
    _forget(paths.requests / name)


def done(request: Request) -> None:
    """Close a request, after what it asks for is in the journal."""
    if request.path is not None:
        _forget(request.path)


def _parse(name: str, folder: int, path: Path) -> tuple[Request | None, int]:
    """The request that a file in the directory `folder` makes, and its age; None for any other file."""
    if not (match := _KILL.fullmatch(name) or _RERUN.fullmatch(name) or _PAUSE.fullmatch(name)):
        return None, 0
    fd = open_regular(name, dir_fd=folder)
    if fd is None:
        return None, 0
    try:
        status = os.fstat(fd)
        if not is_trusted(status.st_uid):
            return None, 0
        return _request(match, fd, path), status.st_mtime_ns
    except OSError:
        return None, 0
    finally:
        os.close(fd)


def _request(match: re.Match[str], fd: int, path: Path) -> Request:
    if match.re is _KILL:
        return KillRequest(match[1], match[2] is not None, path)
    if match.re is _RERUN:
        return RerunRequest(match[1], int(match[2]), read_up_to(fd, MAX_BYTES), path)
    return PauseRequest(match[1] is None, path)


def leave_request(paths: RunPaths, name: str, content: bytes = b"") -> bool:
    """Leave a request under its name. False when the same is open already. Raises RequestRefused."""
    path = paths.requests / name
    try:
        _create_whole(path, content)
    except FileExistsError:
        if read_head(path, MAX_BYTES) not in (content, None):
            raise RequestRefused("The same rerun is asked already, with other overrides.") from None
        return False
    except OSError as error:
        raise RequestRefused(f"Cannot leave a request in {paths.requests}: {error.strerror}.") from error
    return True


def _create_whole(path: Path, content: bytes) -> None:
    """Make a file that was not there, with its content from the first moment. Raises FileExistsError, OSError."""
    if not content:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        return
    draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        write_atomic(draft, content)
        _link_or_rename(draft, path)
    finally:
        _forget(draft)


def _link_or_rename(draft: Path, path: Path) -> None:
    try:
        # A link never takes the place of another file, which no renaming can promise.
        os.link(draft, path)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP):
            raise
        if os.path.lexists(path):
            raise FileExistsError from None
        os.rename(draft, path)


def _forget(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
