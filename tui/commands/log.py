"""The commands of the log: follow, wrap, timestamps, matches, marker, line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .command import Command, Commands

if TYPE_CHECKING:
    from ..screens.run import RunScreen


def log_commands(screen: RunScreen) -> Commands:
    """What works while the log is on screen, whichever half has the focus."""
    log = screen.log_pane

    def on_log(name: Callable[[], str], do: Callable[[], None]) -> Command:
        return Command(do, lambda: name() if screen.tab == "Log" and screen.row is not None else "")

    def searching(name: str) -> Callable[[], str]:
        return lambda: name if log.status.hits else ""

    def wrap() -> None:
        log.toggle_wrap()
        screen.dashboard.memory.wrap = log.status.wrap

    def timestamps() -> None:
        log.toggle_timestamps()
        screen.dashboard.memory.timestamps = not screen.dashboard.memory.timestamps

    return {
        "follow": on_log(lambda: "stay here" if log.status.following else "follow", log.toggle_follow),
        "wrap": on_log(lambda: "unwrap" if log.status.wrap else "wrap", wrap),
        "timestamps": on_log(lambda: "timestamps", timestamps),
        "marker": on_log(lambda: "marker", log.add_marker),
        "go_to_line": on_log(lambda: "go to line", lambda: screen.prompt.open("line")),
        "next_hit": on_log(searching("next"), lambda: log.next_hit(1)),
        "previous_hit": on_log(searching("previous"), lambda: log.next_hit(-1)),
        "only_hits": on_log(
            lambda: ("all lines" if log.status.filter else "only matches") if log.status.searching or log.status.hits else "",
            lambda: log.filter_mode(not log.status.filter),
        ),
    }
