"""The dashboard with its screens: the way in and out. What is on screen belongs to the screens."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from .actions import BY_ID, bindings
from .crash import Crash, write_crash
from .dashboard import Dashboard, DashboardExit
from .settings import Appearance, Settings, save_memory

if TYPE_CHECKING:
    from textual.screen import Screen

    from ..core.run.store import Run
    from .screens.base import DashboardScreen

_TWICE = 2.0  # seconds within which a second ctrl+c leaves


class EvaldockApp(Dashboard, inherit_bindings=False):
    """One window on the runs of this user."""

    ENABLE_COMMAND_PALETTE = False
    CSS_PATH = "app.tcss"
    # Everything else is bound by the screens, so that a dialog shuts it out; leaving in a hurry always works.
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("interrupt", call="app.interrupt", priority=True),
        *bindings("suspend", call="app.suspend_process", priority=True),
    ]

    def __init__(self, appearance: Appearance, *, env: Mapping[str, str], settings: Settings | None = None) -> None:
        super().__init__(appearance, env=env, settings=settings)
        self.crash: Crash | None = None
        self._first: tuple[Run, bool] | None = None
        self._interrupted = float("-inf")
        self._mouse = self.settings.mouse if appearance.mouse is None else appearance.mouse

    # The way in

    def begin_with(self, run: Run, *, start: bool, messages: tuple[str, ...] = ()) -> None:
        """Show this run first; with `start`, give it an engine once it is drawn. `messages` are shown and kept."""
        self._first = (run, start)
        self.opening = (*self.opening, *messages)

    def show(self) -> DashboardExit | None:
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
        for text in self.opening:
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
        self.exit(DashboardExit(base.shown_run if base is not None else None))
