"""The head of the list of runs: a sentence over a rule, Docker and the disk at the right."""

from __future__ import annotations

from textual.strip import Strip
from textual.widget import Widget

from ..draw import numbers
from ..draw.line import Line, Span, spans_width
from ..glyphs import Glyphs
from ..view.columns import MARGIN, RIGHT
from ..view.home import HomeSnapshot
from .dress import glyphs_of, palette_of

_BETWEEN = 3


class HomeHeader(Widget):
    """Two lines."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "HomeHeader { height: 2; background: $background; }"

    def __init__(self) -> None:
        super().__init__()
        self._home = HomeSnapshot()
        self._read_only: bool = False

    def show(self, home: HomeSnapshot, *, read_only: bool) -> None:
        """Show this moment."""
        if (home, read_only) != (self._home, self._read_only):
            self._home, self._read_only = home, read_only
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The sentence, or the rule."""
        palette, glyphs, width = palette_of(self), glyphs_of(self), self.size.width
        line = Line(palette, limit=width).pad_to(MARGIN)
        if y:
            return line.add(glyphs.rule * max(0, width - MARGIN - RIGHT), "rule").strip(width)
        room = width - MARGIN - RIGHT
        right = _right(self._home, glyphs, room, read_only=self._read_only)
        forms = [home_sentence(self._home, form) for form in range(3)]
        left = next((form for form in forms if spans_width(form) + spans_width(right) + _BETWEEN <= room), forms[-1])
        return line.spans(left).right(right, width - RIGHT).strip(width)


def home_sentence(home: HomeSnapshot, form: int) -> list[Span]:
    """What is going on altogether; later forms are shorter."""
    name = Span("evaldock", "bright", bold=True)
    if not home.loaded:
        return [name, Span(" is looking for runs", "dim")]
    if not home.rows:
        return [name, Span(" has no runs yet", "dim")]
    live, lost = home.under_way, sum(row.state == "interrupted" for row in home.rows)
    over = len(home.rows) - live - lost
    told = [(live, Span(" under way", "dim")), (over, Span(" finished", "dim"))]
    if form < 2 or not (live or over):
        told.append((lost, Span(" without engine", "warn")))
    told = [one for one in told if one[0]]
    spans = [name, Span(" has ", "dim")]
    for place, (number, state) in enumerate(told):
        if place:
            spans.append(Span(" and " if place == len(told) - 1 else ", ", "dim"))
        spans += [Span(f"{number:,}" if place else numbers.counted(number, "run"), "text"), state]
    if live and form == 0:
        slots = home.free_slots
        spans += [
            Span(", ", "dim"),
            Span(numbers.counted(home.running_tasks, "task"), "text"),
            Span(" running, ", "dim"),
        ]
        spans += [Span(numbers.counted(slots, "slot"), "text"), Span(" free", "dim")]
    return spans


def _right(home: HomeSnapshot, glyphs: Glyphs, room: int, *, read_only: bool) -> list[Span]:
    spans = [Span("read-only   ", "dim")] if read_only and room >= 90 else []
    if home.docker is not None:
        version = ".".join(home.docker.split(".")[:2])
        sign = Span(glyphs.dot, "ok") if home.docker else Span(f"{glyphs.failed} no answer", "bad", bold=True)
        spans += [Span(f"docker {version} " if version else "docker ", "dim"), sign]
    if home.free is not None and room >= 90:
        number, unit = numbers.size_parts(home.free)
        spans += [Span("   "), Span(f"{number} {unit}", "text"), Span(" free", "dim")]
    return spans
