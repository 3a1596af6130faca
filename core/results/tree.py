"""All figures of a job as the tree that its harness means: groups, what they sum up, and each one's metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..catalog.measure import Direction, Measure, Unit
from ..plan.spec import JobSpec
from ..statistics.interval import Interval
from .apart import ReadingFailed, read_apart
from .files import Missing, Unreadable
from .measured import Source, measured
from .merge import Found, TooManyFigures, sampled
from .primary import headline, named
from .read import read_figures, results_file


@dataclass(frozen=True)
class Figure:
    """One metric of one task or group. `value` is None when no samples are behind it, or when it is no number.

    `primary`: it is the one shown for the job. `n` items were each asked `repeats` times; `evidence` is the file with
    the samples behind it, `note` a sentence about them.
    """

    metric: str
    name: str
    value: float | None
    stderr: float | None = None
    n: int | None = None
    primary: bool = False
    unit: Unit = Unit.NUMBER
    direction: Direction = Direction.UNKNOWN
    repeats: int = 1
    interval: Interval | None = None
    evidence: str = ""
    note: str = ""


@dataclass(frozen=True)
class FigureNode:
    """A task or group. `label` is its name without what it shares with its parent's; `depth` counts from 0."""

    name: str
    label: str
    depth: int
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class MetricTree:
    """The nodes of a job's results in reading order (a parent before its children), and the file they stand in.

    `problem` is one sentence when there is nothing to show. `counted`: the harness gave no n or no error for some of
    them, and both were taken from the samples that it wrote down.
    """

    nodes: tuple[FigureNode, ...] = ()
    file: str = ""
    problem: str = ""
    counted: bool = False


@dataclass
class _Branch:
    figures: list[Figure] = field(default_factory=list[Figure])
    below: dict[str, _Branch] = field(default_factory=dict[str, "_Branch"])


def read_tree(
    artifacts: Path,
    *,
    fmt: str,
    file: str,
    task: str,
    primary_metric: str,
    harness: str = "",
    repeats: int = 1,
    measure: Measure | None = None,
) -> MetricTree:
    """What a job wrote into `artifacts`; arguments as those of `read_results`. Raises nothing for what is there."""
    try:
        written = read_figures(artifacts, fmt, file)
        figures = measured(written, Source(artifacts, harness, primary_metric, repeats, measure or Measure()))
        name = results_file(artifacts, fmt, file).name
    except Missing:
        return MetricTree(problem="There are no results yet.")
    except (Unreadable, TooManyFigures) as error:
        return MetricTree(problem=f"The results cannot be read: the file {error}.")
    if not figures:
        return MetricTree(file=name, problem=f"{name} holds no score.")
    return MetricTree(
        tuple(_nodes(_grown(figures, task, primary_metric), "", 0)), name, counted=_counted(written, figures)
    )


def tree_apart(spec: JobSpec, artifacts: Path) -> MetricTree:
    """What a job that ran as `spec` wrote into `artifacts`, read in a process with limits. Raises nothing."""
    try:
        return read_apart(
            read_tree,
            artifacts,
            fmt=spec.result_format,
            file=spec.result_file,
            task=spec.task,
            primary_metric=spec.primary_metric,
            harness=spec.harness,
            repeats=spec.repeats,
            measure=spec.measure,
        )
    except ReadingFailed as error:
        return MetricTree(problem=f"The results {error}.")


def _counted(written: Sequence[Found], figures: Sequence[Found]) -> bool:
    return any(
        one.metric.n is None and other.metric.evidence != "" for one, other in zip(written, figures, strict=True)
    )


def _grown(figures: Sequence[Found], task: str, primary_metric: str) -> _Branch:
    known = sampled(figures)
    shown = (named(known, primary_metric) if primary_metric else None) or headline(known, task)
    root = _Branch()
    groups = {found.owner for found in figures if found.is_group}
    # Groups first: a task listed beside the group that it belongs to can then be put below it.
    for found in sorted(figures, key=lambda found: found.owner not in groups):
        branch = root
        for part in _path(found.owner or (task,), root):
            branch = branch.below.setdefault(part, _Branch())
        branch.figures.append(_figure(found, found is shown))
    return root


def _path(owner: tuple[str, ...], root: _Branch) -> tuple[str, ...]:
    """Where an owner belongs. `mmlu_astronomy` beside `mmlu` is a part of it: harnesses list both at the top."""
    first, *inner = owner
    if inner or first in root.below:
        return owner
    parents = [name for name in root.below if first.startswith(f"{name}_")]
    return (max(parents, key=len), first) if parents else owner


def _figure(found: Found, primary: bool) -> Figure:
    metric = found.metric
    value = None if metric.n == 0 or metric.unknown else metric.value
    return Figure(
        found.label,
        metric.name,
        value,
        metric.stderr if value is not None else None,
        metric.n,
        primary,
        unit=metric.unit,
        direction=metric.direction,
        repeats=metric.repeats,
        interval=metric.interval,
        evidence=metric.evidence,
        note=metric.note,
    )


def _nodes(branch: _Branch, parent: str, depth: int) -> list[FigureNode]:
    nodes: list[FigureNode] = []
    for name, inner in branch.below.items():
        label = name.removeprefix(f"{parent}_") if parent and name != parent else name
        nodes.append(FigureNode(name, label, depth, tuple(_in_order(inner.figures))))
        nodes += _nodes(inner, name, depth + 1)
    return nodes


def _in_order(figures: Sequence[Figure]) -> list[Figure]:
    """The one that is shown first, then its kin (`strict:...`), then the others as the harness wrote them."""
    shown = next((figure for figure in figures if figure.primary), None)
    kin = shown.metric.partition(":")[0] if shown is not None and ":" in shown.metric else None
    return sorted(figures, key=lambda figure: (not figure.primary, figure.metric.partition(":")[0] != kin))
