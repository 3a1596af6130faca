"""Whether two runs differ in what they scored by more than chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ..base.narrow import Json, as_text, as_tree, as_whole
from ..run.store import Run
from ..statistics.interval import successes
from ..statistics.paired import contrast
from ..statistics.unpaired import TwoErrors, two_proportions
from .apart import ReadingFailed, read_apart
from .files import Missing, Unreadable
from .measured import Source, measured
from .merge import TooManyFigures
from .read import read_figures
from .samples.evidence import SampleFiles

Test = Literal["paired", "proportions", "errors", "none"]
"""How it was judged: sample by sample, by the numbers of right answers, by standard errors, or not at all."""

NOISE = 0.05
"""p from which a difference is called noise."""


@dataclass(frozen=True)
class Scored:
    """What one run scored at one task; `value` None where there is no score that counts."""

    run: str
    job: str
    metric: str = ""
    value: float | None = None
    stderr: float | None = None
    n: int | None = None
    validity: str = ""


@dataclass(frozen=True)
class Difference:
    """One task in two runs. `p` is two-sided, None where it cannot be told; `noise` the verdict."""

    task: str
    before: Scored
    after: Scored
    delta: float | None = None
    p: float | None = None
    test: Test = "none"

    @property
    def noise(self) -> bool | None:
        """Whether chance alone may explain it; None where nobody knows."""
        return None if self.p is None else self.p >= NOISE


def compare(before: Run, after: Run) -> tuple[Difference, ...]:
    """The tasks that both runs have, in the order of the first; of several jobs of one task the last.

    Raises RunDamaged.
    """
    ours, theirs = _jobs(before), _jobs(after)
    return tuple(_difference(task, before, ours[task], after, theirs[task]) for task in ours if task in theirs)


def _jobs(run: Run) -> dict[str, Json]:
    return {str(view["task"]): view for view in run.views()}


def _difference(task: str, before: Run, one: Json, after: Run, other: Json) -> Difference:
    first, second = _scored(before, one), _scored(after, other)
    if first.value is None or second.value is None or first.metric != second.metric:
        return Difference(task, first, second)
    p, test = _p(before, first, after, second)
    return Difference(task, first, second, second.value - first.value, p, test)


def _scored(run: Run, view: Json) -> Scored:
    score = as_tree(view["score"])
    value, stderr = _number(score.get("value")), _number(score.get("stderr"))
    if value is None:
        return Scored(run.invocation, str(view["job"]))
    validity = as_text(score.get("validity"))
    return Scored(
        run=run.invocation,
        job=str(view["job"]),
        metric=as_text(score.get("metric")),
        value=value if validity != "invalid" else None,
        stderr=stderr,
        n=as_whole(score.get("n")),
        validity=validity,
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _p(before: Run, first: Scored, after: Run, second: Scored) -> tuple[float | None, Test]:
    pairs = _pairs(_samples(before, first), _samples(after, second))
    if pairs:
        return contrast([a for a, _ in pairs], [b for _, b in pairs], share=False).p, "paired"
    right = successes(first.value or 0.0, first.n), successes(second.value or 0.0, second.n)
    if right[0] is not None and right[1] is not None and first.n and second.n:
        return two_proportions(right[0], first.n, right[1], second.n), "proportions"
    if first.stderr and second.stderr:
        error = math.hypot(first.stderr, second.stderr)
        return TwoErrors((second.value or 0.0) - (first.value or 0.0), error).p, "errors"
    return None, "none"


def _samples(run: Run, scored: Scored) -> dict[str, float]:
    """Item -> what it scored, {} where nothing tells."""
    spec = run.job(scored.job)
    artifacts = run.paths.job(spec.dir_name).artifacts
    source = Source(artifacts, spec.harness, spec.primary_metric, spec.repeats, spec.measure)
    try:
        return read_apart(samples_behind, source, spec.result_format, spec.result_file, scored.metric)
    except ReadingFailed:
        return {}


def samples_behind(source: Source, fmt: str, file: str, metric: str) -> dict[str, float]:
    """Item -> what it scored, of the figure called `metric`; {} where nothing tells. Raises nothing."""
    files = SampleFiles(source.artifacts, source.measure)
    try:
        figures = measured(read_figures(source.artifacts, fmt, file), source, files)
    except (Missing, Unreadable, TooManyFigures):
        return {}
    found = next((figure for figure in figures if figure.metric.name == metric), None)
    evidence = files.behind(found, found.metric.value) if found is not None else ""
    return {} if isinstance(evidence, str) else evidence.means


def _pairs(one: dict[str, float], other: dict[str, float]) -> list[tuple[float, float]]:
    """The samples that both have."""
    return [(value, other[item]) for item, value in one.items() if item in other]
