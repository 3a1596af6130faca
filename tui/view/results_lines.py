"""The Results tab: every score of a task with its interval, and what it is worth. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

from ...core.base.sanitize import clean_line
from ...core.results.tree import Figure, FigureNode, MetricTree
from ...core.run.score import Score
from ...core.statistics.interval import Interval, interval
from ..draw import numbers
from ..draw.axis import Axis, label_line, linear
from ..draw.bars import interval as interval_bar
from ..draw.line import Span, cut_end, cut_middle
from ..glyphs import Glyphs
from .row import TaskRow
from .words import short_why

if TYPE_CHECKING:
    from ..theme import Role

SpanLine = tuple[Span, ...]

_NAME, _METRIC = (12, 30), (8, 30)  # least and most cells
_AXIS = (14, 56)
_NOTHING = "no samples, so no score"


@dataclass(frozen=True)
class _Columns:
    """Cells of each column; 0 means that it is not shown."""

    name: int
    metric: int
    score: int
    error: int
    axis: int
    n: int
    worth: int


@dataclass(frozen=True)
class _Row:
    """A figure; `first` of its node."""

    node: FigureNode
    figure: Figure
    first: bool


def results_lines(tree: MetricTree, row: TaskRow, glyphs: Glyphs, width: int) -> list[SpanLine]:
    """The table and a note on where it comes from; or one sentence."""
    if tree.problem or not tree.nodes:
        return [(Span(_nothing(tree, row), "dim"),)]
    rows = [_Row(node, figure, place == 0) for node in tree.nodes for place, figure in enumerate(node.figures)]
    texts = [_texts(one, row.score, glyphs) for one in rows]
    columns = _fit(texts, width)
    axis = _axis([one.figure for one in rows], columns.axis)
    lines = [_heads(columns, axis, glyphs)]
    trees = any(node.depth for node in tree.nodes)
    for one, text in zip(rows, texts, strict=True):
        if trees and one.first and one.node.depth == 0 and len(lines) > 1:
            lines.append(())
        lines.append(tuple(_line(text, one, row.score, columns, axis, glyphs)))
    return [*lines, (), *_notes(tree, row, glyphs, axis, width)]


def _nothing(tree: MetricTree, row: TaskRow) -> str:
    if not row.ended:
        return "No results yet: they are read when the task has ended."
    return tree.problem or "There are no scores."


# What stands in the cells


@dataclass(frozen=True)
class _Texts:
    name: str
    metric: str
    score: str
    error: str
    n: str
    worth: str
    short_worth: str
    worth_role: Role


def _texts(row: _Row, score: Score | None, glyphs: Glyphs) -> _Texts:
    node, figure = row.node, row.figure
    long, short, role = _worth(figure, score, glyphs)
    label = clean_line(node.label).replace("_", " ") if node.depth else clean_line(node.label)
    return _Texts(
        "  " * node.depth + label if row.first else "",
        clean_line(figure.metric),
        glyphs.dash if figure.value is None else numbers.score(figure.value),
        "" if figure.stderr is None else numbers.score(figure.stderr),
        "" if figure.n is None else numbers.count(figure.n),
        long,
        short,
        role,
    )


def _worth(figure: Figure, score: Score | None, glyphs: Glyphs) -> tuple[str, str, Role]:
    """The words on what a figure is worth: requests are those of the whole task, so all its figures share them."""
    if figure.value is None:
        return f"{glyphs.dash} {_NOTHING}", f"{glyphs.dash} no samples", "dim"
    if score is None:
        return "", "", "dim"
    if score.validity == "valid":
        return f"{glyphs.succeeded} valid", f"{glyphs.succeeded} valid", "ok"
    word = f"{glyphs.invalid} {score.validity}"
    why = short_why(score.why) if figure.primary else ""
    return (f"{word}, {why}" if why else word), word, "warn"


def _fit(texts: Sequence[_Texts], width: int) -> _Columns:
    """Columns for so many cells. The axis is the first to shrink and to go, then reasons, n, and errors."""

    def most(cell: Callable[[_Texts], str]) -> int:
        return max(cell_len(cell(text)) for text in texts)

    name, metric, score = most(lambda t: t.name), most(lambda t: t.metric), most(lambda t: t.score)
    error, n = most(lambda t: t.error), most(lambda t: t.n)
    worth, short = most(lambda t: t.worth), most(lambda t: t.short_worth)
    name = max(_NAME[0], min(name, _NAME[1], width // 3))
    metric = max(_METRIC[0], min(metric, _METRIC[1], width // 4))
    score, error, n = max(5, score), max(5, error) if error else 0, max(1, n) if n else 0
    for words, others in ((worth, True), (short, True), (short, False)):
        taken = name + 2 + metric + 2 + score + 2 + (error + 2 if error and others else 0) + (n + 2 if n else 0) + words
        axis = min(_AXIS[1], width - taken - 6)
        if axis >= _AXIS[0]:
            return _Columns(name, metric, score, error if others else 0, axis, n, words)
    for shown_n, shown_error in ((n, error), (0, error), (0, 0)):
        taken = name + metric + score + 4 + (shown_error + 2 if shown_error else 0) + (shown_n + 2 if shown_n else 0)
        if taken + short + 3 <= width:
            return _Columns(name, metric, score, shown_error, 0, shown_n, min(worth, width - taken - 3))
    room = max(0, width - score - short - 7)
    return _Columns(room - min(metric, room // 2), min(metric, room // 2), score, 0, 0, 0, short)


# Lines


def _heads(columns: _Columns, axis: Axis | None, glyphs: Glyphs) -> SpanLine:
    error = f"{glyphs.plus_minus} ERR"
    text = f"{'SCORE OF':<{columns.name}}  {'METRIC':<{columns.metric}}  {'SCORE':>{columns.score}}"
    text += f"  {error:>{columns.error}}" if columns.error else ""
    text += f"   {label_line(axis, columns.axis) if axis else '':<{columns.axis}}" if columns.axis else ""
    text += f"  {'N':>{columns.n}}" if columns.n else ""
    return (Span(text + ("   VALIDITY" if columns.worth else ""), "dim"),)


def _line(
    text: _Texts, row: _Row, score: Score | None, columns: _Columns, axis: Axis | None, glyphs: Glyphs
) -> Iterator[Span]:
    figure, top = row.figure, row.node.depth == 0
    good = figure.value is not None and (score is None or score.validity != "invalid")
    yield _cell(cut_middle(text.name, columns.name, glyphs.ellipsis), columns.name, "bright" if top else "text", top)
    metric = cut_middle(text.metric, columns.metric, glyphs.ellipsis)
    yield _cell(metric, columns.metric + 2, "text" if figure.primary else "dim", gap=2)
    yield Span(f"  {text.score:>{columns.score}}", "bright" if good else "dim", bold=good)
    if columns.error:
        yield Span(f"  {text.error:>{columns.error}}", "dim")
    if columns.axis:
        yield Span("   ")
        yield from _drawn(figure, score, columns.axis, axis, glyphs)
    if columns.n:
        yield Span(f"  {text.n:>{columns.n}}", "text" if figure.n else "dim")
    worth = text.worth if len(text.worth) <= columns.worth else text.short_worth
    worth = cut_end(worth, columns.worth, glyphs.ellipsis)
    if worth:
        sign, _, words = worth.partition(" ")
        yield Span(f"   {sign}", text.worth_role, bold=text.worth_role == "warn")
        yield Span(f" {words}", "text" if text.worth_role == "ok" else text.worth_role)


def _cell(text: str, width: int, role: Role, bold: bool = False, *, gap: int = 0) -> Span:
    return Span(" " * gap + text + " " * max(0, width - gap - cell_len(text)), role, bold)


def _drawn(figure: Figure, score: Score | None, width: int, axis: Axis | None, glyphs: Glyphs) -> list[Span]:
    if figure.value is None or axis is None:
        return [Span(glyphs.bar_rest * width, "rule")]
    if not axis.first - 1e-9 <= figure.value <= axis.last + 1e-9:
        # Of another scale than the score of the task: on this axis it would lie.
        return [Span(" " * width)]
    found = _interval(figure)
    low, high = (found.low, found.high) if found else (figure.value, figure.value)
    doubtful = score is not None and score.validity != "valid"
    ends = (low, figure.value, high)
    return interval_bar(glyphs, ends, (axis.first, axis.last), width, "warn" if doubtful else "accent")


def _interval(figure: Figure) -> Interval | None:
    if figure.value is None:
        return None
    # What is known of clusters and repeats is in the interval, and not in the error alone.
    return figure.interval or interval(figure.value, figure.stderr, figure.n)


def _axis(figures: Sequence[Figure], width: int) -> Axis | None:
    """An axis around the figures of the main score's scale: shares, percents, or whatever it is."""
    known = [figure for figure in figures if figure.value is not None]
    if not known or not width:
        return None
    shown = next((figure for figure in known if figure.primary), known[0])
    scale = _scale(shown)
    ends: list[float] = []
    for figure in known:
        if _scale(figure) == scale and figure.value is not None:
            found = _interval(figure)
            ends += [figure.value, *((found.low, found.high) if found else ())]
    return linear(min(ends), max(ends), 6 if width >= 30 else 4)


