"""The commands that every screen has: palette, colours, what was told, help, leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .command import Commands, always

if TYPE_CHECKING:
    from ..screens.base import DashboardScreen


def program_commands(screen: DashboardScreen) -> Commands:
    """Palette, theme, events, help, quit."""
    app = screen.dashboard

    def palette() -> None:
        from ..screens.commands import CommandsDialog

        app.push_screen(
            CommandsDialog(screen.offered(), app.settings.keys), lambda chosen: screen.do(chosen) if chosen else None
        )

    def theme() -> None:
        from ..screens.theme import ThemeDialog

        app.push_screen(ThemeDialog(app.theme_names, app.theme), lambda name: app.use_theme(name) if name else None)

    def events() -> None:
        from ..screens.events import EventLog

        app.push_screen(EventLog(app.said))

    def show_help() -> None:
        from ..actions import ACTIONS
        from ..screens.help import HelpScreen

        app.push_screen(HelpScreen(ACTIONS, app.settings.keys))

    return {
        "palette": always("palette", palette),
        "theme": always("theme", theme),
        "events": always("events", events),
        "help": always("help", show_help),
        "quit": always("quit", screen.leave),
    }
