"""The dashboard: themes, what is told, and the way in and out. What is on screen belongs to the screens."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.app import App
from textual.binding import BindingType

from ..core.run.access import read_only
from . import glyphs as glyph_sets
from .actions import bindings
from .outcome import Left
from .settings import Settings, load_memory, load_settings, save_memory
from .telling import Severity, Told, told_now
from .theme import THEMES, Palette, palette

if TYPE_CHECKING:
    from textual.screen import Screen

    from ..core.run.store import Run
    from .cli.look import Look
    from .screens.base import DashboardScreen

T = TypeVar("T")

_TWICE = 2.0  # seconds within which a second ctrl+c kills
_TOLD_KEPT = 500


class EvaldockApp(App[Left], inherit_bindings=False):
    """One window on the runs of this user.

    `env` is the environment for engines started from here. Widgets take `palette` and `glyphs` from the app.
    """

    ENABLE_COMMAND_PALETTE = False
    CSS_PATH = "app.tcss"
    # Everything else is bound by the screens, so that a dialog shuts it out; leaving in a hurry always works.
    BINDINGS: ClassVar[list[BindingType]] = bindings("interrupt", call="app.interrupt", priority=True)

    palette: Palette
    glyphs: glyph_sets.Glyphs

    def __init__(self, look: Look, *, env: Mapping[str, str], settings: Settings | None = None) -> None:
        # An empty NO_COLOR means nothing (no-color.org), but Textual asks only whether it is there.
        if os.environ.get("NO_COLOR") == "":
            del os.environ["NO_COLOR"]
        super().__init__()
        self.env = env
        self.settings = load_settings(env) if settings is None else settings
        self.memory = load_memory(env)
        self.read_only = read_only(env)
        self.told: list[Told] = []
        self._first: tuple[Run, bool] | None = None
        self._opening: tuple[str, ...] = self.settings.problems
        self._interrupted = float("-inf")
        self._mouse = self.settings.mouse if look.mouse is None else look.mouse
        self._dress(look)

    # The way in

    def begin_with(self, run: Run, *, start: bool, told: tuple[str, ...] = ()) -> None:
        """Show this run first; with `start`, give it an engine once it is drawn. `told` goes to the event log."""
        self._first = (run, start)
        self._opening = (*self._opening, *told)

    def show(self) -> Left | None:
        """Run until it is left; None when it broke down, which Textual has told about by then."""
        left = self.run(mouse=self._mouse)
        return None if self.return_code else left

    def on_mount(self) -> None:
        """Open the first screen and listen to signals: a terminal that goes away must not be left in disorder."""
        self.set_keymap({action: ",".join(keys) for action, keys in self.settings.keys.items()})
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.leave)
        self.push_screen(self._first_screen())
        for text in self._opening:
            self.tell(text, "warning")

    def _first_screen(self) -> Screen[None]:
        if self._first is None:
            from .screens.home import HomeScreen

            return HomeScreen()
        from .screens.run import RunScreen

        run, start = self._first
        return RunScreen(run, start=start)

    # How it looks

    def _dress(self, look: Look) -> None:
        for theme in THEMES.values():
            self.register_theme(theme)
        chosen = look.theme or ("mono" if self.no_color else self.memory.theme or self.settings.theme)
        self.theme = f"evaldock-{chosen}" if f"evaldock-{chosen}" in THEMES else "evaldock-dark"
        plain = next(
            (said for said in (look.ascii, self.settings.ascii) if said is not None), glyph_sets.needs_ascii(os.environ)
        )
        self.glyphs = glyph_sets.ASCII if plain else glyph_sets.UNICODE

    def watch_theme(self) -> None:
        """Widgets draw with the palette: it follows the theme."""
        self.palette = palette(self.current_theme)

    # What is told

    def tell(self, text: str, severity: Severity = "information") -> None:
        """Say a sentence: for a moment on the screen, and in the event log."""
        from ..core.run.sanitize import clean_line

        text = clean_line(text)
        if not text:
            return
        self.told = [*self.told, told_now(text, severity)][-_TOLD_KEPT:]
        self.notify(text, severity=severity, markup=False)

    def ask(self, work: Callable[[], T], then: Callable[[T], None] | None = None) -> None:
        """Do blocking work on a thread; `then` gets its result here. An error is told as a sentence."""
        self.run_worker(self._asked(work, then), exit_on_error=False)

    async def _asked(self, work: Callable[[], T], then: Callable[[T], None] | None) -> None:
        from .cli.errors import explain

        try:
            result = await asyncio.to_thread(work)
        except Exception as error:
            explained = explain(error)
            self.tell(explained[0] if explained else f"Unexpected error: {type(error).__name__}: {error}", "error")
            return
        if then is not None:
            then(result)

    # The way out

    @property
    def base(self) -> DashboardScreen | None:
        """The topmost screen that is no dialog."""
        from .screens.base import DashboardScreen

        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, DashboardScreen)), None)

    def action_interrupt(self) -> None:
        """The first time ask, the second time soon after kill everything and go."""
        base, before, now = self.base, self._interrupted, time.monotonic()
        self._interrupted = now
        if base is None:
            self.leave()
        elif now - before <= _TWICE:
            base.kill_everything()
        else:
            base.leave()

    def leave(self, *, killed: bool = False) -> None:
        """End the dashboard. Runs go on; that is for the screens to have asked about."""
        save_memory(self.memory, self.env)
        base = self.base
        self.exit(Left(base.shown_run if base is not None else None, killed))
