"""Deleting a run from disk: its directory, the pointer to it, and the links to its jobs. Links are never followed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from ..base.lock import holding
from ..base.trees import files_below, remove_tree
from ..run.access import RequestRefused, refuse_when_read_only
from ..run.links import relink
from ..run.paths import JobPaths, RunPaths
from ..run.pointers import RUN_DIR, forget

_OWN_FILES = ("plan.json", "journal.jsonl", "config.yaml")


def remove_run(root: Path, env: Mapping[str, str] | None = None) -> None:
    """Delete the run at `root`, damaged or not; no engine can take it meanwhile.

    The run disappears at once and as a whole, before its files go. `env` (default: this process's) says where its
    pointer is. Containers are not looked for: see `prune`. Raises RequestRefused.
    """
    refuse_when_read_only()
    root = root.absolute()
    check_is_run(root)
    with holding(RunPaths(root).lock) as held:
        if not held:
            invocation = root.name.rpartition("-")[2]
            raise RequestRefused(f"{root.name} still has a running engine: stop it first (evaldock kill {invocation}).")
        leaving = root.with_name(f".{root.name}.{os.urandom(4).hex()}.removed")
        try:
            os.rename(root, leaving)
        except OSError as error:
            raise RequestRefused(f"{root} cannot be removed: {error.strerror}.") from error
    forget(root, env)
    relink(root)
    _remove_tree(leaving)


def check_is_run(root: Path) -> None:
    """Raise RequestRefused unless `root` is a real directory that is named and filled as a run's is."""
    named = RUN_DIR.fullmatch(root.name) is not None
    if not named or root.is_symlink() or not any((root / name).is_file() for name in _OWN_FILES):
        raise RequestRefused(f"{root} is not the directory of a run, so nothing in it was removed.")


def remove_attempts(job: JobPaths) -> None:
    """Delete what earlier attempts of a job left. Raises RequestRefused."""
    refuse_when_read_only()
    if job.attempts.is_symlink():
        raise RequestRefused(f"{job.attempts} is a symbolic link, so nothing in it was removed.")
    if job.attempts.is_dir():
        _remove_tree(job.attempts)


def size_of(path: Path) -> int:
    """Bytes that the files below `path` take on disk; links count as themselves, what cannot be read as nothing."""
    total = 0
    for entry in files_below(path):
        with contextlib.suppress(OSError):
            total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total


def _remove_tree(path: Path) -> None:
    try:
        remove_tree(path)
    except OSError as error:
        raise RequestRefused(
            f"Some of it could not be removed ({error.strerror}: {error.filename}); a container may have left it as "
            f"another user. Remove it yourself: sudo rm -rf {path}"
        ) from error
