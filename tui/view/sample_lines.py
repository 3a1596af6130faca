"""One logged request with its answer, as people read it. Pure; what a model or a data set said is cleaned here."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING

from rich.cells import cell_len, chop_cells

from ...core.base.clock import parse_iso
from ...core.base.sanitize import clean, clean_line
from ...core.run.sample import Sample
from ..draw import numbers
from ..draw.line import Span, cut_end, spans_width
from ..glyphs import Glyphs

if TYPE_CHECKING:
    from ..theme import Role

SpanLine = tuple[Span, ...]

_LONGEST = 40_000  # characters of one text that are shown
_MOST_LINES = 400
_SETTINGS = 6


@dataclass(frozen=True)
class Shown:
    """The pair at `place` (from 0) of `total`."""

    sample: Sample
    place: int
    total: int


def sample_lines(shown: Shown, glyphs: Glyphs, width: int, zone: tzinfo | None = None) -> list[SpanLine]:
    """A head with what is known of the pair; the prompt; the answer."""
    sample = shown.sample
    lines = [_head(shown, glyphs, width, zone)]
    for message in sample.messages:
        lines += _said(clean_line(message.role), "", message.text, "text", glyphs, width)
    if not sample.messages:
        lines += [(), (Span("prompt ", "dim"), Span("not written down: raise max_requests of request_logging", "dim"))]
    if sample.reasoning:
        lines += _said("reasoning", "", sample.reasoning, "dim", glyphs, width)
    if sample.error:
        lines += _said("error", str(sample.status or ""), sample.error, "bad", glyphs, width)
    elif sample.answered:
        lines += _said("answer", "", sample.answer or "(empty)", "bright", glyphs, width)
    else:
        lines += [(), (Span("no answer written down", "dim"),)]
    return lines


def _head(shown: Shown, glyphs: Glyphs, width: int, zone: tzinfo | None) -> SpanLine:
    sample = shown.sample
    spans = [Span("SAMPLE ", "dim"), Span(numbers.count(shown.place + 1), "bright", bold=True)]
    spans.append(Span(f" of {numbers.count(shown.total)}", "dim"))
    for item in _facts(sample, zone):
        if spans_width(spans) + 3 + spans_width(item) <= width - 13:
            spans += [Span("   "), *item]
    hint = "< > others" if glyphs.is_ascii else "← → others"
    room = width - spans_width(spans) - len(hint)
    if shown.total > 1 and room >= 3:
        spans += [Span(" " * room), Span(hint[:3], "bright", bold=True), Span(hint[3:], "dim")]
    return tuple(spans)


def _facts(sample: Sample, zone: tzinfo | None) -> Iterator[list[Span]]:
    if sample.finish_reason:
        cut = sample.finish_reason == "length"
        yield [Span("cut off" if cut else clean_line(sample.finish_reason), "warn" if cut else "text")]
    if sample.status >= 400:
        yield [Span(str(sample.status), "bad", bold=True)]
    if sample.seconds is not None:
        number, unit = numbers.latency_parts(sample.seconds)
        yield [Span(number, "text"), Span(f" {unit}", "dim")]
    if sample.tokens_in is not None or sample.tokens_out is not None:
        into, out = (numbers.count(n or 0) for n in (sample.tokens_in, sample.tokens_out))
        yield [Span(into, "text"), Span(" tokens in, ", "dim"), Span(out, "text"), Span(" out", "dim")]
    if sample.cached:
        yield [Span("from the cache", "dim")]
    moment = parse_iso(sample.at)
    if moment is not None:
        yield [Span(f"{moment.astimezone(zone):%H:%M:%S}", "dim")]
    settings = [f"{clean_line(name)} {cut_end(clean_line(value), 12)}" for name, value in sample.settings[:_SETTINGS]]
    if settings:
        yield [Span(", ".join(settings), "dim")]


def _said(who: str, note: str, text: str, role: Role, glyphs: Glyphs, width: int) -> Iterator[SpanLine]:
    """A text under the name of who said it, its lines wrapped; what is too long ends in a sentence."""
    yield ()
    yield (Span(f"{who} {note}".rstrip(), "dim"),)
    shown = clean(text[:_LONGEST], max_line=None).expandtabs(4)
    lines = [piece for part in shown.split("\n") for piece in _wrapped(part, max(20, width - 2))]
    while lines and not lines[-1]:
        lines.pop()
    for line in lines[:_MOST_LINES]:
        yield (Span(f"  {line}", role),)
    if len(text) > _LONGEST or len(lines) > _MOST_LINES:
        yield (Span(f"  {glyphs.ellipsis} and more: {numbers.count(len(text))} characters in all", "dim"),)


def _wrapped(line: str, width: int) -> list[str]:
    """Wrapped at blanks, its indent kept: code is read as code. Where characters are wide, wherever it is full."""
    if cell_len(line) != len(line):
        return chop_cells(line, width)
    indent = line[: len(line) - len(line.lstrip())][: width // 2]
    return textwrap.wrap(
        line, width, subsequent_indent=indent, drop_whitespace=True, replace_whitespace=False, break_on_hyphens=False
    ) or [""]
