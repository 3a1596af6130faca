"""What the list shows of the selected run: its scores against an earlier run, its tasks, its config. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...core.run.score import Score
from ..draw import numbers
from ..draw.line import Span, cut_middle
from ..glyphs import Glyphs, state_glyph, state_role
from .columns import MARGIN, RIGHT
from .preview import yaml_lines
from .row import TaskRow
from .words import progress_words

if TYPE_CHECKING:
    from ..theme import Role

SpanLine = tuple[Span, ...]

_TASK = 22
_WIDE = 100


def score_lines(
    rows: Sequence[TaskRow], before: Mapping[str, Score], width: int, glyphs: Glyphs, *, against: bool
) -> list[SpanLine]:
    """One line a task: score, error, the score before and the change, and what there is to say.

    `before` maps tasks to their scores in the run that it is compared `against`.
    """
    wide = width >= _WIDE
    heads = f"{'TASK':<{_TASK}}{'SCORE':>8}{'± ERR' if not glyphs.is_ascii else '+- ERR':>8}"
    if not wide:
        heads = f"{'TASK':<{_TASK}}{'SCORE':>8}"
    if against:
        heads += f"{'BEFORE':>12}{'CHANGE':>11}" if wide else f"{'CHANGE':>10}"
    lines: list[SpanLine] = [(Span(heads, "dim"),)]
    for row in rows:
        lines.append(_score_line(row, before.get(row.task), glyphs, width, against=against))
    return lines


def _score_line(row: TaskRow, before: Score | None, glyphs: Glyphs, width: int, *, against: bool) -> SpanLine:
    score, wide = row.score, width >= _WIDE
    sound = score is not None and score.validity != "invalid"
    value = numbers.score(score.value) if score is not None else glyphs.dash
    spans = [
        Span(f"{cut_middle(row.task, _TASK - 1, glyphs.ellipsis):<{_TASK}}", "text"),
        Span(f"{value:>8}", "bright" if sound else "dim", bold=sound),
    ]
    if wide:
        error = f"{score.stderr:.3f}" if score is not None and score.stderr is not None else ""
        spans.append(Span(f"{error:>8}", "dim"))
    if against:
        old = numbers.score(before.value) if before is not None else ""
        delta = score.value - before.value if score is not None and before is not None else None
        change = numbers.change(delta, glyphs.minus) if delta is not None else ""
        spans += [Span(f"{old:>12}", "text")] if wide else []
        spans.append(Span(f"{change:>11}" if wide else f"{change:>10}", "text" if sound else "dim"))
    room = width - MARGIN - RIGHT - sum(span.width for span in spans) - 4
    return (*spans, Span("    "), *_note(row, before, glyphs, room))


def _note(row: TaskRow, before: Score | None, glyphs: Glyphs, room: int) -> SpanLine:
    if row.score is None:
        words, _ = progress_words(row, room - len(row.state) - 4, ellipsis=glyphs.ellipsis)
        told = numbers.percent(row.fraction) if row.fraction is not None else words if words != row.state else ""
        role = state_role(row.state)
        sign = state_glyph(glyphs, row.state)
        return (Span(f"{sign} ", role, bold=True), Span(f"{row.state}{', ' if told else ''}{told}", role))
    if row.score.validity != "valid":
        why = row.score.why.rstrip(".")
        return (Span(f"{glyphs.invalid} ", "warn", bold=True), Span(f"{row.score.validity}, {why}", "warn"))
    if before is not None and before.validity != "valid":
        return (Span(f"before: {before.validity}", "dim"),)
    if before is not None and within_error(row.score, before):
        return (Span("within error", "dim"),)
    return ()


def within_error(score: Score, before: Score) -> bool:
    """Whether two scores differ by less than two of their errors together; False where an error is not known."""
    if score.stderr is None or before.stderr is None:
        return False
    return abs(score.value - before.value) < 2 * math.hypot(score.stderr, before.stderr)


def task_lines(rows: Sequence[TaskRow], width: int, glyphs: Glyphs) -> list[SpanLine]:
    """One line a task: state, name, what there is to say, time."""
    room = max(20, min(60, width - 50))
    lines: list[SpanLine] = [(Span(f"{'STATE':<13}{'TASK':<24}{'PROGRESS':<{room}}{'TIME':>7}", "dim"),)]
    for row in rows:
        role = state_role(row.state, invalid=row.suspicious)
        sign = state_glyph(glyphs, row.state, invalid=row.suspicious)
        text, text_role = progress_words(row, room - 2, ellipsis=glyphs.ellipsis)
        if row.fraction is not None:
            text, text_role = _progress(row)
        time = numbers.elapsed(row.seconds) if row.seconds is not None else ""
        lines.append(
            (
                Span(f"{sign} ", role, bold=True),
                Span(f"{row.state:<11}", role, bold=row.state == "failed"),
                Span(f"{cut_middle(row.task, 22, glyphs.ellipsis):<24}", "text"),
                Span(f"{text:<{room}}", text_role),
                Span(f"{time:>7}", "dim"),
            )
        )
    return lines


def _progress(row: TaskRow) -> tuple[str, Role]:
    percent = numbers.percent(row.fraction or 0.0)
    if row.done is None or row.total is None:
        return percent, "text"
    return f"{percent}  {numbers.count(row.done)}/{numbers.count(row.total)}", "text"


def config_lines(text: str) -> list[SpanLine]:
    """A config file, its keys dim and its values bright."""
    return yaml_lines(text.splitlines()) or [(Span("The config was not kept.", "dim"),)]
