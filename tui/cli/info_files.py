"""What `evaldock info` shows and copies of the files of jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...core.base.trees import copy_tree
from .errors import UsageProblem
from .select import Target


def shown(target: Target, *, config: bool, artifacts: bool, logs: bool) -> Iterator[str]:
    """The config of the run in lines, then the paths asked for, a line each."""
    paths = target.run.paths
    if config:
        yield from paths.config.read_text(encoding="utf-8", errors="replace").splitlines()
    for job_id in target.jobs:
        job = paths.job(target.run.job(job_id).dir_name)
        if artifacts:
            yield f"{job_id} {job.artifacts}"
        if logs:
            yield f"{job_id} {job.stdout}"


def copied(target: Target, *, logs: Path | None, artifacts: Path | None) -> Iterator[Path]:
    """Copies of the jobs' logs and results, each job's in a directory of its own. Links are not followed.

    Raises UsageProblem.
    """
    for job_id in target.jobs:
        job = target.run.paths.job(target.run.job(job_id).dir_name)
        for source, folder in ((job.logs, logs), (job.artifacts, artifacts)):
            if folder is None:
                continue
            place = folder / job_id / source.name
            try:
                copy_tree(source, place)
            except OSError as error:  # shutil's own are of this kind
                why = error.strerror or "not all could be read"
                raise UsageProblem(f"{source} cannot be copied to {place}: {why}.") from None
            yield place
