"""The header: one sentence that says what the run is doing. It has several lengths, and is never cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..draw import numbers
from ..draw.line import Span, cut_middle, spans_width
from .snapshot import Snapshot

if TYPE_CHECKING:
    from ..theme import Role

_ENDINGS: tuple[tuple[str, Role], ...] = (
    ("succeeded", "ok"),
    ("failed", "bad"),
    ("lost", "warn"),
    ("killed", "warn"),
    ("skipped", "dim"),
)
_LIVE = ("running", "starting", "pulling", "stopping")
_LEAST_NAME = 8


def header_sentence(snapshot: Snapshot, width: int) -> list[Span]:
    """The longest form that fits into `width` cells."""
    for form in range(6):
        spans = _sentence(snapshot, form)
        if spans_width(spans) <= width:
            return spans
    spans = _sentence(snapshot, 5)
    room = width - spans_width(spans[1:])
    if room >= _LEAST_NAME:
        return [Span(cut_middle(spans[0].text, room), "bright", bold=True), *spans[1:]]
    return [Span(cut_middle(snapshot.name, width), "bright", bold=True)]


def _sentence(snapshot: Snapshot, form: int) -> list[Span]:
    """Form 0 says all; 1 leaves out the model, 2 shortens what is left, 3 the time left, 4 the words, 5 the queue."""
    total, counts = len(snapshot.rows), snapshot.counts
    live = sum(counts.get(state, 0) for state in _LIVE)
    queued = counts.get("queued", 0)
    spans = [Span(snapshot.name, "bright", bold=True)]
    spans += _deed(snapshot, live, total, form)
    if form == 0 and snapshot.model:
        spans += [Span(" on ", "dim"), Span(snapshot.model, "text")]
    for state, role in _ENDINGS:
        if number := counts.get(state, 0):
            spans += [Span(", ", "dim"), Span(f"{number} {state}" if form < 5 else str(number), role)]
    if queued and form < 5:
        spans += [Span(", ", "dim"), Span(str(queued), "text"), Span(" queued", "dim")]
        if snapshot.holding and form < 4:
            spans.append(Span(" and held" if not snapshot.paused else " and paused", "warn"))
    if snapshot.left is not None and form < 3 and live:
        number, unit = numbers.left_parts(snapshot.left)
        spans += [Span(", ", "dim"), Span(number + unit, "text"), Span(" left", "dim")]
    return spans


def _deed(snapshot: Snapshot, live: int, total: int, form: int) -> list[Span]:
    task = "task" if total == 1 else "tasks"
    if snapshot.damaged:
        return [Span(" cannot be read", "bad")]
    if not total:
        return [Span(" has no tasks", "dim")]
    if snapshot.orphaned:
        words = " has lost its engine" if form < 4 else " has no engine"
        return [Span(words, "warn"), *([Span(f", {total} {task}", "dim")] if form < 2 else [])]
    if snapshot.finished:
        return [Span(" ran ", "dim"), Span(str(total), "text"), Span(f" {task}" if form < 4 else "", "dim")]
    if form >= 4:
        return [Span(" runs ", "dim"), Span(f"{live} of {total}", "text")]
    return [
        Span(" is running ", "dim"),
        Span(f"{live} of {total}", "text"),
        Span(f" {task}" if form < 2 else "", "dim"),
    ]
