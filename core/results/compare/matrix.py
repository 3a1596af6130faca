"""Several runs against the first of them at a glance: a row a task, a column a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .model import Difference, Verdict
from .side import Side
from .words import figure


@dataclass(frozen=True)
class Place:
    """One run at one task: its figure, and what that is against the first run's; None for the first run itself, and
    where it does not have the task."""

    text: str
    verdict: Verdict | None = None

    @property
    def words(self) -> str:
        """`0.676 better`."""
        return f"{self.text} {self.verdict.value}" if self.verdict is not None else self.text


@dataclass(frozen=True)
class Matrix:
    """`runs` head the columns after the tasks' names; each of `lines` is a task and its places."""

    runs: tuple[str, ...]
    lines: tuple[tuple[str, tuple[Place, ...]], ...]


def matrix(first: str, sides: Mapping[str, Side], others: Sequence[tuple[str, Sequence[Difference]]]) -> Matrix:
    """`first` and the names of the `others` begin with their ids; `sides` are the tasks of the first run."""
    by_task = [{row.task: row for row in rows} for _, rows in others]
    lines: list[tuple[str, tuple[Place, ...]]] = []
    for task, side in sides.items():
        score = side.score
        places = [Place(figure(score.value if score else None, score.unit if score else ""))]
        for rows in by_task:
            row = rows.get(task)
            places.append(Place("–") if row is None else Place(figure(row.after, row.unit), row.verdict))
        lines.append((task, tuple(places)))
    return Matrix(tuple(name.split()[0] for name in (first, *(name for name, _ in others))), tuple(lines))
