"""One line of the task table, drawn. Pure: a row and how it is to look give a strip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ..draw import numbers
from ..draw.bars import bar, sparkline, squeezed
from ..draw.line import Line, Span, cut_middle, spans_width
from ..glyphs import Glyphs, state_glyph, state_role
from ..theme import Palette, mix
from ..view.columns import HEADS, MARGIN, Column, Columns, Name
from ..view.row import TaskRow
from ..view.words import progress_words

if TYPE_CHECKING:
    from ..theme import Role

_SPARK = 7


@dataclass(frozen=True, slots=True)
class RowLook:
    """How a row stands among the others. `flash` (0..1) lights its ground up after its state changed."""

    cursor: bool = False
    focus: bool = True
    marked: bool = False
    stale: bool = False
    place: int | None = None
    holding: str = ""
    flash: float = 0.0


class Pencil:
    """Draws one row. `stale` takes all colour away: what is shown is only what was last seen."""

    def __init__(self, palette: Palette, glyphs: Glyphs, columns: Columns, row: TaskRow, look: RowLook) -> None:
        self.palette, self.glyphs, self.columns, self.row, self.look = palette, glyphs, columns, row, look
        self.ground: Role = "cursor" if look.cursor else "bg"
        self.line = Line(palette, on=self.ground, limit=columns.width)

    def draw(self) -> Strip:
        """The whole line."""
        look = self.look
        bar_role = "accent" if look.focus and not look.stale else "trough"
        self.line.add(self.glyphs.cursor if look.cursor else " ", bar_role)
        self.line.add(self.glyphs.mark if look.marked else " ", "bright", bold=True)
        for column in self.columns.all:
            getattr(self, f"_{column.name}")(column)
        strip = self.line.strip(self.columns.width)
        return _lit(strip, self.palette, look.flash) if look.flash and not look.cursor else strip

    def _put(self, text: str, role: Role, *, bold: bool = False) -> None:
        self.line.add(text, "dim" if self.look.stale else role, bold=bold and not self.look.stale)

    def _spans(self, spans: list[Span]) -> None:
        for span in spans:
            self._put(span.text, span.role, bold=span.bold)

    def _right(self, column: Column[Name], spans: list[Span]) -> None:
        start = column.end - spans_width(spans)
        if spans and start >= self.line.width:
            self.line.pad_to(start)
            self._spans(spans)

    def _state(self, column: Column[Name]) -> None:
        state, invalid = self.row.state, self.row.suspicious
        role = state_role(state, invalid=False)
        self.line.pad_to(column.x)
        sign = state_glyph(self.glyphs, state, invalid=invalid)
        self._put(f"{sign} ", state_role(state, invalid=invalid), bold=True)
        self._put(state, role, bold=state == "failed")

    def _task(self, column: Column[Name]) -> None:
        row = self.row
        attempt = f" try {row.attempt}" if row.attempt > 1 else ""
        room = column.width - len(attempt)
        if room < 8:
            attempt, room = "", column.width
        role: Role = "dim" if row.state == "queued" else "bright" if self.look.cursor or row.live else "text"
        self.line.pad_to(column.x)
        self._put(cut_middle(row.task, room, self.glyphs.ellipsis), role, bold=self.look.cursor)
        self._put(attempt, "dim")

    def _progress(self, column: Column[Name]) -> None:
        fraction = self.row.fraction
        self.line.pad_to(column.x)
        if fraction is None or (self.row.state == "stopping"):
            look = self.look
            text, role = progress_words(
                self.row, column.width, place=look.place, holding=look.holding, ellipsis=self.glyphs.ellipsis
            )
            return self._put(text, role)
        columns = self.columns
        self._spans(bar(self.glyphs, columns.bar, fraction, state_role(self.row.state)))
        share = numbers.percent(fraction)
        self.line.pad_to(column.x + columns.bar + 5 - len(share))
        self._spans([Span(share[:-1], "bright"), Span("%", "dim")])
        return self._right(column, self._count()) if columns.counts else None

    def _count(self) -> list[Span]:
        row = self.row
        if row.pull is not None:
            total, unit = numbers.size_parts(row.pull.total)
            scale = row.pull.total / (float(total) or 1)
            return [Span(f"{row.pull.done / scale:.1f}", "text"), Span(f"/{total} {unit}", "dim")]
        return [Span(numbers.count(row.done or 0), "text"), Span(f"/{numbers.count(row.total or 0)}", "dim")]

    def _time(self, column: Column[Name]) -> None:
        if self.row.seconds is not None:
            role: Role = "text" if self.row.live else "dim"
            self._right(column, [Span(numbers.elapsed(self.row.seconds), role)])

    def _left(self, column: Column[Name]) -> None:
        left = self.row.left
        pull = self.row.pull
        if pull is not None and pull.rate:
            left = (pull.total - pull.done) / pull.rate
        if left is not None:
            number, unit = numbers.left_parts(left)
            self._right(column, [Span(number, "text"), Span(unit, "dim")])

    def _rate(self, column: Column[Name]) -> None:
        row = self.row
        if row.pull is not None:
            if row.pull.rate and self.columns.spark:
                self._right(column, [Span(f"{numbers.size(row.pull.rate)}/s", "dim")])
            return
        if row.requests is None or not row.live:
            return
        if self.columns.spark and any(row.requests.rates):
            faded = self.palette.faded("accent", 0.35, on=self.ground)
            style = self.palette.style("dim", on=self.ground) if self.look.stale else faded
            values = squeezed(row.requests.rates, _SPARK)
            self.line.pad_to(column.x).add(sparkline(self.glyphs, values, _SPARK), style)
        if row.requests.rate or row.requests.rates:
            self._right(column, [Span(numbers.rate_parts(row.requests.rate)[0], "text")])

    def _cpu(self, column: Column[Name]) -> None:
        if self.row.cpu is not None:
            self._right(column, [Span(numbers.cpu(self.row.cpu), "text")])

    def _memory(self, column: Column[Name]) -> None:
        if self.row.memory is not None:
            number, unit = numbers.short_size_parts(self.row.memory)
            self._right(column, [Span(number, "text"), Span(f" {unit}", "dim")])

    def _score(self, column: Column[Name]) -> None:
        score = self.row.score
        if score is None:
            return None
        value = numbers.score(score.value)
        if score.validity != "valid":
            word = f" {score.validity}" if self.columns.errors else ""
            spans = [Span(value, "dim"), Span(f" {self.glyphs.invalid}", "warn", bold=True), Span(word, "warn")]
            return self._right(column, spans)
        spans = [Span(value, "bright", bold=True)]
        if not self.columns.errors:
            # The sign of a doubtful score has its place behind the number; numbers stand below each other.
            return self._right(column, [*spans, Span("  ", "dim")])
        if score.stderr is not None:
            spans.append(Span(f" {numbers.error(score.stderr, self.glyphs.plus_minus)}", "dim"))
        return self._right(column, spans)


def head_line(palette: Palette, glyphs: Glyphs, columns: Columns, sorted_by: str, reverse: bool, note: str) -> Strip:
    """The heads of the columns; `note` (a filter, say) stands right of TASK where there is room."""
    line = Line(palette, limit=columns.width)
    for column in columns.all:
        text = HEADS[column.name]
        if column.name == sorted_by:
            arrow = glyphs.sorted_down if reverse else glyphs.sorted_up
            # Right-aligned heads keep their edge: the arrow stands before them.
            text = f"{arrow} {text}" if column.right else f"{text} {arrow}"
        if column.right:
            line.pad_to(column.end - len(text)).add(text, "dim")
        else:
            line.pad_to(column.x).add(text, "dim")
        if column.name == "task" and note:
            room = column.end - line.width - 2
            line.add("  ").add(cut_middle(note, max(0, room), glyphs.ellipsis), "accent")
    return line.strip(columns.width)


def below_line(palette: Palette, glyphs: Glyphs, width: int, below: int, above: int) -> Strip:
    """How many rows are out of sight."""
    parts = [f"{above} above {glyphs.up}"] if above else []
    parts += [f"{below} more below {glyphs.down}"] if below else []
    return Line(palette, limit=width).right([Span("   ".join(parts), "dim")], width - 2).strip(width)


def empty_line(palette: Palette, width: int, text: str) -> Strip:
    """A sentence where rows would be."""
    return Line(palette, limit=width).pad_to(MARGIN).add(text, "dim").strip(width)


def _lit(strip: Strip, palette: Palette, flash: float) -> Strip:
    ground = Style(bgcolor=mix(palette.colour("bg"), palette.colour("cursor"), flash))
    lit = [Segment(text, style + ground if style else ground) for text, style, _ in strip]
    return Strip(lit, strip.cell_length)
