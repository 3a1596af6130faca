"""A dialog with a list to choose from: the cursor moves, enter takes, typing narrows where there is a filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key

from ..draw.line import Span
from .dialog import Dialog, Row, row


@dataclass(frozen=True)
class Option:
    """One thing to choose: its result, its name, and what stands dim at its right."""

    result: str
    name: str
    note: str = ""


class Chooser(Dialog[str]):
    """Gives the `result` of the entry that was taken. `typing`: letters narrow the list instead of being keys."""

    enter_label = "select"
    typing = False
    heading = "Choose"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+n", "move(1)", "down", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", "up", show=False, priority=True),
        Binding("pagedown", "move(10)", "page down", show=False, priority=True),
        Binding("pageup", "move(-10)", "page up", show=False, priority=True),
    ]

    def __init__(self, entries: Sequence[Option], chosen: str = "") -> None:
        super().__init__()
        self._entries = tuple(entries)
        self._typed = ""
        self._place = next((n for n, entry in enumerate(self._entries) if entry.result == chosen), 0)

    def shown(self) -> list[Option]:
        """The entries that hold every word that was typed."""
        words = self._typed.lower().split()
        return [entry for entry in self._entries if all(word in f"{entry.name} {entry.note}".lower() for word in words)]

    @property
    def entry(self) -> Option | None:
        """The entry under the cursor."""
        shown = self.shown()
        return shown[min(self._place, len(shown) - 1)] if shown else None

    @property
    def title_row(self) -> Row:
        """The heading, and what was typed."""
        typed = [Span(f"   {self._typed}", "bright"), Span("▏" if self.typing else "", "accent")]
        return row(Span(self.heading, "bright", bold=True), *(typed if self.typing else ()))

    def rows(self, width: int) -> list[Row]:
        """The entries."""
        shown = self.shown()
        place = min(self._place, len(shown) - 1)
        return [
            row(
                Span(entry.name, "bright" if n == place else "text", bold=n == place),
                right=[Span(entry.note, "dim")],
                chosen=n == place,
            )
            for n, entry in enumerate(shown)
        ] or [row("Nothing fits.")]

    def on_key(self, event: Key) -> None:
        """Letters narrow the list where typing is on."""
        if not self.typing:
            return
        if event.key == "backspace":
            self._typed = self._typed[:-1]
        elif event.key == "ctrl+u":
            self._typed = ""
        elif event.is_printable and event.character:
            self._typed += event.character
        else:
            return
        event.stop()
        event.prevent_default()
        self._place = 0
        self.again()

    def action_move(self, lines: int) -> None:
        """Move the cursor."""
        self._place = max(0, min(self._place + lines, len(self.shown()) - 1))
        self.again()
        self.sheet.keep_in_sight(self._place)
        self.moved()

    def moved(self) -> None:
        """The cursor is on another entry."""

    def clicked(self, place: int) -> None:
        """A click takes an entry."""
        if place < len(self.shown()):
            self._place = place
            self.action_enter()

    def action_enter(self) -> None:
        """Take the entry under the cursor."""
        self.dismiss(self.entry.result if self.entry is not None else None)
