"""Which column the tasks are sorted by."""

from __future__ import annotations

from ..draw.line import Span
from ..view.columns import Name
from .dialog import Choice, Dialog, Row, row

_COLUMNS: tuple[tuple[str, Name, str], ...] = (
    ("s", "state", "state"),
    ("t", "task", "task"),
    ("p", "progress", "progress"),
    ("e", "time", "time"),
    ("l", "left", "time left"),
    ("r", "rate", "requests a second"),
    ("c", "cpu", "CPU"),
    ("m", "memory", "memory"),
    ("o", "score", "score"),
)


class SortMenu(Dialog[tuple[Name, bool]]):
    """A letter for each column; the letter of the column that is on turns the order round."""

    wide = 44

    def __init__(self, column: str, reverse: bool) -> None:
        super().__init__()
        self._column, self._reverse = column or "state", reverse

    @property
    def title_row(self) -> Row:
        """The heading."""
        return row(Span("Sort by", "bright", bold=True))

    def rows(self, width: int) -> list[Row]:
        """One row a column."""
        return [self._of(key, name, label) for key, name, label in _COLUMNS]

    def _of(self, key: str, name: Name, label: str) -> Row:
        on = name == self._column
        now = ("falling" if self._reverse else "rising") if on else ""
        return row(
            Span(f"{key}  ", "accent", bold=True),
            Span(label, "bright" if on else "text", bold=on),
            right=[Span(now, "dim")] if now else [],
        )

    def on_mount(self) -> None:
        """The letters."""
        super().on_mount()
        for key, name, label in _COLUMNS:
            self.bind_choice(Choice(key, label, f"by('{name}')"))

    def action_by(self, name: Name) -> None:
        """Sort by that column; by the same one the other way round."""
        self.dismiss((name, name == self._column and not self._reverse))

    def clicked(self, place: int) -> None:
        """A click on a row."""
        self.action_by(_COLUMNS[place][1])
