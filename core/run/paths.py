"""Where everything of one run lies."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ..base.atomic import make_dir, sync_dir, write_atomic
from ..base.errors import EvaldockError

OPEN_DIR = 0o777
"""Mode of the directories that a container writes to: any image user can, inside a parent that is 0700."""


class UnsafePath(EvaldockError):
    """A name or a link that would lead out of the run; the message is a sentence for the user."""


@dataclass(frozen=True)
class JobPaths:
    """One job's directory inside a run."""

    root: Path

    @property
    def logs(self) -> Path:
        """Mounted into the container; holds the newest attempt's log."""
        return self.root / "logs"

    @property
    def stdout(self) -> Path:
        """Standard output and error of the newest attempt, byte-exact."""
        return self.logs / "stdout.log"

    @property
    def artifacts(self) -> Path:
        """Mounted into the container at /results."""
        return self.root / "artifacts"

    @property
    def run_config(self) -> Path:
        """What the container is given to read."""
        return self.root / "run_config.yaml"

    @property
    def attempts(self) -> Path:
        """What earlier attempts left (logs, artifacts, run_config, the proxy's files), one directory each."""
        return self.root / "attempts"

    @property
    def specs(self) -> Path:
        """The specs of attempts that were asked for with overrides."""
        return self.root / "specs"

    def spec(self, n: int) -> Path:
        """The spec that attempt `n` brought with it."""
        return self.specs / f"{n}.json"

    def attempt(self, n: int) -> Path:
        """The directory of the earlier attempt `n` (from 1)."""
        return self.attempts / str(n)


@dataclass(frozen=True)
class RunPaths:
    """One run's directory."""

    root: Path

    @property
    def config(self) -> Path:
        """The composed config; secrets by name only."""
        return self.root / "config.yaml"

    @property
    def plan(self) -> Path:
        """The frozen jobs."""
        return self.root / "plan.json"

    @property
    def journal(self) -> Path:
        """What happened, append-only."""
        return self.root / "journal.jsonl"

    @property
    def live(self) -> Path:
        """The newest figures; disposable."""
        return self.root / "live.json"

    @property
    def provenance(self) -> Path:
        """What the run was made with."""
        return self.root / "provenance.json"

    @property
    def lock(self) -> Path:
        """Held by the one engine that owns the run."""
        return self.root / "engine.lock"

    @property
    def engine_log(self) -> Path:
        """What the engine says."""
        return self.root / "engine.log"

    @property
    def requests(self) -> Path:
        """What faces ask of the engine."""
        return self.root / "requests"

    def job(self, dir_name: str) -> JobPaths:
        """The paths of one job. Raises UnsafePath when `dir_name` is not one plain file name."""
        check_name(dir_name)
        return JobPaths(self.root / dir_name)


def check_name(name: str) -> None:
    """Raise UnsafePath unless `name` is one path part: no separator, no leading dot, nothing unprintable."""
    if not name or name.startswith(".") or "/" in name or "\\" in name or not name.isprintable():
        raise UnsafePath(f"{name!r} cannot be the directory of a task; rename the task.")


def is_gone(path: Path) -> bool:
    """Whether nothing is at `path`; what is only out of reach (no permission) is not gone."""
    try:
        path.lstat()
    except OSError as error:
        return isinstance(error, (FileNotFoundError, NotADirectoryError))
    return False


def check_no_link(path: Path) -> None:
    """Raise UnsafePath when `path` is a symbolic link."""
    if path.is_symlink():
        raise UnsafePath(
            f"{path} is a symbolic link to {os.readlink(path)}; evaldock writes only to directories that it "
            "made. Remove the link."
        )


def make_job_dirs(job: JobPaths) -> None:
    """Make the logs and artifacts directories that are missing, and an empty log. Repeatable. Raises OSError.

    The log is there before the container is, so that it can be followed from the start and stays readable
    whatever umask the container has.
    """
    for folder in (job.logs, job.artifacts):
        check_no_link(folder)
        if not folder.is_dir():
            make_dir(folder, OPEN_DIR)
    try:
        fd = os.open(job.stdout, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except FileExistsError:
        return
    os.fchmod(fd, 0o666)
    os.close(fd)


def archive_attempt(job: JobPaths, n: int) -> None:
    """Move what attempt `n` left to `attempts/<n>/` and make fresh directories for the next.

    Repeatable: after a crash in between, a second call finishes the first, and a call when everything is
    moved changes nothing. Raises UnsafePath for links in the way, OSError.
    """
    target = job.attempt(n)
    for folder in (job.root, job.logs, job.artifacts, job.attempts, target):
        check_no_link(folder)
    for folder in (job.attempts, target):
        if not folder.is_dir():
            make_dir(folder)
    for name in os.listdir(job.root):
        stays = job.root / name in (job.attempts, job.specs) or name.startswith(".")
        if not stays and not os.path.lexists(target / name):
            os.rename(job.root / name, target / name)
    make_job_dirs(job)
    sync_dir(target)
    sync_dir(job.root)


def keep_spec(job: JobPaths, n: int, content: bytes) -> None:
    """Write down the spec that attempt `n` brought along. Repeatable. Raises UnsafePath, OSError."""
    check_no_link(job.specs)
    if not job.specs.is_dir():
        make_dir(job.specs)
        sync_dir(job.root)
    write_atomic(job.spec(n), content)
