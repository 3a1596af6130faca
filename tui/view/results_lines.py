"""The Results tab: every score of a task with its interval, and what it is worth. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ...core.results.statistics import Interval, interval
from ...core.results.tree import Figure, MetricTree, Node
from ..draw import numbers
from ..draw.bars import interval as interval_bar
from ..draw.line import Span, cut_end, cut_middle
from ..glyphs import Glyphs
from .row import RowScore, TaskRow

if TYPE_CHECKING:
    from ..theme import Role

_LEAST_AXIS = 16
_MOST_AXIS = 44
_VALID: dict[str, Role] = {"valid": "ok", "suspect": "warn", "invalid": "warn"}


def results_lines(tree: MetricTree, row: TaskRow, glyphs: Glyphs, width: int) -> list[Sequence[Span]]:
    """The table, or one sentence; with a note on where it comes from."""
    if tree.problem or not tree.nodes:
        return [(Span(_nothing(tree, row), "dim"),)]
    figures = [(node, figure) for node in tree.nodes for figure in node.figures]
    names = max(len("  " * node.depth + node.label) for node, _ in figures)
    name = min(max(10, names), max(10, width * 3 // 10))
    metric = min(max(6, *(len(figure.metric) for _, figure in figures)), max(6, width // 4))
    axis = min(_MOST_AXIS, width - name - metric - 7 - 8 - 9 - 12)
    spread = _spread(figures)
    lines: list[Sequence[Span]] = [_heads(name, metric, axis, spread)]
    before = ""
    for node, figure in figures:
        label = "  " * node.depth + node.label if node.name != before else ""
        before = node.name
        lines.append(tuple(_line(figure, label, row.score, glyphs, name, metric, axis, spread)))
    if row.score is not None and row.score.validity != "valid":
        why = row.score.why.rstrip(".")
        sign = Span(f"{glyphs.invalid} ", "warn", bold=True)
        lines += [(), (sign, Span(f"{row.score.validity}: {why}.", "warn"))]
    return [*lines, (), (Span(f"The line is the 95% interval. Reported by the harness in {tree.file}.", "dim"),)]


def _nothing(tree: MetricTree, row: TaskRow) -> str:
    if not row.ended:
        return "No results yet: they are read when the task has ended."
    return tree.problem or "There are no scores."


def _heads(name: int, metric: int, axis: int, spread: tuple[float, float]) -> list[Span]:
    text = f"{'SCORE OF':<{name}}  {'METRIC':<{metric}}  {'SCORE':>5}  {'± ERR':>6}  "
    if axis >= _LEAST_AXIS:
        low, high = (f"{end:.1f}" for end in spread)
        text += f"{low}{high:>{axis - len(low)}}  "
    return [Span(f"{text}{'N':>7}  VALIDITY", "dim")]


def _line(
    figure: Figure,
    label: str,
    score: RowScore | None,
    glyphs: Glyphs,
    name: int,
    metric: int,
    axis: int,
    spread: tuple[float, float],
) -> Iterator[Span]:
    main = figure.primary
    worth = score.validity if score is not None else "valid"
    yield Span(cut_middle(label, name, glyphs.ellipsis).ljust(name), "bright" if main else "text", bold=main)
    yield Span(f"  {cut_end(figure.metric, metric, glyphs.ellipsis):<{metric}}  ", "text" if main else "dim", bold=main)
    good = worth == "valid"
    value = numbers.score(figure.value) if figure.value is not None else glyphs.dash
    yield Span(f"{value:>5}", "bright" if good and figure.value is not None else "dim", bold=good and main)
    yield Span(f"  {numbers.score(figure.stderr) if figure.stderr is not None else '':>6}  ", "dim")
    if axis >= _LEAST_AXIS:
        found = _interval(figure)
        if figure.value is None:
            yield Span(glyphs.bar_rest * axis, "trough")
        else:
            low, high = (found.low, found.high) if found else (figure.value, figure.value)
            for span in interval_bar(glyphs, low, figure.value, high, spread, axis):
                yield Span(span.text, "warn" if span.role == "accent" and not good else span.role)
        yield Span("  ")
    yield Span(f"{numbers.count(figure.n) if figure.n is not None else '':>7}  ", "text")
    if figure.value is None:
        yield Span(f"{glyphs.dash} no samples, so no score", "dim")
    elif good or main:
        yield Span(f"{glyphs.succeeded if good else glyphs.invalid} {worth}", _VALID[worth])


def _interval(figure: Figure) -> Interval | None:
    return interval(figure.value, figure.stderr, figure.n) if figure.value is not None else None


def _spread(figures: Sequence[tuple[Node, Figure]]) -> tuple[float, float]:
    """The ends of the axis: tenths around all intervals for shares, else just what is there."""
    ends: list[float] = []
    for _, figure in figures:
        if figure.value is not None:
            found = _interval(figure)
            ends += [figure.value, *((found.low, found.high) if found else ())]
    if not ends:
        return 0.0, 1.0
    low, high = min(ends), max(ends)
    if low >= 0 and high <= 1:
        low, high = int(low * 10) / 10, -(int(-high * 10 - 0.999) / 10)
        high = min(1.0, high)
    return (low, high) if high > low else (low - 0.5, high + 0.5)
