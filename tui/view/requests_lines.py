"""The Requests tab: latency, answers, how they finished, rates, the last errors, and some of what was said. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...core.run.figures import RequestFigures
from ...core.run.sample import Sample
from ...core.run.sanitize import clean, clean_line
from ..draw import numbers
from ..draw.bars import bar
from ..draw.line import Span, spans_width
from ..glyphs import Glyphs

if TYPE_CHECKING:
    from ..theme import Role

_HIGH = 7
_TWO = 96
_WORDS = {
    200: "OK",
    400: "bad request",
    401: "the key is missing or wrong",
    403: "the key may not use this",
    404: "nothing there: is the URL right?",
    408: "timed out",
    413: "too large",
    429: "too many at once",
    500: "the endpoint failed",
    502: "no answer from behind the endpoint",
    503: "the endpoint is overloaded",
    504: "the endpoint did not answer in time",
}

Lines = list[Sequence[Span]]


@dataclass(frozen=True)
class RequestsData:
    """What the tab shows: the figures of an attempt, and pairs of request and answer, `total` of which are logged."""

    figures: RequestFigures | None
    samples: tuple[Sample, ...] = ()
    total: int = 0
    limit: int | None = None


def requests_lines(data: RequestsData, glyphs: Glyphs, width: int) -> Lines:
    """Everything, in two columns where there is room."""
    if data.figures is None or not data.figures.sent:
        return [(Span("No request was seen yet.", "dim"),), *_talk(data, width)]
    left, right = _latency(data.figures, glyphs, min(width, 62)), _answers(data, glyphs)
    lines = _beside(left, right, min(62, width // 2) + 6) if width >= _TWO else [*left, (), *right]
    return [*lines, *_errors(data.figures, glyphs, width), *_talk(data, width)]


def _latency(figures: RequestFigures, glyphs: Glyphs, width: int) -> Lines:
    total = f"{numbers.count(figures.sent)} {'request' if figures.sent == 1 else 'requests'}"
    lines: Lines = [(Span("LATENCY".ljust(max(8, width - len(total))), "dim"), Span(total, "dim"))]
    columns = _columns(figures.buckets, width)
    if columns:
        most = max(columns)
        steps = len(glyphs.spark) - 1
        for level in range(_HIGH, 0, -1):
            cells = [round(n / most * _HIGH * steps) - (level - 1) * steps for n in columns]
            # A full cell leaves no seam to the one above it; the signs of a sparkline do, so that rows stay apart.
            full = "#" if glyphs.is_ascii else "█"
            signs = "".join(full if n >= steps else glyphs.spark[max(0, n)] for n in cells)
            lines.append((Span(signs, "accent"),))
        lines.append((Span(glyphs.rule * len(columns), "rule"),))
        lines.append(_scale(figures.buckets, len(columns)))
    spans: list[Span] = []
    for part, seconds in figures.latency:
        number, unit = numbers.latency_parts(seconds)
        spans += [Span(f"p{part} ", "dim"), Span(number, "bright"), Span(f" {unit}   ", "dim")]
    if spans:
        lines += [(), tuple(spans)]
    return lines


def _columns(buckets: Sequence[tuple[float, int]], width: int) -> list[int]:
    """The buckets (each 4 % wide on a log axis) put together until they fit."""
    counts = [n for _, n in buckets]
    if not counts:
        return []
    each = -(-len(counts) // max(8, width))
    grouped = [sum(counts[at : at + each]) for at in range(0, len(counts), each)]
    wide = max(1, min(4, width // len(grouped)))
    return [n for n in grouped for _ in range(wide)]


def _scale(buckets: Sequence[tuple[float, int]], cells: int) -> tuple[Span, ...]:
    text = ""
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        place = min(len(buckets) - 1, round(share * (len(buckets) - 1)))
        label = numbers.latency(buckets[place][0])
        at = min(round(share * cells), cells - len(label))
        if at >= len(text) + (2 if text else 0):
            text = text.ljust(at) + label
    return (Span(text, "dim"),)


def _answers(data: RequestsData, glyphs: Glyphs) -> Lines:
    figures = data.figures
    assert figures is not None
    lines: Lines = [(Span("ANSWERS", "dim"),)]
    statuses = figures.attempts or figures.by_status
    sum_of = sum(n for _, n in statuses) or 1
    for status, number in statuses:
        role: Role = "ok" if 200 <= status < 400 else "warn" if status in (408, 429) else "bad"
        name = str(status) if status else "none"
        words = _WORDS.get(status, "no answer came" if not status else "")
        lines.append(_share(name, role, number, sum_of, role, words, "dim", glyphs))
    if figures.finish_reasons:
        lines += [(), (Span("FINISHED", "dim"),)]
        sum_of = sum(n for _, n in figures.finish_reasons) or 1
        for reason, number in figures.finish_reasons:
            cut = reason == "length"
            words = (f"cut at {numbers.count(data.limit)} tokens" if data.limit else "cut at the limit") if cut else ""
            role = "warn" if cut else "ok"
            lines.append(_share(clean_line(reason), "text", number, sum_of, role, words, "warn", glyphs))
    return [*lines, (), (Span("RATE", "dim"),), *_rate(figures)]


def _share(
    name: str, name_role: Role, number: int, of: int, role: Role, words: str, words_role: Role, glyphs: Glyphs
) -> tuple[Span, ...]:
    count = numbers.count(number)
    head = (Span(f"{name:<10}", name_role, bold=name.isdigit()), Span(f"{count:>8}   ", "text"))
    return (*head, *bar(glyphs, 16, number / of, role), Span(f"   {words}", words_role))


def _rate(figures: RequestFigures) -> Lines:
    recent = list(figures.rates[-10:])
    now = numbers.rate(sum(recent) / len(recent)) if recent else "0.0/s"
    answered = figures.ok or 1
    lines: Lines = [
        (
            *(
                Span("now ", "dim"),
                Span(now, "text"),
                Span("   in flight ", "dim"),
                Span(str(figures.in_flight), "text"),
            ),
            *(Span("   retried ", "dim"), Span(numbers.count(figures.retried), "text")),
            *(Span("   cache ", "dim"), Span(numbers.percent(figures.cached / answered), "text")),
        )
    ]
    if figures.tokens_in or figures.tokens_out:
        (into, into_unit), (out, out_unit) = numbers.tokens(figures.tokens_in), numbers.tokens(figures.tokens_out)
        words = (Span("tokens ", "dim"), Span(into, "text"), Span(f" {into_unit}".rstrip() + " in   ", "dim"))
        lines.append((*words, Span(out, "text"), Span(f" {out_unit}".rstrip() + " out", "dim")))
    return lines


def _errors(figures: RequestFigures, glyphs: Glyphs, width: int) -> Lines:
    if not figures.last_errors and not figures.fatal:
        return []
    lines: Lines = [(), (Span("LAST ERRORS", "dim"),)]
    for text in (figures.fatal, *figures.last_errors) if figures.fatal else figures.last_errors:
        for number, piece in enumerate(textwrap.wrap(clean_line(text), max(20, width - 2)) or [""]):
            sign = f"{glyphs.failed} " if number == 0 else "  "
            lines.append((Span(sign, "bad", bold=True), Span(piece, "text")))
    return lines


def _talk(data: RequestsData, width: int) -> Lines:
    if not data.samples:
        hint = "With the interceptors request_logging and response_logging, requests and answers stand here."
        return [(), (Span(hint, "dim"),)]
    lines: Lines = [(), (Span(f"SAMPLES, the last {len(data.samples)} of {numbers.count(data.total)} logged", "dim"),)]
    for sample in data.samples:
        lines.append(())
        for message in sample.messages:
            lines += _said(clean_line(message.role), message.text, "text", width)
        if sample.reasoning:
            lines += _said("reasoning", sample.reasoning, "dim", width)
        if sample.error:
            lines += _said("error", sample.error, "bad", width)
        elif sample.answered:
            lines += _said(f"answer{_how(sample)}", sample.answer or "(empty)", "bright", width)
    return lines


def _how(sample: Sample) -> str:
    parts = [clean_line(sample.finish_reason)] if sample.finish_reason else []
    parts += [numbers.latency(sample.seconds)] if sample.seconds is not None else []
    parts += [f"{numbers.count(sample.tokens_out)} tokens"] if sample.tokens_out else []
    parts += ["from the cache"] if sample.cached else []
    return f", {', '.join(parts)}" if parts else ""


def _said(who: str, text: str, role: Role, width: int) -> Lines:
    lines: Lines = [(Span(who, "dim"),)]
    for paragraph in clean(text[:20_000], max_line=None).expandtabs(4).splitlines()[:200] or [""]:
        for piece in textwrap.wrap(paragraph, max(20, width - 2), drop_whitespace=False) or [""]:
            lines.append((Span(f"  {piece}", role),))
    return lines


def _beside(left: Lines, right: Lines, column: int) -> Lines:
    lines: Lines = []
    for place in range(max(len(left), len(right))):
        one = tuple(left[place]) if place < len(left) else ()
        other = tuple(right[place]) if place < len(right) else ()
        lines.append((*one, Span(" " * max(2, column - spans_width(one))), *other) if other else one)
    return lines
