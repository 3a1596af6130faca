"""The dashboard without its screens: what screens, panes and commands may ask of the app that they are in."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from textual.app import App
from textual.widgets import Input

from ..core.base.errors import explain
from ..core.run.access import read_only
from . import glyphs as glyph_sets
from .messages import Said, Severity
from .settings import Appearance, Settings, load_memory, load_settings, save_memory
from .terminal import TerminalDriver
from .theme import ROLES, THEMES, Palette, make_theme, palette

if TYPE_CHECKING:
    from textual.events import Key
    from textual.theme import Theme

    from ..core.run.store import Run

T = TypeVar("T")

_PREFIX = "evaldock-"
_SAID_KEPT = 500


@dataclass(frozen=True)
class DashboardExit:
    """How the dashboard was left: `run` is the one that was on screen, None when it was the list of runs."""

    run: Run | None = None


class Dashboard(App[DashboardExit], inherit_bindings=False):
    """Environment, settings, themes, messages, and work on threads. `EvaldockApp` adds the screens.

    `env` is the environment for engines started from here. Widgets take `palette` and `glyphs` from the app.
    """

    palette: Palette
    glyphs: glyph_sets.Glyphs

    def __init__(self, appearance: Appearance, *, env: Mapping[str, str], settings: Settings | None = None) -> None:
        # An empty NO_COLOR means nothing (no-color.org), but Textual asks only whether it is there.
        if os.environ.get("NO_COLOR") == "":
            del os.environ["NO_COLOR"]
        super().__init__(driver_class=TerminalDriver)
        self.env = env
        self.settings = load_settings(env) if settings is None else settings
        self.memory = load_memory(env)
        self.read_only = read_only(env)
        self.said: list[Said] = []
        self.opening: tuple[str, ...] = self.settings.problems
        self._apply(appearance)

    def on_key(self, event: Key) -> None:
        """What nobody wanted is a command. In one chunk with the key that opens a prompt (a paste, a slow line) comes
        what is to be typed into it, aimed at who had the focus before: it ends up here, in the right order."""
        focused = self.focused
        if isinstance(focused, Input) and event.is_printable and event.character is not None:
            focused.insert_text_at_cursor(event.character)
            # Textual looks for a command after this, unless told not to.
            event.prevent_default()

    # What `EvaldockApp` knows how to do

    def show_run(self, run: Run, *, start: bool = False) -> None:
        """Open a run over the list of runs; with `start` its engine is started."""
        raise NotImplementedError

    def leave(self) -> None:
        """End the dashboard. Runs continue."""
        raise NotImplementedError

    # How it looks

    def _apply(self, appearance: Appearance) -> None:
        for theme in (*THEMES.values(), *map(self._made, self.settings.themes)):
            self.register_theme(theme)
        # NO_COLOR is stronger than a taste that was stored, and weaker than a word said now.
        stored = self.memory.theme or self.settings.theme
        self.use_theme(appearance.theme or ("mono" if self.no_color else stored), remember=False)
        wanted = (appearance.ascii, self.settings.ascii, glyph_sets.needs_ascii(self.env))
        self.glyphs = glyph_sets.ASCII if next(word for word in wanted if word is not None) else glyph_sets.UNICODE

    def _made(self, name: str) -> Theme:
        """A theme of the user's own."""
        own = self.settings.themes[name]
        base = THEMES[_PREFIX + own.base].variables
        return make_theme(_PREFIX + name, {role: own.colours.get(role, base[f"evaldock-{role}"]) for role in ROLES})

    @property
    def theme_names(self) -> tuple[str, ...]:
        """The themes to choose from, by their short names."""
        return (*(name.removeprefix(_PREFIX) for name in THEMES), *self.settings.themes)

    def use_theme(self, name: str, *, remember: bool = True) -> None:
        """Use the theme of this short name; for one that does not exist, say so and use the first."""
        if name and name not in self.theme_names:
            self.opening = (*self.opening, f"There is no theme {name!r}; there are {', '.join(self.theme_names)}.")
        self.theme = _PREFIX + (name if name in self.theme_names else self.theme_names[0])
        if remember:
            self.memory.theme = name
            save_memory(self.memory, self.env)

    def watch_theme(self) -> None:
        """Widgets draw with the palette: it follows the theme."""
        self.palette = palette(self.current_theme)

    # Messages and work

    def tell(self, text: str, severity: Severity = "information") -> None:
        """Say a sentence: for a moment on the screen, and in the event log."""
        from ..core.base.sanitize import clean_line

        text = clean_line(text)
        if not text:
            return
        self.said = [*self.said, Said(datetime.now().astimezone(), text, severity)][-_SAID_KEPT:]
        self.notify(text, severity=severity, markup=False)

    def ask(
        self, work: Callable[[], T], then: Callable[[T], None] | None = None, failed: Callable[[], None] | None = None
    ) -> None:
        """Do blocking work on a thread; `then` gets its result here. An error is told, before `failed`."""
        self.run_worker(self._asked(work, then, failed), exit_on_error=False)

    async def _asked(
        self, work: Callable[[], T], then: Callable[[T], None] | None, failed: Callable[[], None] | None
    ) -> None:
        try:
            result = await asyncio.to_thread(work)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the dashboard
            explained = explain(error)
            self.tell(explained[0] if explained else f"Unexpected error: {type(error).__name__}: {error}", "error")
            if failed is not None:
                failed()
            return
        if then is not None:
            then(result)
