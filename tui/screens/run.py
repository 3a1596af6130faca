"""One run: its tasks above, what the selected one does below. Composition and refresh; keys are in `commands`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import DescendantBlur, DescendantFocus, Resize
from textual.message import Message

from ...core.run.store import Run
from ..actions import bindings
from ..commands import confirmed, control
from ..commands.find import Finder, find_commands
from ..commands.log import log_commands
from ..commands.program import program_commands
from ..commands.takeout import takeout_commands
from ..commands.tasks import task_commands
from ..commands.view import remembered_order, view_commands
from ..draw.line import Span
from ..feed import Feed
from ..panes.stack import TABS, PaneStack, Tab
from ..view.changes import changes
from ..view.notices import Notice, run_notice
from ..view.pane_title import log_title, other_title
from ..view.reader import RunReader
from ..view.row import TaskRow
from ..view.run_layout import Zoom, run_layout
from ..view.snapshot import Snapshot, Track
from ..widgets.footer import Footer
from ..widgets.lines_pane import LinesPane
from ..widgets.log_pane import LogPane
from ..widgets.pane_head import PaneHead
from ..widgets.prompt import Prompt
from ..widgets.run_header import RunHeader
from ..widgets.run_line import RunLine
from ..widgets.task_table import TaskTable
from ..widgets.vitals import Vitals
from .base import DashboardScreen

Half = Literal["table", "pane"]

_WIDE = 116  # columns from which the footer has room for long names

_TABLE_KEYS = (
    *("retry", "open", "find", "mark", "kill", "rerun", "rerun_failed", "preview"),
    *("shell", "pause", "clear_marks"),
)
_STALE_KEYS = ("retry", "open", "tab_2", "find", "kill", "palette")
_LOG_KEYS = (
    *("retry", "next_hit", "previous_hit", "only_hits", "follow", "find", "wrap", "earlier", "later"),
    *("copy", "open_pager", "kill", "rerun", "timestamps"),
)
_PANE_KEYS = ("retry", "find", "next_hit", "copy", "open_pager", "open_folder", "kill", "rerun", "preview")


class RunScreen(DashboardScreen):
    """The dashboard of one run. With `start` its engine is started once the first picture is drawn."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(scopes=("everywhere", "run", "table", "log"))

    class Changed(Message):
        """The feed has a new picture."""

    def __init__(self, run: Run, *, start: bool = False, read_only: bool = False) -> None:
        super().__init__()
        self.run = run
        self._start = start
        self.reader = RunReader(run, read_only=read_only)
        self.reader.starting = start
        self.feed = Feed(self.reader.read, lambda: self.post_message(self.Changed()))
        self.snapshot: Snapshot = self.feed.snapshot
        self.finder = Finder(self)
        self.zoom: Zoom = "normal"
        self._leaving = False
        self._notice: Notice | None = None
        self._notice_read = ""
        self.header = RunHeader()
        self.run_line = RunLine()
        self.table = TaskTable()
        self.head = PaneHead(TABS)
        self.vitals = Vitals()
        self.notice = LinesPane(id="notice")
        self.panes = PaneStack(run)
        self.footer = Footer()

    # Composition

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield from (self.header, self.run_line, self.table, self.head, self.vitals, self.notice, self.panes)
        yield from (self.prompt, self.footer, self.too_small)

    def on_mount(self) -> None:
        """Draw what is known, then begin to look, then start the engine."""
        for part in (view_commands, find_commands, task_commands, log_commands, takeout_commands, program_commands):
            self.commands.update(part(self))
        memory = self.dashboard.memory
        if (column := remembered_order(memory.sort)) is not None:
            self.table.sort_by(column, memory.reverse)
        if memory.wrap:
            self.log_pane.toggle_wrap()
        if memory.timestamps:
            self.log_pane.toggle_timestamps()
        self.prompt.close()
        self.show_all()
        self.table.focus()
        self.feed.start()
        if self._start:
            self.call_after_refresh(self.start_engine, partial(control.start_engine, self.run, self.dashboard.env))

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        self.feed.stop()

    # What is known of the moment

    @property
    def shown_run(self) -> Run | None:
        """This run."""
        return self.run

    @property
    def row(self) -> TaskRow | None:
        """The task under the cursor."""
        return self.table.cursor_row

    @property
    def log_pane(self) -> LogPane:
        """The log."""
        return self.panes.log_pane

    @property
    def half(self) -> Half:
        """Which half has the focus."""
        focused = self.focused
        return "pane" if focused is not None and self.panes in focused.ancestors else "table"

    @property
    def wide(self) -> bool:
        """Whether there is room for long names in the footer."""
        return self.size.width >= _WIDE

    # Refresh

    @on(Changed)
    def _changed(self) -> None:
        before, self.snapshot = self.snapshot, self.feed.snapshot
        for text, severity in changes(before, self.snapshot):
            self.dashboard.tell(text, severity)
        self.show_all()
        if self._leaving and self.snapshot.finished:
            self.dashboard.leave()

    def show_all(self) -> None:
        """Everything anew; every part repaints only what is different."""
        snapshot = self.snapshot
        self.header.show(snapshot)
        alarm = snapshot.docker_down or bool(snapshot.damaged)
        self.run_line.show(snapshot.rows, snapshot.counts, stale=snapshot.stale, alarm=alarm)
        self.table.show(snapshot.rows, stale=snapshot.stale, queue=snapshot.queue, holding=snapshot.holding)
        self.show_pane()

    def show_pane(self) -> None:
        """The lower half and the footer."""
        snapshot, row = self.snapshot, self.row
        self._notice = run_notice(snapshot, self.dashboard.glyphs)
        if self._notice is not None:
            self.notice.show(self._notice.lines)
        self.panes.show(row, snapshot)
        track = snapshot.tracks.get(row.job, Track()) if row is not None else None
        self.vitals.show(row, track, stale=snapshot.stale)
        self.head.show(self.panes.tab, focused=self.half == "pane", right=self._title(row))
        self.finder.tell()
        self.fit()

    def _title(self, row: TaskRow | None) -> Sequence[Sequence[Span]]:
        if row is None:
            return ()
        if self.panes.tab == "Log":
            return log_title(row, self.log_pane.status, self.panes.attempt, self.dashboard.glyphs)
        return other_title(row, self.panes.attempt)

    @property
    def _noticed(self) -> bool:
        """Whether the notice stands in place of the lower half."""
        return self._notice is not None and self._notice.key != self._notice_read and self.half == "table"

    def fit(self) -> None:
        """Give every part its rows, and the footer its keys."""
        width, height = self.size
        if self.fit_too_small(width, height):
            return
        parts = run_layout(
            *(height, len(self.table.visible_rows), self.zoom, self.half),
            prompt=self.prompt.is_open,
            vitals=self.panes.tab == "Log",
        )
        noticed = self._noticed and parts.pane > 0
        if (parts, noticed) != self.fitted:
            self.fitted = (parts, noticed)
            self.place(self.header, 1)
            self.place(self.run_line, 1)
            self.place(self.table, parts.table, parts.above_table)
            self.place(self.head, 0 if noticed else parts.head, parts.above_head)
            self.place(self.vitals, 0 if noticed else parts.vitals)
            below = parts.head + parts.vitals + parts.above_pane + parts.pane
            self.place(self.notice, below if noticed else 0, parts.above_head)
            self.place(self.panes, 0 if noticed else parts.pane, parts.above_pane)
            self.place(self.footer, 1, parts.above_footer)
        self.footer.show(*self.footer_items())

    def footer_order(self) -> Sequence[str]:
        """What is offered, by where the focus is."""
        if self.half == "table":
            return _TABLE_KEYS if not self.snapshot.stale else _STALE_KEYS
        return _LOG_KEYS if self.panes.tab == "Log" else _PANE_KEYS

    def footer_right(self) -> Sequence[str]:
        """The way back stands with the global ones, where there is one."""
        return ("back", "help", "quit") if self.half == "pane" or self.finder.active else ("help", "quit")

    # What happens to widgets

    @on(Resize)
    @on(DescendantFocus)
    @on(DescendantBlur)
    @on(TaskTable.Moved)
    @on(TaskTable.MarksChanged)
    @on(LogPane.StatusChanged)
    def _look_again(self) -> None:
        if self.is_mounted and self.commands:
            self.show_pane()

    @on(TaskTable.Opened)
    def _opened(self) -> None:
        self.open_pane()

    @on(PaneHead.TabChosen)
    def _tab_chosen(self, event: PaneHead.TabChosen) -> None:
        self.show_tab(next(tab for tab in TABS if tab == event.name))

    @on(Prompt.Edited)
    def _edited(self, event: Prompt.Edited) -> None:
        self.finder.edited(event.text)
        self.fit()

    @on(Prompt.Entered)
    def _entered(self, event: Prompt.Entered) -> None:
        self.finder.entered(event.text)

    @on(Prompt.Left)
    def _prompt_left(self) -> None:
        self.finder.end()

    # What keys ask for

    def focus_half(self, half: Half) -> None:
        """Give a half the focus."""
        # At once, and not with `focus()`, which leaves it to a later message: the next key may be here by then.
        self.set_focus(self.table if half == "table" else self.panes.pane, scroll_visible=False)

    def other_half(self) -> None:
        """The focus goes to the other half."""
        self.focus_half("pane" if self.half == "table" else "table")

    def show_tab(self, tab: Tab) -> None:
        """Show a tab and go there."""
        self._notice_read = self._notice.key if self._notice is not None else ""
        self.panes.show_tab(tab)
        self.focus_half("pane")
        self.show_pane()

    def open_pane(self) -> None:
        """The pane at full height, or back to both halves."""
        if self.half == "pane" and self.zoom == "full":
            self.zoom = "normal"
        else:
            self._notice_read = self._notice.key if self._notice is not None else ""
            self.zoom = "full"
            self.focus_half("pane")
        self.show_pane()

    def next_zoom(self) -> None:
        """More height for the half in focus, then all of it, then as usual."""
        order: dict[Zoom, Zoom] = {"normal": "half", "half": "full", "full": "normal"}
        self.zoom = order[self.zoom]
        self.fit()

    def back_name(self) -> str:
        """What one step back would do."""
        if self.finder.active:
            return "clear"
        if self.zoom != "normal" or self.half == "pane":
            return "back"
        if self.table.marked:
            return "clear marks"
        return "all runs" if len(self.dashboard.screen_stack) > 2 else ""

    def step_back(self) -> None:
        """One step back: out of the search, out of the pane, to the list of runs."""
        if self.finder.active:
            self.finder.end()
        elif self.zoom != "normal" or self.half == "pane":
            self.zoom = "normal"
            self.table.focus()
            self.show_pane()
        elif self.table.marked:
            self.table.clear_marks()
        elif len(self.dashboard.screen_stack) > 2:
            self.dismiss(None)

    def look_again(self) -> None:
        """Read anew at once."""
        self.feed.poke()

    def start_engine(self, work: Callable[[], str]) -> None:
        """As `ask`, for work that starts an engine: until it is there its absence is no loss."""

        def started() -> str:
            self.reader.starting = True
            self.feed.poke()
            try:
                return work()
            finally:
                self.reader.starting = False
                self.feed.poke()

        self.ask(started)

    # The way out

    def leave(self) -> None:
        """Ask what is to become of the run while it goes on; else leave at once."""
        from .quit import QuitDialog

        if self.snapshot.finished or self.snapshot.stale or self._leaving:
            self.dashboard.leave()
        elif not isinstance(self.dashboard.screen, QuitDialog):
            self.dashboard.push_screen(QuitDialog(self.snapshot), self._left)

    def _left(self, way: Literal["leave", "kill"] | None) -> None:
        if way == "leave":
            self.dashboard.leave()
        elif way == "kill" and (rows := [task for task in self.snapshot.rows if not task.ended]):
            confirmed.kill(self, self.run, rows, others=0, now=False, after=self._close_when_over)

    def _close_when_over(self) -> None:
        self._leaving = True
        self.dashboard.tell("The dashboard closes when all tasks have ended; q closes it now.")
