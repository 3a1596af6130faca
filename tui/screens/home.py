"""All runs: the list above, the selected one in detail below. Composition and refresh; keys are in `commands`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import DescendantBlur, DescendantFocus, Resize
from textual.message import Message

from ...core.base.atomic import read_head
from ...core.base.sanitize import clean
from ...core.run.store import Run
from ..actions import bindings, key_name
from ..commands.program import program_commands
from ..commands.runs import run_commands, typed
from ..draw.line import Span
from ..feed import Feed
from ..view.home import HomeReader, HomeSnapshot
from ..view.run_detail import config_lines, score_lines, task_lines
from ..view.run_row import RunRow, heading
from ..view.snapshot import Snapshot
from ..widgets.footer import Footer
from ..widgets.home_empty import HomeEmpty
from ..widgets.home_header import HomeHeader
from ..widgets.lines_pane import LinesPane
from ..widgets.pane_head import PaneHead
from ..widgets.prompt import Prompt, Purpose
from ..widgets.run_table import RunTable
from .base import DashboardScreen

Tab = Literal["Scores", "Tasks", "Config"]
TABS: tuple[Tab, ...] = ("Scores", "Tasks", "Config")

_KEYS = ("open", "find", "retry", "new_run", "rerun", "compare", "export", "kill", "delete", "find_runs")
_EMPTY_KEYS = ("new_run", "find_runs")
_TALL = 30
_BOTH = 16
_LIMIT = 1 << 18


class HomeScreen(DashboardScreen):
    """The way in: what has been run, and what runs."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(scopes=("everywhere", "home"))
    tabs = TABS

    class Changed(Message):
        """The feed has a new picture."""

    def __init__(self) -> None:
        super().__init__()
        self._tab: Tab = "Scores"
        self._base = 0
        self._config: tuple[str, list[tuple[Span, ...]]] = ("", [])
        self.header = HomeHeader()
        self.table = RunTable()
        self.empty = HomeEmpty()
        self.head = PaneHead(TABS)
        self.pane = LinesPane()
        self.footer = Footer()

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield from (self.header, self.table, self.empty, self.head, self.pane)
        yield from (self.prompt, self.footer, self.too_small)

    def on_mount(self) -> None:
        """Draw, then begin to look."""
        self.reader = HomeReader(self.dashboard.env)
        self.feed = Feed(self.reader.read, lambda: self.post_message(self.Changed()))
        self.home: HomeSnapshot = self.feed.snapshot
        self.commands.update(run_commands(self))
        self.commands.update(program_commands(self))
        keys = self.dashboard.settings.keys
        self.empty.show(key_name(keys["new_run"][0]), key_name(keys["find_runs"][0]))
        self.prompt.close()
        self.show_all()
        self.table.focus()
        self.feed.start()
        self.feed.poke()

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        self.feed.stop()

    # What is known of the moment

    @property
    def row(self) -> RunRow | None:
        """The run under the cursor."""
        return self.table.cursor_row

    @property
    def detail(self) -> Snapshot | None:
        """The run under the cursor as it is now, None while it is being read."""
        found, row = self.home.detail, self.row
        return found if found is not None and row is not None and found.invocation == row.invocation else None

    @property
    def run(self) -> Run | None:
        """The run under the cursor, opened; None while that is being done."""
        found, row = self.reader.selected_run, self.row
        return found if found is not None and row is not None and found.invocation == row.invocation else None

    @property
    def half(self) -> Literal["table", "pane"]:
        """Which half has the focus."""
        return "pane" if self.focused is self.pane else "table"

    # Refresh

    @on(Changed)
    def _changed(self) -> None:
        self.home = self.feed.snapshot
        self.show_all()

    def show_all(self) -> None:
        """Everything anew."""
        self.header.show(self.home, read_only=self.dashboard.read_only)
        self.table.show(self.home.rows)
        self.show_detail()

    def show_detail(self) -> None:
        """The lower half and the footer."""
        row = self.row
        self.reader.select(row.run_dir if row is not None else "")
        bases = self._bases()
        base = bases[self._base % len(bases)] if bases else None
        self.head.show(self._tab, focused=self.half == "pane", right=self._title(row, base))
        self.pane.show(self._lines(row, base))
        if self.prompt.is_open and self.prompt.purpose == "filter":
            self.prompt.set_status(f"{len(self.table.visible_rows):,} of {len(self.home.rows):,} runs")
        self.fit()

    def _title(self, row: RunRow | None, base: RunRow | None) -> Sequence[Sequence[Span]]:
        if row is None:
            return ()
        items = [[Span(f"{row.config} {row.invocation}".strip(), "text", bold=True)]]
        if self._tab == "Scores" and base is not None:
            day = heading(base.created, row.created.date()).lower() if base.created and row.created else ""
            said = f", {day}, same config" if day in ("today", "yesterday") else ", same config"
            items.append([Span("against  ", "dim"), Span(base.invocation, "text"), Span(said, "dim")])
        return items

    def _lines(self, row: RunRow | None, base: RunRow | None) -> Sequence[Sequence[Span]]:
        detail, glyphs, width = self.detail, self.dashboard.glyphs, self.size.width
        if row is None or detail is None:
            return ()
        match self._tab:
            case "Scores":
                before = dict(base.scores) if base is not None else {}
                return score_lines(detail.rows, before, width, glyphs, against=base is not None)
            case "Tasks":
                return task_lines(detail.rows, width, glyphs)
            case "Config":
                return self._config_lines(row)

    def _config_lines(self, row: RunRow) -> list[tuple[Span, ...]]:
        if self._config[0] != row.run_dir:
            text = (read_head(Path(row.run_dir) / "config.yaml", _LIMIT) or b"").decode("utf-8", "replace")
            self._config = (row.run_dir, config_lines(clean(text)))
        return self._config[1]

    def _bases(self) -> list[RunRow]:
        """Earlier runs of the same config and model that have scores, newest first."""
        row = self.row
        if row is None:
            return []
        place = next((n for n, other in enumerate(self.home.rows) if other.invocation == row.invocation), 0)
        same = (row.config, row.model)
        return [other for other in self.home.rows[place + 1 :] if (other.config, other.model) == same and other.scores]

    def fit(self) -> None:
        """Give every part its rows, and the footer its keys."""
        width, height = self.size
        if self.fit_too_small(width, height):
            return
        gap = int(height >= _TALL)
        empty = self.home.loaded and not self.home.rows
        room = height - 3 - int(self.prompt.is_open) - gap
        both = not empty and height >= _BOTH
        table = min(self.table.lines, room * 55 // 100) if both else room if self.half == "table" else 0
        self.place(self.header, 2)
        self.place(self.empty, room if empty else 0)
        self.place(self.table, 0 if empty else table - gap * (not both), gap)
        shown = both or (not empty and self.half == "pane")
        above = (1 + gap) if both else 0
        self.place(self.head, 2 if shown else 0, above)
        self.place(self.pane, max(0, room - table - 2 - above - gap) if shown else 0)
        self.place(self.footer, 1, gap)
        self.footer.show(*self.footer_items())

    def footer_order(self) -> Sequence[str]:
        """What is offered."""
        return _KEYS if self.home.rows else _EMPTY_KEYS

    # What happens to widgets

    @on(Resize)
    @on(DescendantFocus)
    @on(DescendantBlur)
    def _look_again(self) -> None:
        if self.commands:
            self.show_detail()

    @on(RunTable.Moved)
    def _moved(self) -> None:
        self._base = 0
        if self.commands:
            self.show_detail()
            self.feed.poke()

    @on(RunTable.Opened)
    def _opened(self) -> None:
        self.open_run()

    @on(PaneHead.TabChosen)
    def _tab_chosen(self, event: PaneHead.TabChosen) -> None:
        self.show_tab(next(tab for tab in TABS if tab == event.name))

    @on(Prompt.Edited)
    def _edited(self, event: Prompt.Edited) -> None:
        if event.purpose == "filter":
            self.table.set_filter(event.text)
            self.show_detail()

    @on(Prompt.Entered)
    def _entered(self, event: Prompt.Entered) -> None:
        if event.purpose != "filter" or not event.text:
            self._close_prompt()
        if event.purpose != "filter" and event.text.strip():
            typed(self, event.purpose, event.text.strip())
        self.table.focus()

    @on(Prompt.Left)
    def _prompt_left(self) -> None:
        self._close_prompt()

    # What keys ask for

    def open_run(self) -> None:
        """Open the run under the cursor."""
        if (row := self.row) is None:
            return

        def opened() -> Run:
            return Run.open(Path(row.run_dir))

        self.dashboard.ask(opened, self.dashboard.show_run)

    def show_tab(self, tab: Tab) -> None:
        """Show a tab."""
        self._tab = tab
        self.show_detail()

    def other_half(self) -> None:
        """The focus goes to the other half."""
        self.set_focus(self.pane if self.half == "table" else self.table, scroll_visible=False)

    def step_back(self) -> None:
        """Out of the filter, out of the pane."""
        if self.prompt.is_open:
            self._close_prompt()
        self.table.focus()

    def find(self) -> None:
        """Filter the runs."""
        self.type_into("filter", self.table.filter)

    def type_into(self, purpose: Purpose, text: str = "") -> None:
        """Open the prompt."""
        self.prompt.open(purpose, text)
        self.fit()

    def next_base(self) -> None:
        """Compare with the next older run."""
        self._base += 1
        self.show_detail()

    def compare_name(self) -> str:
        """`compare older` while there is more than one to compare with."""
        number = len(self._bases())
        return "compare older" if number > 1 and self._tab == "Scores" else ""

    def look_again(self) -> None:
        """Read anew at once."""
        self.feed.poke()

    def _close_prompt(self) -> None:
        if self.prompt.purpose == "filter":
            self.table.set_filter("")
        self.prompt.close()
        self.table.focus()
        self.show_detail()
