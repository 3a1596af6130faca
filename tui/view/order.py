"""In which order tasks stand, and which of them are shown. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .columns import Name
from .row import TaskRow

_RANKS = {
    state: rank
    for rank, state in enumerate(
        ("running", "pulling", "starting", "stopping", "failed", "lost", "succeeded", "killed", "skipped", "queued")
    )
}

Key = Callable[[TaskRow], tuple[object, ...]]


def _known(value: float | None) -> tuple[bool, float]:
    # What is not known stands behind what is, whichever way the rest is sorted: see `arranged`.
    return value is None, value or 0.0


_KEYS: dict[Name, Key] = {
    "state": lambda row: (False, _RANKS.get(row.state, 99)),
    "task": lambda row: (False, row.task.lower()),
    "progress": lambda row: _known(row.fraction),
    "time": lambda row: _known(row.seconds),
    "left": lambda row: _known(row.left),
    "rate": lambda row: _known(row.requests.rate if row.requests is not None and row.live else None),
    "cpu": lambda row: _known(row.cpu),
    "memory": lambda row: _known(row.memory),
    "score": lambda row: _known(row.score.value if row.score is not None else None),
}


def arranged(rows: Sequence[TaskRow], column: Name, *, reverse: bool = False) -> list[TaskRow]:
    """`rows` sorted by a column; rows that are equal in it, and those without a value (always last), in plan order."""
    key = _KEYS[column]
    told = [row for row in rows if not key(row)[0]]
    untold = [row for row in rows if key(row)[0]]
    # `reverse` keeps equal rows in their order, too.
    return sorted(told, key=lambda row: key(row)[1:], reverse=reverse) + untold


def kept(rows: Sequence[TaskRow], before: Sequence[str]) -> list[TaskRow]:
    """`rows` in the order of the job ids `before`; what is new comes last."""
    places = {job: place for place, job in enumerate(before)}
    return sorted(rows, key=lambda row: places.get(row.job, len(places)))


def matching(rows: Sequence[TaskRow], text: str) -> list[TaskRow]:
    """The rows that hold every word of `text` in state, task, harness, reason or id, whatever the case."""
    words = text.lower().split()
    return [row for row in rows if all(word in row.words for word in words)] if words else list(rows)
