"""What stands below the tabs: one pane for each of them, made when it is first asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, cast

from textual.app import ComposeResult
from textual.widget import Widget

from ...core.run.paths import JobPaths
from ..view.row import TaskRow
from ..view.snapshot import Snapshot
from ..widgets.log_pane import LogPane

if TYPE_CHECKING:
    from ...core.run.store import Run

Tab = Literal["Log", "Results", "Requests", "Config", "Timeline"]
TABS: tuple[Tab, ...] = ("Log", "Results", "Requests", "Config", "Timeline")


class Pane(Protocol):
    """A pane but for the log."""

    def show(self, row: TaskRow, run: Run, snapshot: Snapshot, attempt: int | None = None) -> None:
        """Show a task as it is now, or an earlier attempt of it."""
        ...

    def copy_text(self) -> str:
        """What `copy` takes."""
        ...


class PaneStack(Widget):
    """Shows the pane of one tab, for one task, as it is now or in an earlier attempt."""

    DEFAULT_CSS = """
    PaneStack { height: 1fr; layout: vertical; }
    PaneStack > * { height: 1fr; }
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self._row: TaskRow | None = None
        self._snapshot: Snapshot | None = None
        self._attempt: int | None = None
        self._opened: tuple[Path | None, str] | None = None
        self.tab: Tab = "Log"
        self.log_pane = LogPane()
        self._made: dict[Tab, Widget] = {"Log": self.log_pane}

    def compose(self) -> ComposeResult:
        """The log; the others follow when they are asked for."""
        yield self.log_pane

    @property
    def pane(self) -> Widget:
        """The pane on screen."""
        return self._made[self.tab]

    @property
    def attempt(self) -> int | None:
        """The earlier attempt that is shown, None for the newest."""
        return self._attempt

    def show_tab(self, tab: Tab) -> None:
        """Change to another tab."""
        if tab not in self._made:
            self._made[tab] = pane = _make(tab)
            self.mount(pane)
        self.tab = tab
        for name, pane in self._made.items():
            pane.display = name == tab
        self._fill()

    def show(self, row: TaskRow | None, snapshot: Snapshot) -> None:
        """Show a task as it is now; another task begins with its newest attempt."""
        if row is None or self._row is None or row.job != self._row.job:
            self._attempt = None
        self._row, self._snapshot = row, snapshot
        self._fill()

    def walk_attempts(self, step: int) -> None:
        """Go to an earlier or a later attempt."""
        if self._row is not None:
            number = max(1, min((self._attempt or self._row.attempt) + step, self._row.attempt))
            self._attempt = None if number == self._row.attempt else number
            self._fill()

    def file(self) -> Path | None:
        """The file behind what is shown."""
        if self._row is None:
            return None
        job = self._job(self._row)
        match self.tab:
            case "Log":
                return job.stdout
            case "Results":
                return job.artifacts / "results.yml"
            case "Requests":
                return job.root / "requests.json"
            case "Config":
                return job.run_config
            case "Timeline":
                return self._run.paths.journal

    def copy_text(self) -> str:
        """What `copy` takes."""
        return self.log_pane.copy_text() if self.tab == "Log" else cast(Pane, self.pane).copy_text()

    def _fill(self) -> None:
        row, snapshot = self._row, self._snapshot
        if row is None or snapshot is None:
            self._open(None, "There is no task to show.")
        elif self.tab == "Log":
            self._open(self._job(row).stdout, _why_empty(row))
        else:
            cast(Pane, self.pane).show(row, self._run, snapshot, self._attempt)

    def _open(self, path: Path | None, why_empty: str) -> None:
        if (path, why_empty) != self._opened:
            self._opened = (path, why_empty)
            self.log_pane.open(path, why_empty=why_empty)

    def _job(self, row: TaskRow) -> JobPaths:
        """Where the attempt that is shown has its files."""
        job = self._run.paths.job(row.dir_name)
        return job if self._attempt is None else JobPaths(job.attempt(self._attempt))


def _make(tab: Tab) -> Widget:
    # Imported when asked for: none of them is needed for the first picture.
    match tab:
        case "Results":
            from .results import ResultsPane

            return ResultsPane()
        case "Requests":
            from .requests import RequestsPane

            return RequestsPane()
        case "Config":
            from .config import ConfigPane

            return ConfigPane()
        case "Timeline":
            from .timeline import TimelinePane

            return TimelinePane()
        case "Log":
            return LogPane()


def _why_empty(row: TaskRow) -> str:
    """What to say where nothing was printed."""
    match row.state:
        case "queued":
            return "No output yet: the task is waiting in the queue."
        case "pulling":
            return "No output yet: the image is being pulled."
        case "starting" | "running" | "stopping":
            return "No output yet."
        case _:
            return "The task printed nothing."
