"""The Requests tab: latency, answers, how they finished, rates, the last errors, and what was said. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...core.base.clock import parse_iso
from ...core.base.sanitize import clean_line
from ...core.run.figures import RequestFigures
from ..draw import numbers
from ..draw.bars import bar
from ..draw.histogram import histogram
from ..draw.line import Span, cut_end, spans_width
from ..glyphs import Glyphs
from .sample_lines import Shown, sample_lines

if TYPE_CHECKING:
    from ..theme import Role

SpanLine = tuple[Span, ...]

_HEIGHT = 7
_CHART = 64
_BAR = 16
_NAMES = 14  # cells of a name and its count
_BEFORE_WORDS = _NAMES + 3 + _BAR + 3
_TWO_FROM = 100  # cells from which answers stand beside the chart
_ENOUGH = 100  # requests from which the slowest in a hundred mean something
_WORDS: Mapping[int, str] = {
    0: "no answer",
    200: "OK",
    400: "bad request",
    401: "the key is missing or wrong",
    403: "the key may not use this",
    404: "nothing there: is the URL right?",
    408: "timed out",
    413: "too large",
    422: "not understood",
    429: "too many at once",
    500: "the endpoint failed",
    502: "no answer from behind the endpoint",
    503: "the endpoint is overloaded",
    504: "the endpoint did not answer in time",
}


@dataclass(frozen=True)
class RequestsData:
    """What the tab shows: the figures of an attempt, one logged pair, and what the config says of requests.

    `limit` are the most tokens of an answer, `parallel` how many requests the harness keeps going; None: not known.
    `logs`: whether the interceptors that write pairs down are on, as far as the config tells.
    """

    figures: RequestFigures | None
    shown: Shown | None = None
    limit: int | None = None
    parallel: int | None = None
    live: bool = False
    logs: bool = False


def requests_lines(data: RequestsData, glyphs: Glyphs, width: int) -> list[SpanLine]:
    """Everything, in two columns where there is room."""
    figures = data.figures
    lines: list[SpanLine] = []
    if figures is None or not figures.sent:
        lines.append((Span("No requests yet." if data.live else "No requests.", "dim"),))
    else:
        two = width >= _TWO_FROM
        chart = min(_CHART, width // 2 - 4) if two else min(_CHART, width)
        left = _latency(figures, glyphs, chart)
        room = width - chart - 10 if two else width
        right = [*_answers(figures, glyphs, room), *_finished(data, glyphs, room), (), *_rate(data, room)]
        lines += _beside(left, right, chart + 10) if two else [*left, (), *right]
        lines += _errors(figures, glyphs, width)
    return [*lines, (), *(sample_lines(data.shown, glyphs, width) if data.shown else _no_samples(data, width))]


def sample_starts_at(data: RequestsData, glyphs: Glyphs, width: int) -> int:
    """The line at which the pair begins."""
    shown = sample_lines(data.shown, glyphs, width) if data.shown else []
    return len(requests_lines(data, glyphs, width)) - len(shown)


# Latency


def _latency(figures: RequestFigures, glyphs: Glyphs, width: int) -> list[SpanLine]:
    total = f"{numbers.count(figures.sent)} {'request' if figures.sent == 1 else 'requests'}"
    quantiles = dict(figures.latency)
    tail = quantiles.get(95, float("inf"))
    far = quantiles.get(99, float("inf")) if figures.sent >= _ENOUGH else float("inf")
    drawn = histogram(figures.buckets, glyphs, width, _HEIGHT, tail, far)
    edge = spans_width(drawn[0]) if drawn else width
    lines: list[SpanLine] = [(Span("LATENCY", "dim"), Span(f"{total:>{max(len(total) + 2, edge - 7)}}", "dim")), *drawn]
    if not drawn:
        lines.append((Span("No answer was timed yet.", "dim"),))
    for label, found in (("", figures.latency), ("first token", figures.first_token)):
        if found:
            lines += [(), *_quantiles(label, found, width)]
    return lines


def _quantiles(label: str, found: Sequence[tuple[int, float]], width: int) -> Iterator[SpanLine]:
    items: list[SpanLine] = [(Span(label, "dim"),)] if label else []
    items += [_figure(f"p{part}", *_parts(seconds)) for part, seconds in found]
    return _in_rows(items, width, gap=4)


def _parts(seconds: float) -> tuple[str, str]:
    number, unit = numbers.latency_parts(seconds)
    return number, f" {unit}"


# Answers


def _answers(figures: RequestFigures, glyphs: Glyphs, width: int) -> Iterator[SpanLine]:
    """By what the endpoint did each time that it was asked; what was asked again says so."""
    yield (Span("ANSWERS", "dim"),)
    statuses = sorted(figures.attempts or figures.by_status, key=lambda pair: pair[0] or 1000)
    total = sum(number for _, number in statuses)
    final = dict(figures.by_status)
    for status, number in statuses:
        again = max(0, number - final.get(status, 0)) if figures.attempts and not 200 <= status < 400 else 0
        made_good = again == number and not figures.unanswered
        words = _WORDS.get(status, "" if status < 400 else "refused" if status < 500 else "the endpoint failed")
        if again:
            retried = "retried, all answered" if made_good else "retried"
            forms = (f"{words}, {retried}", retried, "retried")
            words = next((form for form in forms if len(form) <= width - _BEFORE_WORDS), "retried")
        role: Role = "ok" if 200 <= status < 400 else "warn" if status in (408, 429) else "bad"
        yield _share(str(status) if status else "none", role, number, total, role, words, "dim", glyphs, width)
    if figures.cached:
        words = "not asked again"
        yield _share("cache", "text", figures.cached, total + figures.cached, "ok", words, "dim", glyphs, width)
    if figures.cancelled:
        words = "the harness hung up"
        yield _share("left", "warn", figures.cancelled, total + figures.cancelled, "warn", words, "dim", glyphs, width)


def _finished(data: RequestsData, glyphs: Glyphs, width: int) -> Iterator[SpanLine]:
    figures = data.figures
    if figures is None or not (figures.finish_reasons or figures.unended or figures.empty):
        return
    yield ()
    yield (Span("FINISHED", "dim"),)
    total = sum(number for _, number in figures.finish_reasons) + figures.unended
    for reason, number in sorted(figures.finish_reasons, key=lambda pair: -pair[1]):
        cut = reason == "length"
        words = (f"cut at {numbers.count(data.limit)} tokens" if data.limit else "cut at the limit") if cut else ""
        role: Role = "warn" if cut or reason == "content_filter" else "ok"
        yield _share(clean_line(reason), "text", number, total, role, words, "warn", glyphs, width)
    thought = f"{numbers.count(figures.thought)} with reasoning alone" if figures.thought else ""
    for name, number, words in (("not said", figures.unended, "unverified"), ("empty", figures.empty, thought)):
        if number:
            yield _share(name, "text", number, total, "warn", words, "warn", glyphs, width)


def _share(
    name: str,
    name_role: Role,
    number: int,
    total: int,
    role: Role,
    words: str,
    words_role: Role,
    glyphs: Glyphs,
    width: int,
) -> SpanLine:
    count = numbers.count(number)
    known = name.isdigit() or name in ("none", "left")
    name = cut_end(name, max(4, _NAMES - 1 - len(count)), glyphs.ellipsis)
    text = name.ljust(_NAMES - len(count))
    room = max(0, width - _BEFORE_WORDS)
    tail = (Span(f"   {cut_end(words, room, glyphs.ellipsis)}", words_role),) if words and room > 8 else ()
    bars = bar(glyphs, _BAR, number / (total or 1), role)
    return (Span(text, name_role, bold=known), Span(count, "bright"), Span("   "), *bars, *tail)


# Rates


def _rate(data: RequestsData, width: int) -> Iterator[SpanLine]:
    figures = data.figures
    if figures is None:
        return
    yield (Span("RATE", "dim"),)
    lasted = _lasted(figures)
    items: list[SpanLine] = []
    if data.live:
        recent = figures.rates[-10:]
        items.append(_figure("now", *numbers.rate_parts(sum(recent) / max(1, len(recent)))))
    if lasted:
        items.append(_figure("mean", *numbers.rate_parts(figures.ok / lasted)))
    if data.live:
        of = f"/{data.parallel}" if data.parallel else ""
        items.append(_figure("in flight", str(figures.in_flight), of))
    if figures.cached:
        items.append(_figure("cache", numbers.percent(figures.cached / (figures.ok or 1)).rstrip("%"), "%"))
    if figures.retried:
        items.append(_figure("retried", numbers.count(figures.retried), ""))
    yield from _in_rows(items, width) if items else [(Span("none yet", "dim"),)]
    if figures.tokens_in or figures.tokens_out:
        yield _tokens(figures, lasted)


def _tokens(figures: RequestFigures, lasted: float | None) -> SpanLine:
    spans = [Span("tokens ", "dim")]
    for number, way in ((figures.tokens_in, "in"), (figures.tokens_out, "out")):
        short, unit = numbers.tokens(number)
        spans += [Span(short, "bright"), Span(f" {unit}".rstrip() + f" {way}   ", "dim")]
    if lasted and figures.tokens_out:
        spans += [Span(numbers.rate_parts(figures.tokens_out / lasted)[0], "bright"), Span(" out/s", "dim")]
    return tuple(spans)


def _figure(label: str, number: str, unit: str) -> SpanLine:
    return (Span(f"{label} ", "dim"), Span(number, "bright"), *((Span(unit, "dim"),) if unit else ()))


def _in_rows(items: Sequence[SpanLine], width: int, gap: int = 3) -> Iterator[SpanLine]:
    """Items one behind the other, in as many rows as it takes."""
    row: SpanLine = ()
    for item in items:
        if row and spans_width(row) + gap + spans_width(item) > width:
            yield row
            row = ()
        row = (*row, Span(" " * gap), *item) if row else item
    yield row


def _lasted(figures: RequestFigures) -> float | None:
    """Seconds from the first request to the moment of the figures."""
    first, last = parse_iso(figures.first_at), parse_iso(figures.at)
    seconds = (last - first).total_seconds() if first is not None and last is not None else 0.0
    return seconds if seconds >= 1 else None


# Below


def _errors(figures: RequestFigures, glyphs: Glyphs, width: int) -> Iterator[SpanLine]:
    told = [*([figures.fatal] if figures.fatal else []), *reversed(figures.last_errors)]
    if told:
        yield ()
        yield (Span("LAST ERRORS", "dim"),)
    for text in dict.fromkeys(told):
        for number, piece in enumerate(textwrap.wrap(clean_line(text), max(20, width - 2)) or [""]):
            yield (Span(f"{glyphs.failed} " if number == 0 else "  ", "bad", bold=True), Span(piece, "text"))


def _no_samples(data: RequestsData, width: int) -> Iterator[SpanLine]:
    text = "No request or answer is kept yet."
    if not data.logs:
        text = "With the interceptors request_logging and response_logging, requests and their answers stand here."
    for piece in textwrap.wrap(text, max(20, width)):
        yield (Span(piece, "dim"),)


def _beside(left: Sequence[SpanLine], right: Sequence[SpanLine], column: int) -> Iterator[SpanLine]:
    for place in range(max(len(left), len(right))):
        one = left[place] if place < len(left) else ()
        other = right[place] if place < len(right) else ()
        yield (*one, Span(" " * max(2, column - spans_width(one))), *other) if other else one
