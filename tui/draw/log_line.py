"""A line of a log as a reader sees it: quiet where it is routine, loud where something went wrong. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from ...core.run.sanitize import clean
from ..glyphs import Glyphs
from ..theme import Palette

if TYPE_CHECKING:
    from ..theme import Role

LONGEST = 4000
"""Characters of a line that are drawn."""

Run = tuple[str, Style]
Runs = tuple[Run, ...]

_TIME = re.compile(r"\s*[\[(]?(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?[\])]?[ ,:-]*")
_LEVEL = re.compile(
    r"\b(?P<quiet>DEBUG|INFO|NOTICE|TRACE)\b|\b(?P<warn>WARN(?:ING)?)\b|\b(?P<bad>ERROR|CRITICAL|FATAL)\b"
)
_LEVEL_WITHIN = 60
_BAR = re.compile(r"^(?P<head>[^|]{0,200}?(?P<share>\d{1,3})%\s?\|)(?P<bar>[^|\n]{2,400})(?P<tail>\|.*)$")
_BLOCKS = re.compile(r"[█▉▊▋▌▍▎▏#=>\-. ]+")


def log_runs(line: bytes, palette: Palette, glyphs: Glyphs, *, on: Role = "bg") -> Runs:
    """The drawn form of one folded line. Its text is `shown_text`; only the bar of a progress bar is drawn anew."""
    safe = clean(line.decode("utf-8", "replace").expandtabs(8), keep_colour=True, max_line=LONGEST)
    safe = safe.replace("\n", " ")
    if "\x1b" in safe:
        return _coloured(safe, palette, on)
    bar = _BAR.match(safe)
    if bar is not None and _BLOCKS.fullmatch(bar["bar"]):
        return _progress(bar, palette, glyphs, on)
    return _plain(safe, palette, on)


def shown_text(runs: Runs) -> str:
    """What is drawn, without its styles."""
    return "".join(text for text, _ in runs)


def _plain(text: str, palette: Palette, on: Role) -> Runs:
    dim, usual = palette.style("dim", on=on), palette.style("text", on=on)
    time = _TIME.match(text)
    at = time.end() if time else 0
    runs: list[Run] = [(text[:at], dim)] if at else []
    level = _LEVEL.search(text, at, at + _LEVEL_WITHIN)
    if level is None:
        # What belongs to the line before (a traceback, say) is set in and stays quiet.
        quiet = not at and text[:1].isspace()
        return (*runs, (text[at:], dim if quiet else usual))
    runs.append((text[at : level.start()], usual))
    kind = level.lastgroup
    role: Role = "bad" if kind == "bad" else "warn" if kind == "warn" else "dim"
    runs.append((level[0], palette.style(role, on=on, bold=kind != "quiet")))
    rest = palette.style("bright", on=on) if kind == "bad" else usual
    return tuple(run for run in (*runs, (text[level.end() :], rest)) if run[0])


def _progress(bar: re.Match[str], palette: Palette, glyphs: Glyphs, on: Role) -> Runs:
    width = cell_len(bar["bar"])
    done = round(min(100, int(bar["share"])) / 100 * width)
    usual = palette.style("text", on=on)
    return (
        (bar["head"], usual),
        (glyphs.bar_full * done, palette.style("accent", on=on)),
        (glyphs.bar_rest * (width - done), palette.style("trough", on=on)),
        (bar["tail"], usual),
    )


def _coloured(safe: str, palette: Palette, on: Role) -> Runs:
    base = palette.style("text", on=on)
    text = Text.from_ansi(safe, no_wrap=True, end="")
    plain = text.plain
    runs: list[Run] = []
    cuts = sorted({0, len(plain), *(edge for span in text.spans for edge in (span.start, span.end))})
    for start, end in pairwise(cuts):
        style = base
        for span in text.spans:
            if span.start <= start and end <= span.end and isinstance(span.style, Style):
                style += _readable(span.style)
        if end > start:
            runs.append((plain[start:end], style))
    return tuple(runs)


@lru_cache(maxsize=256)
def _readable(style: Style) -> Style:
    """A log's own style without what would be a nuisance: blinking, links, and hiding text."""
    return Style(
        color=style.color,
        bgcolor=style.bgcolor,
        bold=style.bold,
        dim=style.dim,
        italic=style.italic,
        underline=style.underline,
        strike=style.strike,
        reverse=style.reverse,
    )


def marked(runs: Runs, spans: Sequence[tuple[int, int, Style]]) -> Runs:
    """`runs` with other styles laid over spans of characters, from left to right and not overlapping."""
    if not spans:
        return runs
    result: list[Run] = []
    at = 0
    for text, style in runs:
        end, here = at + len(text), at
        for first, last, over in spans:
            first, last = max(first, at), min(last, end)
            if first >= last:
                continue
            result.append((text[here - at : first - at], style))
            result.append((text[first - at : last - at], style + over))
            here = last
        result.append((text[here - at :], style))
        at = end
    return tuple(run for run in result if run[0])
