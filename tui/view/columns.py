"""Where the columns of the task table stand. One function is the whole story of its breakpoints."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Generic, Literal, TypeVar

MARGIN = 3
"""The column at which all text starts; before it are the cursor bar and the mark."""

RIGHT = 2
"""Columns that stay free at the right edge."""

Name = Literal["state", "task", "progress", "time", "left", "rate", "cpu", "memory", "score"]

HEADS: dict[Name, str] = {
    "state": "STATE",
    "task": "TASK",
    "progress": "PROGRESS",
    "time": "TIME",
    "left": "LEFT",
    "rate": "REQ/S",
    "cpu": "CPU%",
    "memory": "MEM",
    "score": "SCORE",
}
_RIGHT_ALIGNED = ("time", "left", "rate", "cpu", "memory", "score")
GAP = 2
_TASK = 0  # takes what the others leave

_WIDTHS: tuple[tuple[int, dict[Name, int]], ...] = (
    (
        140,
        {
            "state": 11,
            "task": _TASK,
            "progress": 38,
            "time": 6,
            "left": 5,
            "rate": 12,
            "cpu": 5,
            "memory": 6,
            "score": 15,
        },
    ),
    (116, {"state": 11, "task": _TASK, "progress": 38, "time": 6, "left": 5, "rate": 5, "score": 15}),
    (100, {"state": 11, "task": _TASK, "progress": 23, "time": 6, "left": 5, "rate": 5, "score": 15}),
    (72, {"state": 11, "task": _TASK, "progress": 23, "time": 5, "score": 7}),
    (60, {"state": 11, "task": _TASK, "progress": 18, "time": 5}),
    (0, {"state": 11, "task": _TASK, "time": 5}),
)


N = TypeVar("N", bound=str)


@dataclass(frozen=True)
class Column(Generic[N]):
    """A column: from `x`, `width` cells, its text at the right or the left edge."""

    name: N
    x: int
    width: int
    right: bool

    @property
    def end(self) -> int:
        """The first column behind it."""
        return self.x + self.width


def room(width: int, widths: Mapping[N, int]) -> int:
    """What columns of these widths leave to the one that takes the rest."""
    return max(4, width - MARGIN - RIGHT - sum(widths.values()) - GAP * (len(widths) - 1))


def placed(widths: Mapping[N, int], right: Collection[str]) -> tuple[Column[N], ...]:
    """Columns of these widths side by side; those named in `right` have their text at the right."""
    found: list[Column[N]] = []
    x = MARGIN
    for name, cells in widths.items():
        found.append(Column(name, x, cells, name in right))
        x += cells + GAP
    return tuple(found)


@dataclass(frozen=True)
class Columns:
    """All columns at one width. `bar` is the width of the bar in PROGRESS, 0 where there is only a percentage."""

    width: int
    all: tuple[Column[Name], ...]
    bar: int
    counts: bool
    errors: bool
    spark: bool

    def get(self, name: Name) -> Column[Name] | None:
        """The column of that name, None where it is given up."""
        return next((column for column in self.all if column.name == name), None)

    def at(self, x: int) -> Column[Name] | None:
        """The column that is under screen column `x`."""
        return next((column for column in self.all if column.x <= x < column.end + GAP), None)


@cache
def columns(width: int) -> Columns:
    """The columns of a table that is `width` cells wide."""
    least, wanted = next(entry for entry in _WIDTHS if width >= entry[0])
    free = room(width, wanted)
    # TASK has enough at some point: then the bar grows, and then TASK again.
    grow = max(0, min(free - 32, 30)) if least >= 116 else max(0, min(free - 24, 14)) if least >= 72 else 0
    grown = {"task": free - grow, "progress": wanted.get("progress", 0) + grow}
    sizes: dict[Name, int] = {name: grown.get(name, cells) for name, cells in wanted.items()}
    counts = least >= 116
    progress = wanted.get("progress", 0) + grow
    bar = progress - 20 if counts else progress - 11 if least >= 72 else progress - 5 if progress else 0
    return Columns(width, placed(sizes, _RIGHT_ALIGNED), max(0, bar), counts, errors=least >= 100, spark=least >= 140)
