"""The header: one sentence that says what the run is doing. It has several lengths, and is never cut."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ..draw import numbers
from ..draw.line import Span, cut_middle, spans_width
from ..glyphs import UNICODE, Glyphs, state_glyph
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
_FORMS = 7


def header_sentence(snapshot: Snapshot, width: int, glyphs: Glyphs = UNICODE) -> list[Span]:
    """The longest form that fits into `width` cells; at the least the run's name."""
    spans: list[Span] = []
    for form in range(_FORMS):
        spans = _sentence(snapshot, form, glyphs)
        if spans_width(spans) <= width:
            return spans
    room = width - spans_width(spans[1:])
    if room >= _LEAST_NAME:
        return [Span(cut_middle(spans[0].text, room), "bright", bold=True), *spans[1:]]
    return [Span(cut_middle(snapshot.name, width), "bright", bold=True)]


def _sentence(snapshot: Snapshot, form: int, glyphs: Glyphs) -> list[Span]:
    """Form 0 says all. Left out one after the other: the long verb, what is queued, the model, the long words of
    states, the time left; the last form has signs instead of words."""
    if snapshot.docker_down and not snapshot.damaged:
        return _away(snapshot, form)
    total, counts = len(snapshot.rows), snapshot.counts
    live = sum(counts.get(state, 0) for state in _LIVE)
    queued = counts.get("queued", 0)
    spans = [Span(snapshot.name, "bright", bold=True), *_deed(snapshot, live, total, form)]
    if form < 3 and snapshot.model and not snapshot.orphaned:
        spans += [Span(" on ", "dim"), Span(snapshot.model, "text")]
    for state, role in _ENDINGS:
        if number := counts.get(state, 0):
            word = "ok" if form >= 4 and state == "succeeded" else state
            text = f"{state_glyph(glyphs, state)}{number:,}" if form == _FORMS - 1 else f"{number:,} {word}"
            spans += [Span(", " if form < _FORMS - 1 else "  ", "dim"), Span(text, role)]
    if queued and (form < 2 or (snapshot.holding and form < 5)):
        spans += [Span(", ", "dim"), Span(f"{queued:,}", "text"), Span(" queued", "dim")]
    if queued and snapshot.holding and form < 6:
        spans.append(Span(", paused" if snapshot.paused else ", held", "warn"))
    if snapshot.left is not None and form < 5 and live:
        number, unit = numbers.left_parts(snapshot.left)
        spans += [Span(", ", "dim"), Span(number + unit, "text"), Span(" left", "dim")]
    return spans


def _away(snapshot: Snapshot, form: int) -> list[Span]:
    """Docker is out of reach: since when, and how old what is shown is."""
    spans = [Span("Docker", "bright", bold=True)]
    since = snapshot.docker_since
    if since is None or form >= 4:
        return [*spans, Span(" is out of reach", "dim")]
    spans += [Span(" has been out of reach since ", "dim"), Span(f"{since:%H:%M:%S}", "text")]
    if form < 2:
        passed = max(0.0, (datetime.now().astimezone() - since).total_seconds())
        number, unit = numbers.left_parts(passed)
        told = ", tasks are shown as last seen " if form == 0 else ", last seen "
        spans += [Span(told, "dim"), Span(f"{number} {unit}".strip(), "text"), Span(" ago", "dim")]
    return spans


def _deed(snapshot: Snapshot, live: int, total: int, form: int) -> list[Span]:
    task = "task" if total == 1 else "tasks"
    if snapshot.damaged:
        return [Span(" cannot be read", "bad")]
    if not total:
        return [Span(" has no tasks", "dim")]
    if snapshot.orphaned:
        return [Span(" has lost its engine" if form < 4 else " has no engine", "warn")]
    if snapshot.finished:
        return [Span(" ran ", "dim"), Span(f"{total:,}", "text"), Span(f" {task}", "dim")]
    if snapshot.starting:
        return [Span(" is starting ", "dim"), Span(f"{total:,}", "text"), Span(f" {task}", "dim")]
    verb = " is running " if form == 0 else " runs "
    spans = [Span(verb, "dim"), Span(f"{live:,} of {total:,}", "text")]
    return [*spans, Span(f" {task}", "dim")] if form < 4 else spans
