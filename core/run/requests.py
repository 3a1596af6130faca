"""What faces ask of a run's engine: one small file a request, whose name says what is asked.

A request appears whole or not at all, and asking twice for the same thing is one request.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..base.atomic import open_regular, read_head, read_up_to, write_atomic
from ..base.owner import is_trusted
from .access import RequestRefused as RequestRefused
from .access import refuse_when_read_only
from .amendment import MAX_BYTES
from .paths import RunPaths

if TYPE_CHECKING:
    from .rerun import PlannedRerun
    from .store import Run


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


def ask_kill(run: Run, job_id: str, force: bool = False) -> bool:
    """Ask to end a job. False when it has ended or the same request is open. Raises RequestRefused."""
    refuse_when_read_only()
    view = run.state().jobs.get(job_id)
    if view is None:
        raise RequestRefused(_no_such_job(run, job_id))
    if view.state.terminal:
        return False
    return _leave(run.paths, f"kill-{job_id}-force" if force else f"kill-{job_id}")


def ask_rerun(run: Run, job_id: str, overrides: Sequence[str] = (), *, env: Mapping[str, str] | None = None) -> bool:
    """Ask for a new attempt of an ended job. False when the same is asked already.

    `overrides` (`-o` texts) change what the new attempt runs; `env` (default: this process's) is what they may read.
    Raises RequestRefused, and ConfigError for overrides that cannot be.
    """
    refuse_when_read_only()
    if overrides:
        from .rerun import plan_reruns

        return ask_planned(run, plan_reruns(run, [job_id], overrides, env=env).jobs[0])
    return _leave(run.paths, f"rerun-{job_id}-{next_attempt(run, job_id)}")


def ask_planned(run: Run, planned: PlannedRerun) -> bool:
    """Ask for a rerun that `plan_reruns` planned. As `ask_rerun`."""
    refuse_when_read_only()
    if next_attempt(run, planned.job) != planned.attempt:
        raise RequestRefused(f"{planned.job} has been run again meanwhile: look at it, then rerun it.")
    amendment = planned.amendment()
    return _leave(run.paths, f"rerun-{planned.job}-{planned.attempt}", amendment.to_bytes() if amendment else b"")


def next_attempt(run: Run, job_id: str) -> int:
    """The number that the next attempt at an ended job will have. Raises RequestRefused for any other job."""
    view = run.state().jobs.get(job_id)
    if view is None:
        raise RequestRefused(_no_such_job(run, job_id))
    if not view.state.terminal:
        raise RequestRefused(f"{job_id} ({view.task}) is {view.state}: wait for its end or kill it, then rerun.")
    return view.attempt + 1


def ask_pause(run: Run) -> bool:
    """Ask that no further job is started. False when that is asked already. Raises RequestRefused."""
    refuse_when_read_only()
    _forget(run.paths.requests / "unpause")
    return _leave(run.paths, "pause")


def ask_unpause(run: Run) -> bool:
    """Ask that jobs are started again. False when that is asked already. Raises RequestRefused."""
    refuse_when_read_only()
    _forget(run.paths.requests / "pause")
    return _leave(run.paths, "unpause")


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


def _leave(paths: RunPaths, name: str, content: bytes = b"") -> bool:
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


def _no_such_job(run: Run, job_id: str) -> str:
    last = len(run.plan.jobs) - 1
    return f"There is no job {job_id}: run {run.invocation} has the jobs {run.invocation}.0 to .{last}."
