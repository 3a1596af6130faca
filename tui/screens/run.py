"""One run: its tasks above, what the selected one does below. Composition and refresh; keys are in `commands`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal, Protocol

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.events import Resize
from textual.message import Message
from textual.widget import Widget

from ...core.run.store import Run
from .. import deeds
from ..actions import bindings
from ..commands.log import log_commands
from ..commands.program import program_commands
from ..commands.takeout import takeout_commands
from ..commands.tasks import task_commands
from ..commands.view import view_commands
from ..feed import Feed
from ..view.notices import run_notice
from ..view.row import TaskRow
from ..view.run_layout import LEAST, Zoom, run_layout
from ..view.snapshot import Snapshot
from ..view.take import Taker
from ..widgets.footer import Footer
from ..widgets.log_pane import LogPane
from ..widgets.notice import Notice
from ..widgets.pane_head import PaneHead
from ..widgets.prompt import Prompt
from ..widgets.run_header import RunHeader
from ..widgets.run_line import RunLine
from ..widgets.task_table import TaskTable
from ..widgets.vitals import Vitals
from .base import DashboardScreen

Tab = Literal["Log", "Results", "Requests", "Config", "Timeline"]
TABS: tuple[Tab, ...] = ("Log", "Results", "Requests", "Config", "Timeline")


class Pane(Protocol):
    """What stands below the tabs, but for the log."""

    def show(self, row: TaskRow, run: Run, snapshot: Snapshot) -> None:
        """Show a task as it is now."""
        ...

    def copy_text(self) -> str:
        """What `copy` takes."""
        ...
