"""The commands that change what is shown: tabs, focus, height, order, marks, attempts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ..panes.stack import TABS
from ..view.columns import HEADS, Name
from .command import Command, Commands, always

if TYPE_CHECKING:
    from ..screens.run import RunScreen


def view_commands(screen: RunScreen) -> Commands:
    """Everything that only looks."""
    table, memory = screen.table, screen.dashboard.memory
    tabs = {
        f"tab_{number}": always(f"tab_{number}", partial(screen.show_tab, name), name.lower())
        for number, name in enumerate(TABS, 1)
    }

    def sort() -> None:
        from ..screens.sort import SortMenu

        def chosen(choice: tuple[Name, bool] | None) -> None:
            if choice is not None:
                table.sort_by(*choice)
                memory.sort, memory.reverse = choice

        screen.dashboard.push_screen(SortMenu(*table.sorted_by), chosen)

    def attempt_name(step: int) -> str:
        row = screen.row
        if row is None or screen.panes.tab == "Timeline":
            return ""
        number = (screen.panes.attempt or row.attempt) + step
        return f"attempt {number}" if 1 <= number <= row.attempt else ""

    def walk(step: int) -> None:
        screen.panes.walk_attempts(step)
        screen.show_pane()

    def open_name() -> str:
        name = screen.panes.tab.lower()
        return any_row(f"saved {name}" if screen.snapshot.stale else name)

    def any_row(name: str) -> str:
        return name if screen.row is not None else ""

    return {
        **tabs,
        "open": Command(screen.open_pane, open_name),
        "back": Command(screen.step_back, screen.back_name),
        "next_pane": always("next_pane", screen.other_half),
        "previous_pane": always("previous_pane", screen.other_half),
        "zoom": always("zoom", screen.next_zoom),
        "sort": always("sort", sort),
        "mark": Command(table.toggle_mark, lambda: any_row("mark")),
        "mark_all": Command(table.mark_all, lambda: any_row("mark all")),
        "clear_marks": Command(table.clear_marks, lambda: "clear marks" if table.marked else ""),
        "earlier": Command(partial(walk, -1), partial(attempt_name, -1), lambda: "There is no earlier attempt."),
        "later": Command(partial(walk, 1), partial(attempt_name, 1), lambda: "There is no later attempt."),
    }


def remembered_order(column: str) -> Name | None:
    """The column of that name, None when there is no such column (any more)."""
    return next((name for name in HEADS if name == column), None)
