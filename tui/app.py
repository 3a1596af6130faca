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
from textual.widgets import Input

from ..core.base.errors import explain
from ..core.run.access import read_only
from . import glyphs as glyph_sets
from .actions import BY_ID, bindings
from .crash import Crash, write_crash
from .outcome import Left
from .settings import Settings, load_memory, load_settings, save_memory
from .telling import Severity, Told, told_now
from .terminal import TerminalDriver
from .theme import ROLES, THEMES, Palette, make_theme, palette

if TYPE_CHECKING:
    from textual.events import Key
    from textual.screen import Screen
    from textual.theme import Theme

    from ..core.run.store import Run
    from .cli.look import Look
    from .screens.base import DashboardScreen

T = TypeVar("T")

_PREFIX = "evaldock-"
_TWICE = 2.0  # seconds within which a second ctrl+c leaves
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
        super().__init__(driver_class=TerminalDriver)
        self.env = env
        self.settings = load_settings(env) if settings is None else settings
        self.memory = load_memory(env)
        self.read_only = read_only(env)
        self.told: list[Told] = []
        self.crash: Crash | None = None
        self._first: tuple[Run, bool] | None = None
        self._opening: tuple[str, ...] = self.settings.problems
        self._interrupted = float("-inf")
        self._mouse = self.settings.mouse if look.mouse is None else look.mouse
        self._dress(look)

    def on_key(self, event: Key) -> None:
        """What nobody wanted is a command. In one chunk with the key that opens a prompt (a paste, a slow line) comes
        what is to be typed into it, aimed at who had the focus before: it ends up here, in the right order."""
        focused = self.focused
        if isinstance(focused, Input) and event.is_printable and event.character is not None:
            focused.insert_text_at_cursor(event.character)
            # Textual looks for a command after this, unless told not to.
            event.prevent_default()

    # The way in

    def begin_with(self, run: Run, *, start: bool, told: tuple[str, ...] = ()) -> None:
        """Show this run first; with `start`, give it an engine once it is drawn. `told` goes to the event log."""
        self._first = (run, start)
        self._opening = (*self._opening, *told)

    def show(self) -> Left | None:
        """Run until it is left; None when a defect ended it: then `crash` says more."""
        try:
            left = self.run(mouse=self._mouse)
        except Exception as error:  # noqa: BLE001 - nothing of ours may end in a traceback
            self._note_crash(error)
            return None
        return None if self.return_code else left

    def _handle_exception(self, error: Exception) -> None:
        """As Textual's, but it prints a traceback with the values of all variables; ours goes to a file, without."""
        self._return_code = 1
        if self._exception is None:
            # For tests, which raise it again.
            self._exception = error
            self._exception_event.set()  # pyright: ignore[reportUnknownMemberType]
        self._note_crash(error)
        self._close_messages_no_wait()

    def _note_crash(self, error: Exception) -> None:
        if self.crash is None:
            base = self.base
            self.crash = Crash(write_crash(error, self.env), base.shown_run if base is not None else None)

    def on_mount(self) -> None:
        """Open the first screen and listen to signals: a terminal that goes away must not be left in disorder."""
        # Textual lays the keymap over all bindings at every key: only what was remapped belongs in it.
        remapped = {action: keys for action, keys in self.settings.keys.items() if keys != BY_ID[action].keys}
        self.set_keymap({action: ",".join(keys) for action, keys in remapped.items()})
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
        return RunScreen(run, start=start, read_only=self.read_only)

    def show_run(self, run: Run, *, start: bool = False) -> None:
        """Open a run over the list of runs."""
        from .screens.run import RunScreen

        self.push_screen(RunScreen(run, start=start, read_only=self.read_only))

    # How it looks

    def _dress(self, look: Look) -> None:
        for theme in (*THEMES.values(), *map(self._made, self.settings.themes)):
            self.register_theme(theme)
        # NO_COLOR is stronger than a taste that was stored, and weaker than a word said now.
        stored = self.memory.theme or self.settings.theme
        self.wear(look.theme or ("mono" if self.no_color else stored), remember=False)
        said = (look.ascii, self.settings.ascii, glyph_sets.needs_ascii(self.env))
        self.glyphs = glyph_sets.ASCII if next(word for word in said if word is not None) else glyph_sets.UNICODE

    def _made(self, name: str) -> Theme:
        """A theme of the user's own."""
        own = self.settings.themes[name]
        base = THEMES[_PREFIX + own.base].variables
        return make_theme(_PREFIX + name, {role: own.colours.get(role, base[f"evaldock-{role}"]) for role in ROLES})

    @property
    def theme_names(self) -> tuple[str, ...]:
        """The themes to choose from, by their short names."""
        return (*(name.removeprefix(_PREFIX) for name in THEMES), *self.settings.themes)

    def wear(self, name: str, *, remember: bool = True) -> None:
        """Take the theme of this short name; one that does not exist is told and the first one taken."""
        if name and name not in self.theme_names:
            self._opening = (*self._opening, f"There is no theme {name!r}; there are {', '.join(self.theme_names)}.")
        self.theme = _PREFIX + (name if name in self.theme_names else self.theme_names[0])
        if remember:
            self.memory.theme = name
            save_memory(self.memory, self.env)

    def watch_theme(self) -> None:
        """Widgets draw with the palette: it follows the theme."""
        self.palette = palette(self.current_theme)

    # What is told

    def tell(self, text: str, severity: Severity = "information") -> None:
        """Say a sentence: for a moment on the screen, and in the event log."""
        from ..core.base.sanitize import clean_line

        text = clean_line(text)
        if not text:
            return
        self.told = [*self.told, told_now(text, severity)][-_TOLD_KEPT:]
        self.notify(text, severity=severity, markup=False)

    def ask(self, work: Callable[[], T], then: Callable[[T], None] | None = None) -> None:
        """Do blocking work on a thread; `then` gets its result here. An error is told as a sentence."""
        self.run_worker(self._asked(work, then), exit_on_error=False)

    async def _asked(self, work: Callable[[], T], then: Callable[[T], None] | None) -> None:
        try:
            result = await asyncio.to_thread(work)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the dashboard
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
        """The first time ask, the second time soon after leave at once. Neither kills anything."""
        base, before, now = self.base, self._interrupted, time.monotonic()
        self._interrupted = now
        if base is None or now - before <= _TWICE:
            self.leave()
        else:
            base.leave()

    def leave(self) -> None:
        """End the dashboard. Runs continue."""
        save_memory(self.memory, self.env)
        base = self.base
        self.exit(Left(base.shown_run if base is not None else None))
