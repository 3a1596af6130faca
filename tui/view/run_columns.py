"""Where the columns of the list of runs stand."""

from __future__ import annotations

from functools import cache
from typing import Literal

from .columns import Column, placed, room

RunColumnName = Literal["state", "run", "config", "model", "tasks", "count", "scores", "took", "age"]

RunColumn = Column[RunColumnName]

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


@cache
def run_columns(width: int) -> tuple[RunColumn, ...]:
    """The columns of a list that is `width` cells wide."""
    _, wanted = next(entry for entry in _WIDTHS if width >= entry[0])
    free = room(width, wanted)
    return placed({name: cells or free for name, cells in wanted.items()}, _RIGHT_ALIGNED)
