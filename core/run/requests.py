"""What faces ask of a run's engine: one empty file a request, whose name says everything.

A name is created whole or not at all, and asking twice for the same thing is one request.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .paths import RunPaths

if TYPE_CHECKING:
    from .store import Run


@dataclass(frozen=True)
class KillRequest:
    """End a job; `force` means at once. `path` is the request's file, see `done`."""

    job: str
    force: bool
    path: Path | None = field(default=None, compare=False)


@dataclass(frozen=True)
class RerunRequest:
    """Run a terminal job again as attempt number `attempt`."""

    job: str
    attempt: int
    path: Path | None = field(default=None, compare=False)


@dataclass(frozen=True)
class PauseRequest:
    """Start no further job (`on`), or start jobs again."""

    on: bool
    path: Path | None = field(default=None, compare=False)


Request = KillRequest | RerunRequest | PauseRequest


class RequestRefused(Exception):
    """A request that makes no sense or could not be left; the message is a sentence for the user."""


_KILL = re.compile(r"kill-([0-9a-f]+\.\d+)(-force)?")
_RERUN = re.compile(r"rerun-([0-9a-f]+\.\d+)-([1-9]\d{0,8})")
_PAUSE = re.compile(r"(un)?pause")


def ask_kill(run: Run, job_id: str, force: bool = False) -> bool:
    """Ask to end a job. False when it has ended or the same request is open. Raises RequestRefused."""
    view = run.state().jobs.get(job_id)
    if view is None:
        raise RequestRefused(_no_such_job(run, job_id))
    if view.state.terminal:
        return False
    return _leave(run.paths, f"kill-{job_id}-force" if force else f"kill-{job_id}")


def ask_rerun(run: Run, job_id: str) -> bool:
    """Ask for a new attempt of an ended job. False when that is asked already. Raises RequestRefused."""
    view = run.state().jobs.get(job_id)
    if view is None:
        raise RequestRefused(_no_such_job(run, job_id))
    if not view.state.terminal:
        raise RequestRefused(f"{job_id} ({view.task}) is {view.state}: wait for its end or kill it, then rerun.")
    return _leave(run.paths, f"rerun-{job_id}-{view.attempt + 1}")


def ask_pause(run: Run) -> bool:
    """Ask that no further job is started. False when that is asked already. Raises RequestRefused."""
    _forget(run.paths.requests / "unpause")
    return _leave(run.paths, "pause")


def ask_unpause(run: Run) -> bool:
    """Ask that jobs are started again. False when that is asked already. Raises RequestRefused."""
    _forget(run.paths.requests / "pause")
    return _leave(run.paths, "unpause")


def take_requests(paths: RunPaths) -> list[Request]:
    """All open requests, oldest first. They stay open until `done` is called on each."""
    found: list[tuple[int, str, Request]] = []
    try:
        names = os.listdir(paths.requests)
    except OSError:
        return []
    for name in names:
        path = paths.requests / name
        request = _parse(name, path)
        if request is not None:
            with contextlib.suppress(OSError):
                found.append((path.lstat().st_mtime_ns, name, request))
    return [request for _, _, request in sorted(found, key=lambda item: item[:2])]


def done(request: Request) -> None:
    """Close a request, after what it asks for is in the journal."""
    if request.path is not None:
        _forget(request.path)


def _parse(name: str, path: Path) -> Request | None:
    if match := _KILL.fullmatch(name):
        return KillRequest(match[1], match[2] is not None, path)
    if match := _RERUN.fullmatch(name):
        return RerunRequest(match[1], int(match[2]), path)
    if match := _PAUSE.fullmatch(name):
        return PauseRequest(match[1] is None, path)
    return None


def _leave(paths: RunPaths, name: str) -> bool:
    path = paths.requests / name
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return False
    except OSError as error:
        raise RequestRefused(f"Cannot leave a request in {paths.requests}: {error.strerror}.") from error
    os.close(fd)
    return True


def _forget(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _no_such_job(run: Run, job_id: str) -> str:
    last = len(run.plan.jobs) - 1
    return f"There is no job {job_id}: run {run.invocation} has the jobs {run.invocation}.0 to .{last}."
