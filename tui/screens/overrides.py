"""Writing overrides: one KEY=VALUE a line, looked at while they are written.

The lines begin with the parameters that hold now. What is left as it was is no override.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from ...core.base.errors import EvaldockError
from ...core.base.sanitize import clean_line
from ..widgets.dress import glyphs_of, palette_of

_PATIENCE = 0.3  # seconds without a key until what is written is looked at

Check = Callable[[tuple[str, ...]], str]
"""Says what is wrong with overrides, "" when they are good. May block: it is called on a thread."""

Present = Callable[[], tuple[str, ...]]
"""The parameters that hold now, as overrides. May block: it is called on a thread. Raises EvaldockError."""


class OverridesDialog(ModalScreen[tuple[str, ...] | None], inherit_bindings=False):
    """Gives the lines that are written, None when they were given up. What `check` refuses is not given."""

    DEFAULT_CSS = """
    OverridesDialog { align: center middle; background: $background 62%; }
    OverridesDialog Vertical { width: 78; max-width: 96%; height: auto; max-height: 96%; background: $panel; }
    OverridesDialog Static { padding: 0 3; }
    OverridesDialog #top { padding: 0; height: 1; }
    OverridesDialog #about { color: $text-muted; margin: 1 0; }
    OverridesDialog TextArea {
        height: auto; min-height: 6; max-height: 14; margin: 0 2; border: none; padding: 0 1;
        background: $evaldock-cursor; color: $foreground;
    }
    OverridesDialog TextArea:focus { border: none; }
    OverridesDialog #said { height: auto; min-height: 2; max-height: 5; margin: 1 0; }
    OverridesDialog #keys { background: $evaldock-cursor; padding: 1 3; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "back", show=False, priority=True),
        Binding("ctrl+s", "take", "take", show=False, priority=True),
    ]

    def __init__(
        self, overrides: Sequence[str] = (), check: Check | None = None, present: Present | None = None
    ) -> None:
        super().__init__()
        self._check = check
        self._present_of = present
        self._present: frozenset[str] = frozenset()
        self._lines = tuple(overrides)
        self.problem = ""

    def compose(self) -> ComposeResult:
        """A heading, the lines, what is wrong with them, the keys."""
        palette, glyphs = palette_of(self), glyphs_of(self)
        with Vertical():
            yield Static(Text(glyphs.top * 200, style=palette.style("accent", on="raised"), no_wrap=True), id="top")
            yield Static(Text("Overrides", style=palette.style("bright", on="raised", bold=True)))
            yield Static(Text("One KEY=VALUE a line, such as temperature=0.2 or execution.timeout=2h"), id="about")
            yield TextArea("\n".join(self._lines), soft_wrap=False, tab_behavior="focus")
            yield Static("", id="said")
            yield Static(self._keys(), id="keys")

    def _keys(self) -> Text:
        palette = palette_of(self)
        key, word = palette.style("accent", on="cursor", bold=True), palette.style("text", on="cursor")
        safe = palette.style("bright", on="cursor", bold=True)
        return Text.assemble(("ctrl+s", key), (" apply      ", word), ("esc", safe), (" cancel", word))

    def on_mount(self) -> None:
        """Begin at the end of what is there."""
        area = self.query_one(TextArea)
        area.focus()
        area.move_cursor(area.document.end)
        self.look()
        if self._present_of is not None:
            self._fill(self._present_of)

    @work
    async def _fill(self, present: Present) -> None:
        """Put what holds now above what is written, but for what was written of the same key."""
        try:
            found = await asyncio.to_thread(present)
        except EvaldockError:
            return  # who looks at the overrides says what is wrong with the run
        area = self.query_one(TextArea)
        written = {line.partition("=")[0] for line in self.lines()}
        self._present = frozenset(found)
        lines = [line for line in found if line.partition("=")[0] not in written]
        area.insert("".join(f"{line}\n" for line in lines), (0, 0), maintain_selection_offset=True)

    @on(TextArea.Changed)
    def look(self) -> None:
        """Look at what is written, once nothing was typed for a moment."""
        self._look()

    @work(exclusive=True)
    async def _look(self) -> None:
        await asyncio.sleep(_PATIENCE)
        await self._judge()

    async def _judge(self) -> bool:
        lines = self.lines()
        problem = await asyncio.to_thread(self._check, lines) if self._check is not None and lines else ""
        self.problem = problem
        palette = palette_of(self)
        said = self.query_one("#said", Static)
        if problem:
            text = "\n".join(clean_line(line) for line in problem.splitlines())
            said.update(Text(text, style=palette.style("bad", on="raised")))
        else:
            good = f"{glyphs_of(self).succeeded} valid" if lines else "no change yet"
            said.update(Text(good, style=palette.style("ok" if lines else "dim", on="raised")))
        return not problem

    def lines(self) -> tuple[str, ...]:
        """What is written, without blank lines and what holds now."""
        lines = (line.strip() for line in self.query_one(TextArea).text.splitlines())
        return tuple(line for line in lines if line and line not in self._present)

    @work(exclusive=True)
    async def action_take(self) -> None:
        """Give them, if they are good."""
        if await self._judge():
            self.dismiss(self.lines())

    def action_cancel(self) -> None:
        """As before."""
        self.dismiss(None)
