"""Where the columns of the list of runs stand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from .columns import MARGIN, RIGHT

RunColumnName = Literal["state", "run", "config", "model", "tasks", "count", "scores", "took", "age"]

HEADS: dict[RunColumnName, str] = {
    "state": "STATE",
    "run": "RUN",
    "config": "CONFIG",
    "model": "MODEL",
    "tasks": "TASKS",
    "count": "",
    "scores": "SCORES",
    "took": "TOOK",
    "age": "AGE",
}
_RIGHT_ALIGNED = ("count", "took", "age")
_GAP = 2
_REST = 0  # takes what the others leave

_WIDTHS: tuple[tuple[int, dict[RunColumnName, int]], ...] = (
    (
        140,
        {
            "state": 11,
            "run": 8,
            "config": 12,
            "model": 22,
            "tasks": 14,
            "count": 5,
            "scores": _REST,
            "took": 6,
            "age": 5,
        },
    ),
    (
        116,
        {
            "state": 11,
            "run": 8,
            "config": 12,
            "model": 20,
            "tasks": 10,
            "count": 5,
            "scores": _REST,
            "took": 6,
            "age": 5,
        },
    ),
    (
        96,
        {"state": 11, "run": 8, "config": 12, "model": _REST, "tasks": 10, "count": 5, "took": 6, "age": 5},
    ),
    (72, {"state": 11, "run": 8, "config": 12, "model": _REST, "count": 7, "age": 5}),
    (0, {"state": 11, "run": 8, "config": _REST, "age": 5}),
)


@dataclass(frozen=True)
class RunColumn:
    """A column: from `x`, `width` cells, its text at the right or the left edge."""

    name: RunColumnName
    x: int
    width: int
    right: bool

    @property
    def end(self) -> int:
        """The first column behind it."""
        return self.x + self.width


@cache
def run_columns(width: int) -> tuple[RunColumn, ...]:
    """The columns of a list that is `width` cells wide."""
    _, wanted = next(entry for entry in _WIDTHS if width >= entry[0])
    free = max(4, width - MARGIN - RIGHT - sum(wanted.values()) - _GAP * (len(wanted) - 1))
    found: list[RunColumn] = []
    x = MARGIN
    for name, cells in wanted.items():
        size = cells or free
        found.append(RunColumn(name, x, size, name in _RIGHT_ALIGNED))
        x += size + _GAP
    return tuple(found)
