"""What a run will be able to see, before it runs: the smallest difference, and what earlier runs took. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..catalog.measure import Unit
from ..statistics.power import paired_error, repeats_needed, smallest_difference
from .spec import JobSpec, Plan

DISCORDANT = 0.2
"""The share of samples that two runs of about equal models score otherwise, as a rule: 10 to 30 %."""

_WANTED = 0.03
_SHARES = ("", Unit.FRACTION, Unit.PERCENT)


@dataclass(frozen=True)
class Past:
    """An earlier job of the same task and model: how many samples it scored, each `repeats` times, in which unit;
    what that took; and whether those were only the first of them."""

    job: str
    samples: int | None = None
    repeats: int = 1
    unit: str = ""
    limited: bool = False
    answers: int = 0
    seconds: float | None = None
    tokens: int | None = None


def sight(plan: Plan, past: Mapping[str, Past]) -> tuple[str, ...]:
    """A line for each task of which something is known; `past` is by the id of the planned job."""
    groups: dict[tuple[int, int], list[JobSpec]] = {}
    for job in plan.jobs:
        groups.setdefault((1, job.position) if job.repeat else (0, job.index), []).append(job)
    lines = (_line(jobs, past.get(jobs[0].id)) for jobs in groups.values())
    return tuple(line for line in lines if line)


def _line(jobs: Sequence[JobSpec], past: Past | None) -> str:
    job = jobs[0]
    n = job.samples
    if n is None and past is not None and not past.limited and job.limit is None:
        n = past.samples
    parts = [*_seen(job, n, len(jobs) * job.repeats, past), *_taken(job, n, len(jobs), past)]
    return f"{job.task}  {'; '.join(parts)}" if parts else ""


def _seen(job: JobSpec, n: int | None, times: int, past: Past | None) -> Iterator[str]:
    if n is None:
        return
    samples = f"{n:,} sample{'s' if n != 1 else ''}" + (f" x {times}" if times > 1 else "")
    samples = f"the first {samples}, no estimate of the whole" if job.limit is not None else samples
    if (past.unit if past is not None and past.unit else job.measure.unit) not in _SHARES:
        yield samples
        return
    found = smallest_difference(paired_error(DISCORDANT, n * times))
    yield f"{samples}: differences above about {_points(found)}"
    if found > _WANTED and job.limit is None:
        yield f"for {_points(_WANTED)} repeat {repeats_needed(DISCORDANT, n, _WANTED):,} times"


def _taken(job: JobSpec, n: int | None, runs: int, past: Past | None) -> Iterator[str]:
    if past is None or not past.answers or n is None:
        return
    more = n * job.repeats / past.answers
    each = f"{runs} x " if runs > 1 else ""
    told = [f"{each}{_duration(past.seconds * more)}"] if past.seconds else []
    told += [f"{_rounded(past.tokens * more * runs)} tokens"] if past.tokens else []
    if told:
        yield f"about {', '.join(told)}, as {past.job} took"


def _points(value: float) -> str:
    points = 100 * value
    return f"{points:.1f}".removesuffix(".0") + " pp" if points < 10 else f"{points:.0f} pp"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _rounded(tokens: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if tokens >= size:
            return f"{tokens / size:.3g}{letter}"
    return f"{tokens:.0f}"
