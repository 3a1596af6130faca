"""The log of a task: instant at any size, followed or held, wrapped, searched, filtered."""

from __future__ import annotations

import asyncio
import time
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import BindingType
from textual.events import Click, MouseScrollDown, MouseScrollUp, Resize, Show
from textual.geometry import Offset, Region
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from ..actions import bindings
from ..log.frame import LogRow, LogStatus
from ..log.log_line import LogLine, log_line
from ..log.matches import Hit
from ..log.view_model import LogView
from .dress import glyphs_of, palette_of
from .log_strip import LogLook, row_strip, sentence_strip

_DRAWN_EVERY = 1 / 15
_TOLD_EVERY = 1 / 4
_WHEEL = 3
_SIDEWAYS = 16
_MIDDLE = 1e9


class LogPane(Widget, can_focus=True, inherit_bindings=False):
    """Shows one file at a time. It reads no more than what is on screen, and never waits.

    It scrolls by itself: for Textual's scrolling lines are too many and, wrapped, of unknown height. Nothing ticks
    while nothing comes: the thread that watches the file wakes it.
    """

    DEFAULT_CSS = "LogPane { height: 1fr; background: $background; }"
    BINDINGS: ClassVar[list[BindingType]] = bindings(
        *("down", "up", "page_down", "page_up", "half_down", "half_up", "top", "bottom", "left", "right"), call="{id}"
    )

    @dataclass
    class StatusChanged(Message):
        """Something in `status` changed; of mere numbers it tells four times a second at most."""

        status: LogStatus

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._view = LogView(self._drawn, self._wake)
        self._rows: list[LogRow] = []
        self._told = self._status = LogStatus()
        self._hit_seen: Hit | None = None
        self._told_at = self._drawn_at = 0.0
        self._telling = self._pending = self._painting = False
        self._left = 0
        self._left_for_hit = False
        self._wrap = self._clock = False
        self._look: LogLook | None = None
        self._main_loop: asyncio.AbstractEventLoop | None = None
        self._own_context = copy_context()
        self._dragged = 0.0
        self.set_reactive(Widget.scroll_y, _MIDDLE)

    @property
    def status(self) -> LogStatus:
        """How the log is being looked at."""
        return self._status

    @property
    def path(self) -> Path | None:
        """The file that is shown."""
        return self._view.path

    # What is shown

    def open(self, path: Path | None, *, why_empty: str = "") -> None:
        """Show another file, from its end. `why_empty` is said while there is nothing in it."""
        if why_empty != self._view.why_empty:
            self._view.why_empty = why_empty
            self.refresh()
        if path is None or path != self._view.path:
            self._left = 0
            self._main_loop = asyncio.get_running_loop()
            # Timers find their app in it; the threads that wake this pane have none.
            self._own_context = copy_context()
            self._forget_selection()
            self._view.open(path)
        self._show()

    def on_unmount(self) -> None:
        """Let go of the file."""
        self._view.close()

    def _wake(self) -> None:
        # On the file's or the search's thread. One message at a time, however much comes.
        loop = self._main_loop
        if not self._pending and loop is not None and not loop.is_closed():
            self._pending = True
            loop.call_soon_threadsafe(self._soon, context=self._own_context)

    def _soon(self) -> None:
        wait = self._drawn_at + _DRAWN_EVERY - time.monotonic()
        if wait > 0 and self.is_attached:
            self.set_timer(wait, self._take)
        else:
            self._take()

    def _take(self) -> None:
        self._pending = False
        self._drawn_at = time.monotonic()
        generation = self._view.generation
        self._view.take()
        if self._view.generation != generation:
            self._forget_selection()
        self._show()

    def on_show(self, _event: Show) -> None:
        """What came while another tab was in front."""
        self._show()

    def _show(self) -> None:
        """Paint the rows that are different from what is on screen, and tell what is different in `status`."""
        if not self.is_attached or not self.display:
            return
        before, size, look = self._rows, self.size, self._new_look()
        if self._look is None or look.drawn_with != self._look.drawn_with:
            self._view.forget_drawn()
        self._look, old_look = look, self._look
        self._view.resize(size.height, look.room if self._wrap else 0)
        self._rows, self._status = self._view.look()
        self._bring_hit_into_sight()
        changed = [y for y in range(size.height) if self._rows[y : y + 1] != before[y : y + 1]]
        if len(changed) * 2 > size.height or self._look != old_look:
            self.refresh()
        elif changed:
            self.refresh(*(Region(0, y, size.width, 1) for y in changed))
        self._tell()

    def _new_look(self) -> LogLook:
        return LogLook(palette_of(self), glyphs_of(self), self.size.width, self._left, self._clock)

    def _bring_hit_into_sight(self) -> None:
        """Scroll sideways to a match that was gone to, and back when there is none any more."""
        hit, look = self._view.hit, self._look
        if hit == self._hit_seen or look is None:
            return
        self._hit_seen = hit
        row = next((row for row in self._rows if 0 <= row.here < len(row.marks)), None)
        if row is not None and not self._wrap:
            first, last = (cell_len(row.text.drawn[:end]) for end in row.marks[row.here])
            if not self._left <= first <= last <= self._left + look.room:
                self._left = max(0, first - look.room // 3) if last > look.room else 0
                self._left_for_hit = True
        elif hit is None and self._left_for_hit:
            self._left, self._left_for_hit = 0, False
        self._look = self._new_look()

    def _tell(self) -> None:
        if self.status == self._told:
            return
        wait = self._told_at + _TOLD_EVERY - time.monotonic()
        if wait > 0 and self.status.without_counts == self._told.without_counts:
            if not self._telling:
                self._telling = True
                self.set_timer(wait, self._tell_now)
            return
        self._tell_now()

    def _tell_now(self) -> None:
        self._telling = False
        self._told, self._told_at = self.status, time.monotonic()
        self.post_message(self.StatusChanged(self._told))

    def _drawn(self, line: bytes, skip: int) -> LogLine:
        assert self._look is not None
        return log_line(line, self._look.palette, self._look.glyphs, room=self._look.room, skip=skip)

    # Moving

    def toggle_follow(self) -> None:
        """Follow the end, or stay here."""
        self._view.toggle_follow()
        self._show()

    def _move(self, rows: int) -> None:
        self._view.move(rows)
        self._show()

    def action_down(self) -> None:
        """A row down."""
        self._move(1)

    def action_up(self) -> None:
        """A row up; the log is no longer followed."""
        self._move(-1)

    def action_page_down(self) -> None:
        """A page down."""
        self._move(max(1, self.size.height - 1))

    def action_page_up(self) -> None:
        """A page up."""
        self._move(-max(1, self.size.height - 1))

    def action_half_down(self) -> None:
        """Half a page down."""
        self._move(max(1, self.size.height // 2))

    def action_half_up(self) -> None:
        """Half a page up."""
        self._move(-max(1, self.size.height // 2))

    def action_top(self) -> None:
        """To the first line."""
        self._view.to_top()
        self._show()

    def action_bottom(self) -> None:
        """To the end, and on with it."""
        self._view.to_end()
        self._show()

    def action_right(self) -> None:
        """See more of long lines, as far as those on screen go."""
        if not self._wrap and self._look is not None:
            longest = max((row.text.cells for row in self._rows), default=0)
            self._scroll_sideways(min(self._left + _SIDEWAYS, max(self._left, longest - self._look.room // 2)))

    def action_left(self) -> None:
        """Back towards the beginning of lines."""
        self._scroll_sideways(max(0, self._left - _SIDEWAYS))

    def _scroll_sideways(self, left: int) -> None:
        self._left, self._left_for_hit = left, False
        self._show()

    def go_to(self, line: int) -> None:
        """Go to a line by its number, from 1."""
        self._view.go_to(line)
        self._show()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """The wheel moves."""
        event.stop()
        self._move(_WHEEL)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """The wheel moves."""
        event.stop()
        self._move(-_WHEEL)

    def on_resize(self, _event: Resize) -> None:
        """Lines wrap anew."""
        self._show()

    # Looking

    def toggle_wrap(self) -> None:
        """Wrap long lines, or not."""
        self._wrap, self._left = not self._wrap, 0
        self._show()

    def toggle_timestamps(self) -> None:
        """Show when lines came while the log was open; what was there before has no time."""
        self._clock = not self._clock
        self._show()

    def add_marker(self) -> None:
        """Draw a line under the newest line, in this view only."""
        self._view.add_marker()
        self._show()

    def search(self, pattern: str, regex: bool = False) -> None:
        """Look for a text or a regular expression, from what is on screen on; "" ends it. A pattern that is none is
        told in `status.problem`."""
        self._view.search(pattern, regex)
        self._show()

    def next_hit(self, step: int) -> None:
        """Go to the next match, or the one before."""
        self._view.next_hit(step)
        self._show()

    def filter_mode(self, on: bool) -> None:
        """Show only lines that match, or all again; what stands at the top stays there."""
        self._forget_selection()
        self._view.filter_mode(on)
        self._show()

    # Taking out

    def copy_text(self) -> str:
        """The selection; else the line that was gone to, by match or number; else what is on screen. As in the file."""
        selection = self.text_selection
        if selection is not None and (found := self.get_selection(selection)) is not None:
            return found[0]
        if (here := self._view.here) is not None:
            return self._view.copied(here)
        places = dict.fromkeys(row.place for row in self._rows if not row.marker)
        return "\n".join(map(self._view.copied, places))

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text: columns are characters of lines, rows are lines of the view. All of a log is what is on
        screen of it."""
        rows = [row for row in self._rows if not row.marker]
        if not rows:
            return None
        start = selection.start or Offset(rows[0].start, rows[0].place)
        end = selection.end or Offset(rows[-1].end, rows[-1].place)
        return self._view.copied_between((start.y, start.x), (end.y, end.x)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw what is selected."""
        self.refresh()

    def _forget_selection(self) -> None:
        """Rows are other lines from now on."""
        if self.is_attached and self.text_selection is not None:
            self.screen.clear_selection()

    def on_click(self, event: Click) -> None:
        """A second click selects the line; Textual's own would select the whole log."""
        if event.chain >= 2:
            event.prevent_default()
            row = self._rows[event.y] if event.y < len(self._rows) else None
            if row is not None and not row.marker:
                ends = Offset(0, row.place), Offset(len(row.text.drawn), row.place)
                self.screen.selections = {self: Selection(*ends)}

    # Textual scrolls what can be scrolled while the mouse drags a selection over its edge, by adding to `scroll_y`.

    @property
    def allow_vertical_scroll(self) -> bool:
        """Whether a selection may scroll this."""
        return True

    @property
    def max_scroll_y(self) -> int:
        """There is always more."""
        return int(2 * _MIDDLE)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Move by as much as `scroll_y` did."""
        self._dragged += new_value - old_value
        rows = int(self._dragged)
        self._dragged -= rows
        if rows:
            self._move(rows)

    # Drawing

    def render_lines(self, crop: Region) -> list[Strip]:
        """Rows, to be painted. (Textual calls `render_line` by itself to learn what is under the mouse.)"""
        self._renew_look()
        self._painting = True
        try:
            return super().render_lines(crop)
        finally:
            self._painting = False

    def _renew_look(self) -> LogLook:
        look = self._new_look()
        if self._look != look:
            # A theme was chosen, or this is the first time.
            self._show()
        return look

    def render_line(self, y: int) -> Strip:
        """One row."""
        look = self._look if self._look is not None and self._painting else self._renew_look()
        if y >= len(self._rows):
            return sentence_strip(look, self._view.sentence() if not self._rows and y == 0 else "", self._view.count())
        row, selection = self._rows[y], self.text_selection
        selected = selection.get_span(row.place) if selection is not None else None
        return row_strip(look, row, selected, offsets=not self._painting)
