"""The vitals of the selected task: what it uses, how its requests do. An item that does not fit is left out whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.strip import Strip
from textual.widget import Widget

from ..draw import numbers
from ..draw.bars import sparkline
from ..draw.line import Line, Span, spans_width
from ..view.columns import MARGIN, RIGHT
from ..view.row import TaskRow
from ..view.snapshot import Track
from .dress import glyphs_of, palette_of

_GAP = 3
_BIG, _SMALL = 12, 8  # cells of a sparkline
_FADED = 0.45
_BUSY = 25.0  # percent of a core below which a task that does next to nothing would look busy


@dataclass(frozen=True)
class _Item:
    label: str
    spans: tuple[Span, ...]
    history: tuple[float, ...] = ()
    top: float | None = None


class Vitals(Widget):
    """One line of figures."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Vitals { height: 1; background: $background; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._items: tuple[_Item, ...] = ()
        self._alarms: tuple[Span, ...] = ()
        self._stale = False

    def show(self, row: TaskRow | None, track: Track | None = None, *, stale: bool = False) -> None:
        """Show the figures of a task and their last minute."""
        items = tuple(_items(row, track or Track(), glyphs_of(self).dash)) if row is not None else ()
        new = (items, tuple(_alarms(row, glyphs_of(self).times)), stale)
        if new != (self._items, self._alarms, self._stale):
            self._items, self._alarms, self._stale = new
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """As many items as there is room for beside what went wrong."""
        palette, glyphs, width = palette_of(self), glyphs_of(self), self.size.width
        line = Line(palette, limit=width).pad_to(MARGIN)
        edge = width - RIGHT
        end = edge - (spans_width(self._alarms) + _GAP if self._alarms else 0)
        cells = _BIG if width >= 132 else _SMALL
        for item in self._items:
            needed = len(item.label) + 1 + (cells + 1 if item.history else 0) + spans_width(item.spans)
            start = line.width + (_GAP if line.width > MARGIN else 0)
            if start + needed > end:
                continue
            line.pad_to(start).add(f"{item.label} ", "dim")
            if item.history:
                drawn = sparkline(glyphs, item.history, cells, item.top)
                past = palette.style("dim") if self._stale else palette.faded("accent", _FADED)
                line.add(drawn[:-1], past).add(drawn[-1:], "dim" if self._stale else "accent").add(" ")
            line.spans([Span(span.text, "dim") if self._stale else span for span in item.spans])
        return line.right(self._alarms, edge).strip(width)


def _items(row: TaskRow, track: Track, dash: str) -> Sequence[_Item]:
    items: list[_Item] = []
    if row.cpu is not None:
        items.append(_Item("cpu", (Span(numbers.cpu(row.cpu), "bright"), Span("%", "dim")), track.cpu, _BUSY))
    if row.memory is not None:
        items.append(_Item("mem", tuple(_memory(row.memory, row.memory_limit)), track.memory))
    requests = row.requests
    if requests is None:
        return items
    if row.live:
        rate = numbers.rate_parts(requests.rate)
        items.append(_Item("requests", (Span(rate[0], "bright"), Span(rate[1], "dim")), requests.rates))
    for label, value in (("p50", requests.p50), ("p95", requests.p95 or requests.p90)):
        if value is not None:
            number, unit = numbers.latency_parts(value)
            items.append(_Item(label, (Span(number, "bright"), Span(f" {unit}", "dim"))))
    if row.live:
        items.append(_Item("in flight", (Span(str(requests.in_flight), "bright"),)))
    if requests.cached:
        items.append(_Item("cached", (Span(numbers.count(requests.cached), "bright"),)))
    return items


def _memory(used: int, limit: int | None) -> list[Span]:
    if limit is None:
        number, unit = numbers.size_parts(used)
        return [Span(number, "bright"), Span(f" {unit}", "dim")]
    most, unit = numbers.size_parts(limit)
    scale = limit / (float(most) or 1)
    return [Span(f"{used / scale:.1f}", "bright"), Span(f"/{most} {unit}", "dim")]


def _alarms(row: TaskRow | None, times: str) -> list[Span]:
    if row is None or row.requests is None:
        return []
    spans: list[Span] = []
    for status, number in row.requests.failed[:3]:
        role = "warn" if status in ("408", "429") else "bad"
        spans += [Span("   ")] if spans else []
        spans += [Span(status, role), Span(f" {times}{number}", role)]
    return spans
