"""A line of a log as a reader sees it: quiet where it is routine, loud where something went wrong. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.style import Style

from ...core.base.sanitize import clean
from ..draw.line import cut_end
from ..glyphs import Glyphs
from ..theme import Palette, Role
from .colour import PLAIN, Pen, split, style_of
from .log_bar import bar_cells, find_bar, fitted
from .log_words import Part, parts

LONGEST = 4000
"""Cells of a line that are drawn."""

_TAB = 8

Run = tuple[str, Style]
Runs = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Swap:
    """Characters of the text that are drawn as others: a tab, a bar, what is left out."""

    at: int
    length: int
    drawn_at: int
    drawn_length: int


@dataclass(frozen=True, slots=True, eq=False)
class LogLine:
    """A line, ready to be drawn. `plain` is its text, which is searched and copied; `runs` is what is drawn of it."""

    plain: str
    runs: Runs
    swaps: tuple[Swap, ...] = ()

    @property
    def drawn(self) -> str:
        """What is drawn, without its styles."""
        return "".join(text for text, _ in self.runs)

    @property
    def length(self) -> int:
        """How many characters are drawn."""
        return sum(len(text) for text, _ in self.runs)

    @property
    def cells(self) -> int:
        """How many cells are drawn."""
        return sum(cell_len(text) for text, _ in self.runs)

    def to_drawn(self, place: int) -> int:
        """Where a character of the text is drawn."""
        shift = 0
        for swap in self.swaps:
            if place < swap.at:
                break
            if place < swap.at + swap.length:
                return swap.drawn_at + (place - swap.at) * swap.drawn_length // swap.length
            shift = swap.drawn_at + swap.drawn_length - swap.at - swap.length
        return place + shift

    def to_plain(self, place: int) -> int:
        """Which character of the text is drawn there; at most the text's length."""
        shift = 0
        for swap in self.swaps:
            if place < swap.drawn_at:
                break
            if place < swap.drawn_at + swap.drawn_length:
                return swap.at + (place - swap.drawn_at) * swap.length // swap.drawn_length
            shift = swap.at + swap.length - swap.drawn_at - swap.drawn_length
        return max(0, min(place + shift, len(self.plain)))


NOTHING = LogLine("", ())


def log_line(line: bytes, palette: Palette, glyphs: Glyphs, *, room: int, skip: int = 0, on: Role = "bg") -> LogLine:
    """The drawn form of one folded line where `room` cells are free; its first `skip` characters are left out."""
    text, pens = split(clean(line.decode("utf-8", "replace"), keep_colour=True, max_line=None).replace("\n", " "))
    shown = text[skip : skip + 4 * LONGEST]
    words = [Part(len(shown), "text")] if skip else parts(shown)
    runs = [
        (shown[start:end], _style(pen, palette, role, bold, on))
        for start, end, role, bold, pen in _pieces(words, [(at - skip, pen) for at, pen in pens])
    ]
    cut = (glyphs.ellipsis, palette.style("dim", on=on))
    swaps = [*_tabs(shown, palette, on)]
    if skip:
        swaps.insert(0, (-skip, 0, [cut]))
    elif bar := find_bar(shown):
        done, rest = bar_cells(bar.share, fitted(bar, cell_len(shown) - (bar.end - bar.start), room), glyphs)
        drawn = [(done, palette.style("accent", on=on)), (rest, palette.style("trough", on=on))]
        swaps = sorted([*swaps, (bar.start, bar.end, drawn)], key=lambda swap: swap[0])
    drawn, done_swaps = _swapped(runs, swaps, skip)
    return LogLine(text, _cut(drawn, cut), tuple(done_swaps))


_Piece = tuple[int, int, Role, bool, Pen]
_Exchange = tuple[int, int, list[Run]]


def _style(pen: Pen, palette: Palette, role: Role, bold: bool, on: Role) -> Style:
    return palette.style(role, on=on, bold=bold) if pen == PLAIN else style_of(pen, palette, role, bold, on)


def _pieces(words: Sequence[Part], pens: Sequence[tuple[int, Pen]]) -> Iterator[_Piece]:
    """The parts of a line cut further where the log's own colours change."""
    changes = iter([*pens, (1 << 62, PLAIN)])
    pen, (next_at, next_pen) = PLAIN, next(changes)
    at = 0
    for end, role, bold in words:
        while at < end:
            while next_at <= at:
                pen, (next_at, next_pen) = next_pen, next(changes)
            cut = min(end, next_at)
            yield at, cut, role, bold, pen
            at = cut


def _tabs(text: str, palette: Palette, on: Role) -> Iterator[_Exchange]:
    """Tabs stand for the blanks up to the next column of eight, counted in cells."""
    cells = at = 0
    while (tab := text.find("\t", at)) >= 0:
        cells += cell_len(text[at:tab])
        blanks = _TAB - cells % _TAB
        cells += blanks
        yield tab, tab + 1, [(" " * blanks, palette.style("text", on=on))]
        at = tab + 1


def _swapped(runs: list[Run], exchanges: Sequence[_Exchange], skip: int) -> tuple[list[Run], list[Swap]]:
    """`runs` with the exchanges made; places in the text are counted from `skip` on in both."""
    rest, drawn, swaps = runs[::-1], list[Run](), list[Swap]()
    at = length = 0
    for start, end, new in exchanges:
        kept = _take(rest, max(0, start) - at)
        _take(rest, end - max(0, start))
        at = end
        length += sum(len(text) for text, _ in kept)
        instead = sum(len(text) for text, _ in new)
        swaps.append(Swap(start + skip, end - start, length, instead))
        length += instead
        drawn += [*kept, *new]
        if length > 4 * LONGEST:
            return drawn, swaps
    return [*drawn, *rest[::-1]], swaps


def _take(rest: list[Run], count: int) -> list[Run]:
    """Take `count` characters off a pile of runs, whose first is on top."""
    taken: list[Run] = []
    while count > 0 and rest:
        text, style = rest.pop()
        if len(text) > count:
            rest.append((text[count:], style))
        taken.append((text[:count], style))
        count -= len(text)
    return taken


def _cut(runs: list[Run], ellipsis: Run) -> Runs:
    text = "".join(text for text, _ in runs)
    if len(text) > LONGEST // 2 and cell_len(text) > LONGEST:
        kept = len(cut_end(text, LONGEST, ellipsis[0])) - len(ellipsis[0])
        return (*piece(runs, 0, kept), ellipsis)
    return tuple(run for run in runs if run[0])


def piece(runs: Iterable[Run], start: int, end: int | None) -> list[Run]:
    """The characters from `start` to `end` (None: all that follow)."""
    found: list[Run] = []
    at = 0
    for text, style in runs:
        kept = text[max(0, start - at) : None if end is None else max(0, end - at)]
        if kept:
            found.append((kept, style))
        at += len(text)
    return found


def marked(runs: Iterable[Run], spans: Sequence[tuple[int, int, Style]]) -> list[Run]:
    """`runs` with other styles laid over spans of characters, from left to right and not overlapping."""
    result: list[Run] = []
    at = 0
    for text, style in runs:
        end, here = at + len(text), at
        for first, last, over in spans:
            first, last = max(first, here), min(last, end)
            if first >= last:
                continue
            result.append((text[here - at : first - at], style))
            result.append((text[first - at : last - at], style + over))
            here = last
        result.append((text[here - at :], style))
        at = end
    return [run for run in result if run[0]]
