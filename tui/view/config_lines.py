"""The Config tab: what one attempt was given, and the command that made its container. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from ...core.plan.view import JobPreview
from ..draw.line import Span, cut_end, spans_width
from ..glyphs import Glyphs
from .preview import env_lines, fact_lines, heading, script_lines, shell_lines, yaml_lines

SpanLine = tuple[Span, ...]

_TWO_FROM = 112  # cells from which the run configuration stands beside the facts
_GAP = 4
_LABEL = 11


@dataclass(frozen=True)
class ConfigData:
    """The dry run of one attempt, what its journal adds as (label, text), and its run configuration as YAML lines
    without a secret value. `overrides` are those that it brought along, as they were typed, masked."""

    job: JobPreview
    facts: tuple[tuple[str, str], ...] = ()
    overrides: tuple[str, ...] = ()
    run_config: tuple[str, ...] = ()


def config_tab_lines(data: ConfigData, glyphs: Glyphs, width: int) -> list[SpanLine]:
    """Facts, environment and run configuration, side by side where there is room; below them the command."""
    job = data.job
    facts = [heading("Task", ""), *fact_lines((*job.facts, *data.facts), _LABEL), *_overrides(data)]
    facts += [*script_lines(job.scripts), (), *env_lines(job.env)]
    config = [heading("run_config.yaml", "mounted into the container"), *yaml_lines(data.run_config)]
    if width >= _TWO_FROM:
        left = (width - _GAP) // 2
        top = list(_beside(facts, config, left, glyphs))
    else:
        top = [*facts, (), *config]
    return [
        *top,
        (),
        heading("Docker command", "Y copies it, secrets by name only"),
        *_command(job.command, width),
    ]


def _overrides(data: ConfigData) -> list[SpanLine]:
    return [(Span("override".ljust(_LABEL), "dim"), Span(text, "bright")) for text in data.overrides]


def _command(command: str, width: int) -> Iterator[SpanLine]:
    """The command as a shell continues it; what is longer than a line goes on below, indented."""
    for line in shell_lines(command, width):
        text = "".join(span.text for span in line)
        if len(text) <= width:
            yield line
            continue
        yield (Span(text[:width], "text"),)
        for at in range(width, len(text), max(1, width - 8)):
            yield (Span(" " * 8 + text[at : at + max(1, width - 8)], "text"),)


def _beside(left: Sequence[SpanLine], right: Sequence[SpanLine], width: int, glyphs: Glyphs) -> list[SpanLine]:
    lines: list[SpanLine] = []
    for one, other in zip_longest(left, right, fillvalue=()):
        kept = _within(one, width, glyphs)
        gap = Span(" " * (width + _GAP - spans_width(kept)))
        lines.append((*kept, gap, *other) if other else kept)
    return lines


def _within(line: SpanLine, width: int, glyphs: Glyphs) -> SpanLine:
    """The line, its last piece cut where it would run into what stands beside it."""
    if spans_width(line) <= width or not line:
        return line
    *head, last = line
    return (*head, Span(cut_end(last.text, max(1, width - spans_width(tuple(head))), glyphs.ellipsis), last.role))
