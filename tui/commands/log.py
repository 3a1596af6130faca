"""The commands of the log: follow, wrap, timestamps, only matches, marker, line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .command import Command, Commands

if TYPE_CHECKING:
    from ..screens.run import RunScreen


def log_commands(screen: RunScreen) -> Commands:
    """What works while the log is on screen, whichever half has the focus."""
    log, memory = screen.log_pane, screen.dashboard.memory

    def on_log(name: Callable[[], str], do: Callable[[], None]) -> Command:
        return Command(do, lambda: name() if screen.panes.tab == "Log" and screen.row is not None else "")

    def wrap() -> None:
        log.toggle_wrap()
        memory.wrap = not memory.wrap

    def timestamps() -> None:
        log.toggle_timestamps()
        memory.timestamps = not memory.timestamps

    def go_to_line() -> None:
        screen.prompt.open("line")
        screen.fit()

    def only_hits_name() -> str:
        if log.status.filter:
            return "all lines"
        return "only matches" if log.status.hits or log.status.searching else ""

    return {
        "follow": on_log(lambda: "stay here" if log.status.following else "follow", log.toggle_follow),
        "wrap": on_log(lambda: "unwrap" if log.status.wrap else "wrap", wrap),
        "timestamps": on_log(lambda: "timestamps", timestamps),
        "marker": on_log(lambda: "marker", log.add_marker),
        "go_to_line": on_log(lambda: "go to line", go_to_line),
        "only_hits": on_log(only_hits_name, lambda: log.filter_mode(not log.status.filter)),
    }
