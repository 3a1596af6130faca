"""The Config tab: what one attempt was given, and the command that made its container. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from ..draw.line import Span, cut_end, spans_width
from ..glyphs import Glyphs
from .preview import Preview, blocks_of, shell_lines, yaml_lines

SpanLine = tuple[Span, ...]

_TWO_FROM = 112  # cells from which the run configuration stands beside the facts
_GAP = 4
_LABEL = 11


@dataclass(frozen=True)
class ConfigData:
    """The sections of the dry run of one attempt, what its journal adds as (label, text), and its run configuration as
    YAML lines without a secret value. `overrides` are those that it brought along, as they were typed, masked."""

    preview: Preview
    facts: tuple[tuple[str, str], ...] = ()
    overrides: tuple[str, ...] = ()
    run_config: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """The docker command, literal."""
        return self.preview.command(self.preview.jobs[0][0])


def config_tab_lines(data: ConfigData, glyphs: Glyphs, width: int) -> list[SpanLine]:
    """Facts, environment and run configuration, side by side where there is room; below them the command."""
    blocks = blocks_of(data.preview, data.preview.jobs[0][0])
    facts = [*_facts(data, blocks), *_overrides(data), (), *_environment(blocks)]
    config = [_heading("run_config.yaml", "mounted into the container"), *yaml_lines(data.run_config)]
    if width >= _TWO_FROM:
        left = (width - _GAP) // 2
        top = list(_beside(facts, config, left, glyphs))
    else:
        top = [*facts, (), *config]
    return [
        *top,
        (),
        _heading("Docker command", "Y copies it, secrets by name only"),
        *_command(data.command, width),
    ]


def _facts(data: ConfigData, blocks: Sequence[Sequence[str]]) -> list[SpanLine]:
    lines = [_heading("Task", "")]
    for line in blocks[0] if blocks else ():
        name, _, rest = line.partition(" ")
        if not line.startswith(("change ", "  - ", "  + ")):
            lines.append(_fact(name, rest.strip()))
    return [*lines, *(_fact(name, text) for name, text in data.facts)]


def _fact(name: str, text: str) -> SpanLine:
    return (Span(name.ljust(_LABEL), "dim"), Span(text, "text"))


def _overrides(data: ConfigData) -> list[SpanLine]:
    return [(Span("override".ljust(_LABEL), "dim"), Span(text, "bright")) for text in data.overrides]


def _environment(blocks: Sequence[Sequence[str]]) -> list[SpanLine]:
    rows = [_variable(line) for line in (blocks[2] if len(blocks) > 2 else ())]
    if not rows:
        return [_heading("Environment", "none")]
    missing = sum(state == "missing" for _, state, _ in rows)
    told = f"names only, {missing} missing here" if missing else "names only"
    width = max(len(name) for name, _, _ in rows)
    lines = [_heading("Environment", told)]
    for name, state, note in rows:
        bad = state == "missing"
        spans = (Span(f"{name:<{width}}  ", "text"), Span(f"{state:<7}", "bad" if bad else "dim", bold=bad))
        lines.append((*spans, Span(f"  {note}", "dim")) if note else spans)
    return lines


def _variable(line: str) -> tuple[str, str, str]:
    parts = line.removeprefix("env").split(maxsplit=2)
    name, state, note = (*parts, "", "", "")[:3]
    return name, state, note


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


def _heading(text: str, note: str) -> SpanLine:
    return (Span(text, "bright", bold=True), Span(f"  {note}" if note else "", "dim"))


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
