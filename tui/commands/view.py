"""The commands that change what is shown: tabs, focus, height, filter, marks, attempts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .command import Command, Commands, always

if TYPE_CHECKING:
    from ..screens.run import RunScreen


def view_commands(screen: RunScreen) -> Commands:
    """Look and find."""
    from ..screens.run import TABS

    table = screen.table

    def marks() -> bool:
        return bool(screen.marked)

    def sort() -> None:
        from ..screens.sort import SortMenu

        memory = screen.dashboard.memory

        def chosen(choice: tuple[str, bool] | None) -> None:
            if choice is not None:
                memory.sort, memory.reverse = choice
                table.sort_by(*choice)

        screen.app.push_screen(SortMenu(memory.sort, memory.reverse), chosen)

    tabs = {
        f"tab_{number}": always(f"tab_{number}", partial(screen.show_tab, name), name.lower())
        for number, name in enumerate(TABS, 1)
    }
    return {
        **tabs,
        "open": Command(screen.open_pane, lambda: screen.tab.lower() if screen.row is not None else ""),
        "back": always("back", screen.step_back),
        "next_pane": always("next_pane", screen.other_half),
        "previous_pane": always("previous_pane", screen.other_half),
        "zoom": always("zoom", screen.next_zoom),
        "find": Command(screen.find, screen.find_name),
        "sort": always("sort", sort),
        "mark": Command(table.toggle_mark, lambda: "mark" if screen.row is not None else ""),
        "mark_all": Command(table.mark_all, lambda: "mark all" if screen.row is not None else ""),
        "clear_marks": Command(screen.clear_marks, lambda: "clear marks" if marks() else ""),
        "earlier": Command(partial(screen.walk_attempts, -1), partial(screen.attempt_name, -1)),
        "later": Command(partial(screen.walk_attempts, 1), partial(screen.attempt_name, 1)),
    }
