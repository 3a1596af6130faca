"""Finding: the filter of the table, the search in a pane, and the prompt that both are typed into."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol, cast

from .command import Command, Commands

if TYPE_CHECKING:
    from ..screens.run import RunScreen


class Searchable(Protocol):
    """A pane that can look for something."""

    def search(self, text: str) -> None:
        """Look for a text; "" ends the search."""
        ...

    def next_hit(self, step: int) -> object:
        """Go to the next match, or back."""
        ...


class Finder:
    """What is typed into the prompt of the run screen, and where it leads."""

    def __init__(self, screen: RunScreen) -> None:
        self._screen = screen

    @property
    def active(self) -> bool:
        """Whether a filter or a search is in force."""
        return self._screen.prompt.is_open

    def open(self) -> None:
        """Filter the table, or search the pane, whichever has the focus."""
        screen = self._screen
        again = screen.prompt.text if screen.prompt.is_open else ""
        if screen.half == "table":
            screen.prompt.open("filter", screen.table.filter)
        else:
            screen.prompt.open("search", again if screen.prompt.purpose == "search" else "")
        screen.fit()

    def edited(self, text: str) -> None:
        """The text is another one."""
        screen = self._screen
        match screen.prompt.purpose:
            case "filter":
                screen.table.set_filter(text)
            case "search" if screen.panes.tab == "Log":
                screen.log_pane.search(text, screen.prompt.regex)
            case "search":
                cast(Searchable, screen.panes.pane).search(text)
            case _:
                pass
        self.tell()

    def entered(self, text: str) -> None:
        """The text is meant: keys are keys again."""
        screen = self._screen
        if screen.prompt.purpose == "line":
            screen.prompt.close()
            if number := re.sub(r"\D", "", text):
                screen.log_pane.go_to(int(number))
        elif not text:
            self.end()
            return
        screen.focus_half("table" if screen.prompt.purpose == "filter" else "pane")
        screen.fit()

    def end(self) -> None:
        """Take filter or search back."""
        screen = self._screen
        if screen.prompt.purpose != "line":
            with_text = screen.prompt.text
            screen.prompt.close()
            if with_text:
                self.edited("")
        screen.prompt.close()
        screen.focus_half("table" if screen.prompt.purpose == "filter" else "pane")
        screen.fit()

    def step(self, by: int) -> None:
        """To the next match, or back."""
        screen = self._screen
        pane = screen.log_pane if screen.panes.tab == "Log" else cast(Searchable, screen.panes.pane)
        pane.next_hit(by)
        self.tell()

    def tell(self) -> None:
        """What stands at the right of the prompt."""
        screen = self._screen
        if not screen.prompt.is_open:
            return
        if screen.prompt.purpose == "filter":
            shown, total = len(screen.table.visible_rows), len(screen.snapshot.rows)
            screen.prompt.set_status(f"{shown:,} of {total:,} tasks")
        elif screen.prompt.purpose == "search":
            screen.prompt.set_status(self._hits())

    def _hits(self) -> str:
        screen = self._screen
        regex = "regex   " if screen.prompt.regex else ""
        if not screen.prompt.text:
            return regex
        if screen.panes.tab != "Log":
            pane = screen.panes.pane
            hit, hits = getattr(pane, "hit", 0), getattr(pane, "hits", 0)
            return f"{hit} of {hits}" if hits else "no match"
        status = screen.log_pane.status
        if status.problem:
            return status.problem
        if not status.hits:
            return regex + ("searching" if status.searching else "no match")
        here = f"{status.hit_shown:,} of " if status.hit_shown else ""
        so_far = " so far" if status.searching else ""
        return f"{regex}{here}{status.shown:,} shown, {status.hits:,} in the file{so_far}"


def find_commands(screen: RunScreen) -> Commands:
    """Find, next, previous."""
    finder = screen.finder

    def searching() -> bool:
        return finder.active and screen.prompt.purpose == "search" and bool(screen.prompt.text)

    return {
        "find": Command(finder.open, lambda: "filter" if screen.half == "table" else "search"),
        "next_hit": Command(lambda: finder.step(1), lambda: "next" if searching() else ""),
        "previous_hit": Command(lambda: finder.step(-1), lambda: "previous" if searching() else ""),
    }
