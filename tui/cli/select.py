"""From the ids a user typed to runs and jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from .rows import plain

if TYPE_CHECKING:
    from ...core.run.status import JobStatus
    from ...core.run.store import Run


@dataclass(frozen=True)
class Target:
    """Jobs of one run, in the order of its plan. `whole` says that the run itself was named."""

    run: Run
    jobs: tuple[str, ...]
    whole: bool


def targets(ids: Sequence[str]) -> list[Target]:
    """What `ids` name, one Target per run in the order first named. Raises NotFound or AmbiguousId."""
    from ...core.run.index import find

    found = [find(text) for text in ids]
    runs = {item.run.invocation: item.run for item in found}
    result: list[Target] = []
    for invocation, run in runs.items():
        named = {item.job_id for item in found if item.run.invocation == invocation}
        whole = None in named
        jobs = tuple(job.id for job in run.plan.jobs if whole or job.id in named)
        result.append(Target(run, jobs, whole))
    return result


def newest() -> list[Target]:
    """All jobs of the newest run that can be read, as a list of one; empty when there is none.

    Newer ones that are damaged are told of on stderr.
    """
    from ...core.run.index import NotFound, last_run

    try:
        run = last_run(passed_over=lambda error: click.echo(f"evaldock: warning: {plain(error)}", err=True))
    except NotFound:
        return []
    return [Target(run, tuple(job.id for job in run.plan.jobs), whole=True)]


def rows_of(target: Target) -> list[JobStatus]:
    """How the target's jobs stand now."""
    return [row for row in target.run.statuses() if row.job in target.jobs]


def warn_unregistered(run: Run) -> list[str]:
    """Tell on stderr when a run could not be noted down, so that no id leads to it; the sentence, if any."""
    from ...core.run.index import is_registered, state_dir

    root = run.paths.root
    if is_registered(root):
        return []
    text = (
        f"{run.invocation} cannot be noted down in {state_dir()}, so its id will not be known: name its directory "
        f"instead, as in: evaldock status {root}"
    )
    click.echo(f"evaldock: warning: {plain(text)}", err=True)
    return [text]
