"""Found figures in reading order, without the ones a harness lists twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..base.errors import EvaldockError
from .model import Metric
from .numbers import printable

# A results tree may name one mapping in many places; past this many figures it is no results file.
MAX_FIGURES = 20_000
MAX_NAME = 300


class TooManyFigures(EvaldockError, ValueError):
    """The file lists more figures than any harness writes."""


@dataclass(frozen=True)
class Found:
    """A metric and where it stood: its task or group (with the groups inside it), and its own name there."""

    metric: Metric
    owner: tuple[str, ...]
    label: str
    is_group: bool = False


def merged(figures: Iterable[Found]) -> tuple[Found, ...]:
    """The first figure of each name stays and takes what it lacks (stderr, n) from later ones of the same value.

    Several harnesses list a score under `tasks` and again under `groups`; callers give the tasks first. Where the
    second value differs, the first is kept: one name shows one figure. A figure without samples or without a value
    gives way to one that has them. Raises TooManyFigures.
    """
    kept: dict[str, Found] = {}
    for number, found in enumerate(figures):
        if number >= MAX_FIGURES:
            raise TooManyFigures(f"it lists more than {MAX_FIGURES} figures")
        metric = replace(found.metric, name=printable(found.metric.name[:MAX_NAME]))
        first = kept.get(metric.name)
        if first is None or (_empty(first.metric) and not _empty(metric)):
            kept[metric.name] = replace(found, metric=metric)
        elif first.metric.value == metric.value and metric.n != 0:
            kept[metric.name] = replace(first, metric=_completed(first.metric, metric))
    return tuple(kept.values())


def sampled(figures: Iterable[Found]) -> tuple[Found, ...]:
    """The figures that are results: harnesses write 0.0 with no samples behind it for what they did not run."""
    return tuple(found for found in figures if not _empty(found.metric))


def _empty(metric: Metric) -> bool:
    return metric.n == 0 or metric.unknown != ""


def _completed(first: Metric, other: Metric) -> Metric:
    return replace(
        first,
        stderr=other.stderr if first.stderr is None else first.stderr,
        n=other.n if first.n is None else first.n,
    )
