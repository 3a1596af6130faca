"""The line above the footer into which a filter, a search or a path is typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from .paths import PathSuggester

Purpose = Literal["filter", "search", "line", "config", "folder", "export"]

_LEADS: dict[Purpose, str] = {
    "filter": "/",
    "search": "/",
    "line": "line",
    "config": "config",
    "folder": "folder",
    "export": "write to",
}


_COMPLETED: dict[Purpose, tuple[str, ...]] = {"config": (".yaml", ".yml"), "folder": ()}
"""The files that are suggested where a path is typed."""


class _Line(Input):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab,shift+tab", "complete", show=False)]

    def action_complete(self) -> None:
        """Take what is suggested; never go elsewhere."""
        if self._suggestion:
            self.value = self._suggestion
            self.cursor_position = len(self.value)

    async def action_submit(self) -> None:
        """As usual; but what comes in one chunk behind the enter is not typed in any more."""
        self.screen.set_focus(None)
        await super().action_submit()


class Prompt(Horizontal):
    """One line of input with its purpose on the left and what it leads to on the right.

    After `enter` it stays as long as its text is in force, without the focus.
    """

    @dataclass
    class Edited(Message):
        """The text changed."""

        purpose: Purpose
        text: str
        regex: bool

    @dataclass
    class Entered(Message):
        """The text is meant: enter was pressed."""

        purpose: Purpose
        text: str

    @dataclass
    class Left(Message):
        """The text is taken back: escape was pressed."""

        purpose: Purpose

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("ctrl+r", "regex", show=False),
    ]

    purpose: Purpose = "filter"
    regex = False
    _open = False

    def compose(self) -> ComposeResult:
        """Lead, input, status."""
        self._lead = Static("/", id="prompt-lead")
        paths = PathSuggester(lambda: _COMPLETED.get(self.purpose))
        self._input = _Line(compact=True, select_on_focus=False, suggester=paths)
        self._input.cursor_blink = False
        self._status = Static("", id="prompt-status", markup=False)
        yield self._lead
        yield self._input
        yield self._status

    @property
    def is_open(self) -> bool:
        """Whether its text is in force, or being typed. A terminal that is too small hides it meanwhile."""
        return self._open

    @property
    def text(self) -> str:
        """What is typed."""
        return self._input.value

    def open(self, purpose: Purpose, text: str = "") -> None:
        """Show it, with this text to begin with, and take the focus."""
        self.purpose = purpose
        self._lead.update(_LEADS[purpose])
        self.set_status("")
        self._open = self.display = True
        with self.prevent(Input.Changed):
            self._input.value = text
        self._input.cursor_position = len(text)
        # At once, and not with `focus()`, which leaves it to a later message: what is typed next belongs here.
        self.screen.set_focus(self._input, scroll_visible=False)

    def close(self) -> None:
        """Take it off the screen."""
        self._open = self.display = False

    @property
    def is_typed_into(self) -> bool:
        """Whether keys go into it."""
        return self._input.has_focus

    def hints(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """(key, name) for the footer while it is typed into."""
        names = {"filter": "keep", "search": "keep", "line": "go there", "config": "look at it", "folder": "look there"}
        left = [("enter", names.get(self.purpose, "write"))]
        if self.purpose in _COMPLETED:
            left.append(("tab", "complete"))
        if self.purpose == "search":
            left.append(("ctrl+r", "literally" if self.regex else "as regex"))
        return left, [("esc", "clear" if self.purpose in ("filter", "search") else "back")]

    def set_status(self, text: str) -> None:
        """What stands at its right end."""
        self._status.update(text)

    def action_leave(self) -> None:
        """Take it back."""
        self.close()
        self.post_message(self.Left(self.purpose))

    def action_regex(self) -> None:
        """Read the text as a regular expression, or literally."""
        if self.purpose == "search":
            self.regex = not self.regex
            self.post_message(self.Edited(self.purpose, self.text, self.regex))

    @on(Input.Changed)
    def _edited(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Edited(self.purpose, event.value, self.regex))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Entered(self.purpose, event.value))
