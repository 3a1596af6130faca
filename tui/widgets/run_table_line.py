"""The lines of the list of runs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from textual.strip import Strip

from ..draw import numbers
from ..draw.line import Line, Span, cut_end, cut_middle, spans_width
from ..glyphs import Glyphs, state_glyph, state_role
from ..theme import Palette
from ..view.columns import MARGIN
from ..view.run_columns import HEADS, RunColumn, run_columns
from ..view.run_row import RunRow
from .run_line import draw_run_line

if TYPE_CHECKING:
    from ..theme import Role

_NO_ENGINE = "no engine"


def run_state(row: RunRow, glyphs: Glyphs) -> tuple[str, str, Role]:
    """Sign, word and role of a run's state."""
    if row.state == "interrupted":
        return glyphs.lost, _NO_ENGINE, "warn"
    return state_glyph(glyphs, row.state), row.state, state_role(row.state)


def draw_heads(palette: Palette, glyphs: Glyphs, width: int) -> Strip:
    """The heads of the columns."""
    line = Line(palette, limit=width)
    for column in run_columns(width):
        head = HEADS[column.name]
        if column.name == "age":
            head = f"{head} {glyphs.sorted_up}"
        if column.right:
            line.pad_to(column.end - len(head))
        line.pad_to(column.x if not column.right else line.width).add(head, "dim")
    return line.strip(width)


def draw_heading(palette: Palette, width: int, text: str) -> Strip:
    """A day, or a blank line."""
    return Line(palette, limit=width).pad_to(MARGIN).add(text, "dim").strip(width)


def draw_run(palette: Palette, glyphs: Glyphs, width: int, row: RunRow, *, cursor: bool, focus: bool) -> Strip:
    """One run."""
    ground: Role = "cursor" if cursor else "bg"
    line = Line(palette, on=ground, limit=width)
    if cursor:
        line.add(glyphs.cursor, "accent" if focus else "trough")
    for column in run_columns(width):
        if column.name == "tasks":
            line.pad_to(column.x)
            stale = row.state == "interrupted"
            draw_run_line(line, glyphs, palette, row.counts, 0.0, column.width, stale=stale, on=ground)
            continue
        spans = _cell(row, column, glyphs, cursor=cursor)
        if column.right:
            line.pad_to(column.end - spans_width(spans))
        line.pad_to(column.x if not column.right else line.width).spans(spans)
    return line.strip(width)


def _cell(row: RunRow, column: RunColumn, glyphs: Glyphs, *, cursor: bool) -> list[Span]:
    width, ellipsis = column.width, glyphs.ellipsis
    match column.name:
        case "state":
            sign, word, role = run_state(row, glyphs)
            return [Span(f"{sign} ", role, bold=True), Span(word, role, bold=word == "failed")]
        case "run":
            return [Span(row.invocation, "dim")]
        case "config":
            return [Span(cut_middle(row.config or glyphs.dash, width, ellipsis), "bright", bold=cursor)]
        case "model":
            return [Span(cut_middle(row.model, width, ellipsis), "text")]
        case "count":
            return [Span(str(row.ended), "text"), Span(f"/{row.total}", "dim")]
        case "scores":
            return _scores(row, width, glyphs)
        case "took":
            return [Span(numbers.elapsed(row.seconds), "dim")]
        case "age":
            return [_age(row)]
        case "tasks":
            return []


def _scores(row: RunRow, width: int, glyphs: Glyphs) -> list[Span]:
    """As many scores as there is room for, and how many of them mean nothing."""
    good = [(task, score) for task, score in row.scores if score.validity != "invalid"]
    bad = len(row.scores) - len(good)
    alarm = [Span(f"{glyphs.invalid} {bad} invalid", "warn")] if bad else []
    room = width - (spans_width(alarm) + 2 if alarm else 0)
    spans: list[Span] = []
    for task, score in good:
        name = cut_end(task, 16, glyphs.ellipsis)
        item = [Span(f"{name} ", "dim"), Span(numbers.score(score.value), "bright")]
        gap = [Span("  ")] if spans else []
        if spans_width([*spans, *gap, *item]) > room:
            break
        spans += [*gap, *item]
    return [*spans, *([Span("  ")] if spans and alarm else []), *alarm] if spans_width(alarm) <= width else spans


def _age(row: RunRow) -> Span:
    if row.state == "running":
        return Span("now", "accent")
    if row.created is None:
        return Span("", "dim")
    passed = (datetime.now().astimezone() - row.created).total_seconds() - row.seconds
    return Span(numbers.age(max(0.0, passed)), "dim")
