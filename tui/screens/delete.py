"""Before a run is deleted: what goes, and that it does not come back."""

from __future__ import annotations

from ..draw.line import Span
from .dialog import BLANK, Choice, Dialog, Row, row, wrapped


class DeleteRunDialog(Dialog[bool]):
    """True when the run is to go."""

    deed = "bad"
    stay_label = "keep it"

    def __init__(self, name: str, invocation: str, run_dir: str, tasks: int, size: str = "") -> None:
        super().__init__()
        self._called, self._invocation, self._run_dir = name, invocation, run_dir
        self._tasks, self._bytes = tasks, size

    @property
    def title_row(self) -> Row:
        """The question."""
        return row(Span(f"Delete the run {self._called} {self._invocation}?", "bright", bold=True))

    def rows(self, width: int) -> list[Row]:
        """What goes."""
        noun = "task" if self._tasks == 1 else "tasks"
        size = f", {self._bytes}" if self._bytes else ""
        what = f"Logs, results and configs of {self._tasks} {noun}{size} are removed for good:"
        return [*wrapped([Span(what, "dim")], width), BLANK, *wrapped([Span(self._run_dir, "text")], width)]

    def choices(self) -> list[Choice]:
        """Yes."""
        return [Choice("y", "delete it", "delete", "bad")]

    def action_delete(self) -> None:
        """Yes."""
        self.dismiss(True)