def _scale(figure: Figure) -> int:
    value = abs(figure.value or 0.0)
    return 0 if value <= 1 else 1 if value <= 100 else 2


# What stands below the table


def _notes(tree: MetricTree, row: TaskRow, glyphs: Glyphs, axis: Axis | None, width: int) -> Iterator[SpanLine]:
    if row.score is not None and row.score.validity != "valid":
        why = row.score.why.rstrip(".") or "nobody knows why"
        pieces = textwrap.wrap(f"{row.score.validity}: {why}.", max(20, width - 2))
        for number, piece in enumerate(pieces):
            sign = glyphs.invalid if number == 0 else " "
            yield Span(f"{sign} ", "warn", bold=True), Span(piece, "warn")
        yield ()
    parts = ["The line is the 95% interval."] if axis is not None else []
    if row.external:
        parts.append(f"{row.external[0].upper()}{row.external[1:]}.")
    parts.append(f"Reported by the harness in {clean_line(tree.file)}{_behind(row)}.")
    if tree.counted:
        parts.append("N and errors are counted from the samples that it wrote down.")
    for piece in textwrap.wrap(" ".join(parts), max(20, width)):
        before, name, after = piece.partition(clean_line(tree.file))
        yield tuple(span for span in (Span(before, "dim"), Span(name, "text"), Span(after, "dim")) if span.text)


def _behind(row: TaskRow) -> str:
    """`, 33:47, 14,042 requests, all HTTP 200`: what it took."""
    parts = [numbers.elapsed(row.seconds)] if row.seconds is not None else []
    if row.requests is not None and (row.requests.answered or row.requests.failed):
        failed = sum(number for _, number in row.requests.failed)
        total = row.requests.answered + failed
        parts.append(f"{numbers.count(total)} {'request' if total == 1 else 'requests'}")
        if failed:
            told = ", ".join(f"{numbers.count(number)} x {status}" for status, number in row.requests.failed)
            parts.append(f"{numbers.count(failed)} of them failed ({told})")
        else:
            parts.append("all answered")
    return f", {', '.join(parts)}" if parts else ""
