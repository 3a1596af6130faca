"""The log of a task: instant at any size, followed or held, wrapped, searched, filtered."""

from __future__ import annotations

import asyncio
import time
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.events import MouseScrollDown, MouseScrollUp, Resize
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from ..actions import bindings
from ..draw.log_line import Runs, log_runs, shown_text
from ..view.columns import MARGIN, RIGHT
from .dress import glyphs_of, palette_of
from .log_rows import Row
from .log_strip import CLOCK, marker_strip, row_strip, sentence_strip
from .log_view import LogStatus, LogView

_DRAWN_EVERY = 1 / 15
_WHEEL = 3
_SIDEWAYS = 16


class LogPane(Widget, can_focus=True, inherit_bindings=False):
    """Shows one file at a time. It never reads more than what is on screen, and never waits."""

    DEFAULT_CSS = "LogPane { height: 1fr; background: $background; }"
    BINDINGS: ClassVar[list[BindingType]] = bindings(
        *("down", "up", "page_down", "page_up", "half_down", "half_up", "top", "bottom", "left", "right"), call="{id}"
    )

    @dataclass
    class StatusChanged(Message):
        """Something in `status` changed."""

        status: LogStatus

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._view = LogView(self._drawn, self._wake)
        self._told = self._view.status
        self._left = 0
        self._wrap = self._clock = False
        self._frame: list[Row] = []
        self._main_loop: asyncio.AbstractEventLoop | None = None
        self._own_context = copy_context()
        self._pending = False
        self._drawn_at = 0.0
        self._dress: object = None

    @property
    def status(self) -> LogStatus:
        """How the log is being looked at."""
        return self._view.status

    @property
    def path(self) -> Path | None:
        """The file that is shown."""
        return self._view.path

    # What is shown

    def open(self, path: Path | None, *, why_empty: str = "") -> None:
        """Show another file, from its end. `why_empty` is said while there is nothing in it."""
        self._view.why_empty = why_empty
        if path is None or path != self._view.path:
            self._left = 0
            self._main_loop = asyncio.get_running_loop()
            # Timers find their app in it; the threads that wake this pane have none.
            self._own_context = copy_context()
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
        self._view.take()
        self._show()

    def _show(self) -> None:
        if self._view.status != self._told:
            self._told = self._view.status
            self.post_message(self.StatusChanged(self._told))
        self.refresh()

    def _drawn(self, line: bytes) -> Runs:
        return log_runs(line, palette_of(self), glyphs_of(self))

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
        """See more of long lines."""
        if not self._wrap:
            self._left += _SIDEWAYS
            self.refresh()

    def action_left(self) -> None:
        """Back towards the beginning of lines."""
        self._left = max(0, self._left - _SIDEWAYS)
        self.refresh()

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
        self._fit()

    def _fit(self) -> None:
        room = self.size.width - MARGIN - RIGHT - (CLOCK if self._clock else 0)
        self._view.resize(self.size.height, max(8, room) if self._wrap else 0)
        self._show()

    # Looking

    def toggle_wrap(self) -> None:
        """Wrap long lines, or not."""
        self._wrap, self._left = not self._wrap, 0
        self._fit()

    def toggle_timestamps(self) -> None:
        """Show when lines came while the log was open; what was there before has no time."""
        self._clock = not self._clock
        self._fit()

    def add_marker(self) -> None:
        """Draw a line under the newest line, in this view only."""
        self._view.add_marker()
        self._show()

    def search(self, pattern: str, regex: bool = False) -> None:
        """Look for a text or a regular expression, from what is on screen on; "" ends it. Raises BadPattern."""
        self._view.search(pattern, regex)
        self._show()

    def next_hit(self, step: int) -> None:
        """Go to the next match, or the one before."""
        self._view.next_hit(step)
        self._show()

    def filter_mode(self, on: bool) -> None:
        """Show only lines that match, or all again; what stands at the top stays there."""
        self._view.filter_mode(on)
        self._show()

    # Taking out

    def copy_text(self) -> str:
        """The selection; else the line of the current match; else what is on screen. Text as it is in the file."""
        selection = self.text_selection
        if selection is not None and (found := self.get_selection(selection)) is not None:
            return found[0]
        view = self._view
        if view.hit is not None:
            return view.copied(view.hit[0])
        lines = dict.fromkeys(view.line_of(row.line) for row in view.frame() if row.part >= 0)
        return "\n".join(map(view.copied, lines))

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text: columns are characters of lines, rows are lines of the view."""
        start, end = selection.start, selection.end
        first = start.y if start is not None else (self._frame[0].line if self._frame else 0)
        last = end.y if end is not None else first + self.size.height
        lines = [self._view.text(place) for place in range(first, min(last + 1, self._view.count()))]
        if not lines:
            return None
        if end is not None:
            lines[-1] = lines[-1][: end.x]
        if start is not None:
            lines[0] = lines[0][start.x :]
        return "\n".join(lines), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw what is selected."""
        self.refresh()

    # Drawing

    def render_line(self, y: int) -> Strip:
        """One row."""
        view, palette, width = self._view, palette_of(self), self.size.width
        if y == 0:
            self._prepare()
        if y >= len(self._frame):
            return sentence_strip(palette, width, view.sentence() if y == 0 else "")
        row = self._frame[y]
        line = view.line_of(row.line)
        if row.part < 0:
            return marker_strip(palette, glyphs_of(self), width, view.markers.get(line, ""))
        runs = view.drawn(line)
        pieces = view.rows.pieces(row.line) if self._wrap else []
        return row_strip(
            palette,
            width,
            runs,
            start=sum(map(len, pieces[: row.part])),
            count=len(pieces[row.part]) if pieces else None,
            left=self._left,
            clock=view.time_of(line) if self._clock else None,
            spans=view.query.spans(shown_text(runs)) if view.query is not None else (),
            current=view.hit[1] if view.hit is not None and view.hit[0] == line else -1,
            selected=self.text_selection.get_span(row.line) if self.text_selection is not None else None,
            place=row.line,
        )

    def _prepare(self) -> None:
        dress = (palette_of(self), glyphs_of(self))
        if dress != self._dress:
            self._dress = dress
            self._view.forget_drawn()
        self._frame = self._view.frame()
