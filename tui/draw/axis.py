"""Axes for small charts: where round values lie on so many cells, and the line of labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from . import numbers

_GAP = 3
_LEAST = 1e-300  # of a reach that has a step: what is nearly 0 has no logarithm
_STEPS = (1.0, 2.0, 5.0)
_DECADES = tuple(10.0**power for power in range(-5, 2))
# What people call durations by, from dense to sparse: the first family whose labels fit beside each other is taken.
_DURATIONS: tuple[tuple[float, ...], ...] = (
    (*(ten * step for ten in _DECADES for step in _STEPS if ten * step < 20), 30, 60, 120, 300, 600, 1800, 3600),
    (*(ten * step for ten in _DECADES for step in (1, 3)), 60, 300, 1800, 7200),
    (*_DECADES, 60, 600, 3600),
)


@dataclass(frozen=True)
class Axis:
    """From `first` to `last`; `ticks` are (value, label)."""

    first: float
    last: float
    ticks: tuple[tuple[float, str], ...]


def linear(low: float, high: float, most: int) -> Axis:
    """A linear axis that holds `low` and `high`, ends at ticks, and has at most `most` of them (at least 2)."""
    if high - low < _LEAST:
        low, high = low - 0.5, high + 0.5
    size = 10.0 ** math.floor(math.log10((high - low) / max(1, most)))
    steps = [size * factor for factor in (*_STEPS, 10.0, 20.0, 50.0)]
    step = next((step for step in steps if _ticks(low, high, step) <= max(2, most)), steps[-1])
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    ticks = tuple((n * step, _short(f"{n * step:.{places}f}")) for n in range(first, last + 1))
    return Axis(first * step, last * step, ticks)


def _ticks(low: float, high: float, step: float) -> int:
    return math.ceil(high / step - 1e-9) - math.floor(low / step + 1e-9) + 1


def _short(number: str) -> str:
    """`.4` for `0.4`, `1` for `1.0`: beside figures with a point the zeros say nothing."""
    whole = float(number) == int(float(number))
    return str(int(float(number))) if whole else number.replace("0.", ".", 1) if "0." in number[:3] else number


def label_line(axis: Axis, width: int) -> str:
    """The labels above an axis of `width` cells, each ending where its value lies, but for the first."""
    reach = axis.last - axis.first
    places = [(round((value - axis.first) / reach * (width - 1)), label) for value, label in axis.ticks]
    return _written([(max(0, at - len(label) + 1) if at else 0, label) for at, label in places], width)


def duration_labels(first: float, last: float, width: int) -> str:
    """The labels below a logarithmic axis of durations (seconds), each beginning where its value lies."""
    if not 0 < first < last:
        return ""
    reach = math.log(last / first)
    for family in _DURATIONS:
        found = [value for value in family if first * 0.999 <= value <= last * 1.001]
        places = [(round(math.log(value / first) / reach * width), _duration(value)) for value in found]
        places = [(at, label) for at, label in places if at + len(label) <= width]
        if len(places) > 1 and all(b[0] - a[0] >= len(a[1]) + _GAP for a, b in pairwise(places)):
            return _written(places, width)
    start, edge = (_duration(end) if end < 1 else numbers.latency(end) for end in (first, last))
    room = width - len(start)
    return f"{start}{edge:>{room}}" if len(edge) < room else start.ljust(width)


def _duration(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 60:
        return f"{seconds:g} s"
    return f"{seconds / 60:g} m" if seconds < 3600 else f"{seconds / 3600:g} h"


def _written(places: Sequence[tuple[int, str]], width: int) -> str:
    """Labels at their cells; one that would touch the one before it is left out."""
    line = ""
    for at, label in places:
        at = max(0, min(at, width - len(label)))
        if not line or at > len(line):
            line = line.ljust(at) + label
    return line.ljust(width)
