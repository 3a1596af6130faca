"""What happened between two moments of a run, in the few sentences that are worth a toast."""

from __future__ import annotations

from collections.abc import Sequence

from ..messages import Severity
from .row import TaskRow
from .snapshot import Snapshot
from .words import reason_words

Told = tuple[str, Severity]

_NAMED = 2  # more tasks than this that fail at once are counted and not named


def changes(before: Snapshot, after: Snapshot) -> list[Told]:
    """Sentences with their weight, the oldest first."""
    told: list[Told] = []
    if before.docker == "ok" and after.docker_down:
        told.append(("Docker is out of reach. Tasks are shown as last seen.", "error"))
    if before.docker_down and after.docker == "ok":
        told.append((f"Docker answers again{_differences(before, after)}.", "information"))
    if after.endpoint and after.endpoint != before.endpoint:
        told.append((after.endpoint, "warning"))
    if after.disk and not before.disk:
        told.append((after.disk, "error"))
    states = {row.job: (row.state, row.attempt) for row in before.rows}
    ended = [row for row in after.rows if row.ended and states.get(row.job) != (row.state, row.attempt)]
    if before.rows and not before.docker_down:
        told += _failures([row for row in ended if row.state in ("failed", "lost")])
    if after.finished and not before.finished and before.rows:
        told.append(_finished(after))
    return told


def _differences(before: Snapshot, after: Snapshot) -> str:
    """What became of tasks meanwhile: `: 2 tasks ended meanwhile`."""
    states = {row.job: row.state for row in before.rows}
    ended = sum(row.ended and states.get(row.job) != row.state for row in after.rows)
    if not ended:
        return ", nothing has changed"
    return f": {ended} {'task' if ended == 1 else 'tasks'} ended in the meantime"


def _failures(rows: Sequence[TaskRow]) -> list[Told]:
    if len(rows) > _NAMED:
        return [(f"{len(rows)} tasks failed: {rows[0].task}, {rows[1].task} and {len(rows) - 2} more.", "warning")]
    return [(f"{row.task} {row.state}: {reason_words(row)[0]}.", "warning") for row in rows]


def _finished(after: Snapshot) -> Told:
    total, good = len(after.rows), after.counts.get("succeeded", 0)
    if good == total:
        return ("The task has succeeded." if total == 1 else f"All {total} tasks have succeeded.", "information")
    return (f"The run has ended: {good} of {total} succeeded.", "warning")
