"""What earlier runs tell of a plan that has not run: the newest finished job of each task by the same model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..base.atomic import read_head
from ..plan.sight import Past
from ..plan.spec import JobSpec, Plan
from .events import JobState
from .figures import read_figures
from .paths import RunPaths
from .pointers import pointers
from .store import Run, RunDamaged

_MOST_LOOKED_AT = 200
_MOST_READ = 12
_HEAD = 1 << 22


def past_of(plan: Plan, env: Mapping[str, str] | None = None) -> dict[str, Past]:
    """Planned job -> what the newest such job of the user took, as far as the newest runs tell. Writes nothing."""
    wanted = {job.id: job for job in plan.jobs}
    found: dict[str, Past] = {}
    for run in _runs(plan.model_id, env):
        if run.invocation == plan.invocation:
            continue
        for spec, past in _finished(run):
            for job in [job for job in wanted.values() if _alike(job, spec)]:
                found[job.id] = past
                del wanted[job.id]
        if not wanted:
            break
    return found


def _alike(job: JobSpec, earlier: JobSpec) -> bool:
    return (job.task, job.harness, job.model_id) == (earlier.task, earlier.harness, earlier.model_id)


def _runs(model: str, env: Mapping[str, str] | None) -> Iterator[Run]:
    newest = sorted(pointers(env).values(), key=lambda root: root.name, reverse=True)
    read = 0
    for root in newest[:_MOST_LOOKED_AT]:
        # Most runs are of another model: those are told by a look at the plan's text.
        if read < _MOST_READ and _speaks_of(root, model):
            read += 1
            try:
                yield Run.open(root)
            except RunDamaged:
                continue


def _speaks_of(root: Path, model: str) -> bool:
    return json.dumps(model).encode() in (read_head(RunPaths(root).plan, _HEAD) or b"")


def _finished(run: Run) -> Iterator[tuple[JobSpec, Past]]:
    for status in run.statuses():
        score = status.score
        if status.state is not JobState.SUCCEEDED or score is None or not score.valid:
            continue
        spec, figures = run.job(status.job), read_figures(run, status.job, status.attempt)
        tokens = figures.tokens_in + figures.tokens_out if figures is not None else 0
        counted = score.n * score.repeats if score.n is not None else 0
        yield (
            spec,
            Past(
                status.job,
                score.n,
                score.repeats,
                score.unit if score.unit != "number" else "",
                spec.limit is not None,
                # A figure may count other things than samples: instructions, turns.
                spec.expected or counted,
                status.seconds,
                tokens or None,
            ),
        )
