"""The header drawn: each task has an equal share of a line, in the colour of what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.strip import Strip
from textual.widget import Widget

from ..draw.bars import shares
from ..draw.line import Line
from ..glyphs import Glyphs
from ..theme import Palette
from ..view.columns import MARGIN, RIGHT
from ..view.row import TaskRow
from .dress import glyphs_of, palette_of

if TYPE_CHECKING:
    from ..theme import Role

_LIVE = ("running", "stopping", "starting", "pulling")


def draw_run_line(
    line: Line,
    glyphs: Glyphs,
    palette: Palette,
    counts: Mapping[str, int],
    moved: float,
    width: int,
    *,
    stale: bool,
    on: Role = "bg",
) -> None:
    """Add the line of a run on the ground `on`. `moved` is how many tasks' worth of work the live ones have done."""
    live = float(sum(counts.get(state, 0) for state in _LIVE))
    moved = max(0.0, min(moved, live))
    ended: tuple[tuple[Role, str, tuple[str, ...]], ...] = (
        ("ok", glyphs.bar_full, ("succeeded",)),
        ("bad", glyphs.broken, ("failed",)),
        ("warn", glyphs.broken, ("lost", "killed")),
        ("dim", glyphs.broken, ("skipped",)),
    )
    weights = [float(sum(counts.get(state, 0) for state in states)) for _, _, states in ended]
    waiting = float(counts.get("queued", 0))
    cells = shares([*weights, moved, live - moved, waiting], width)
    if not sum(cells):
        line.add(glyphs.rule * width, "rule")
        return
    for (role, sign, _), number in zip(ended, cells, strict=False):
        line.add(sign * number, "dim" if stale else role)
    done, rest, queued = cells[len(ended) :]
    line.add(glyphs.bar_full * done, "dim" if stale else "accent")
    line.add(glyphs.bar_rest * rest, "trough" if stale else palette.faded("accent", 0.5, on=on))
    line.add(glyphs.bar_rest * queued, "trough")


class RunLine(Widget):
    """One line under the header."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "RunLine { height: 1; background: $background; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._counts: dict[str, int] = {}
        self._moved = 0.0
        self._stale: bool = False
        self._alarm: bool = False

    def show(
        self, rows: Sequence[TaskRow], counts: Mapping[str, int], *, stale: bool = False, alarm: bool = False
    ) -> None:
        """Show how the tasks stand; with `alarm` nothing is known of that, and the line is a red rule."""
        moved = sum(row.fraction or 0.0 for row in rows if row.live and row.state != "pulling")
        new = (dict(counts), moved, stale, alarm)
        if new != (self._counts, self._moved, self._stale, self._alarm):
            self._counts, self._moved, self._stale, self._alarm = new
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line between the two margins."""
        palette, width = palette_of(self), self.size.width
        line = Line(palette, limit=width).pad_to(MARGIN)
        room = max(0, width - MARGIN - RIGHT)
        if self._alarm:
            return line.add(glyphs_of(self).rule * room, "bad").strip(width)
        draw_run_line(line, glyphs_of(self), palette, self._counts, self._moved, room, stale=self._stale)
        return line.strip(width)
