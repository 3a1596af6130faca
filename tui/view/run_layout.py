"""How the run screen shares its height between table and pane. Pure: numbers in, numbers out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Zoom = Literal["normal", "half", "full"]
Focus = Literal["table", "pane"]

LEAST = (40, 8)
"""Columns and rows below which there is only a line that says so."""

_TALL = 30  # rows from which there is room for blanks and vitals
_BOTH = 16  # rows from which table and pane are shown together
_HEAD = 2  # tabs over a rule


@dataclass(frozen=True)
class RunLayout:
    """Rows for each part; 0 means that it is not shown. `above` are the blank rows before a part."""

    above_table: int
    table: int
    above_head: int
    head: int
    vitals: int
    above_pane: int
    pane: int
    above_footer: int


def run_layout(
    height: int, tasks: int, zoom: Zoom, focus: Focus, *, prompt: bool = False, vitals: bool = True
) -> RunLayout:
    """The layout for `height` rows and so many tasks. Header, run line and footer have one row each.

    `vitals`: they are wanted, which only the log has above it.
    """
    tall = height >= _TALL
    above_footer = int(tall and not prompt)
    room = height - 3 - above_footer - int(prompt)
    if zoom == "full" or height < _BOTH:
        if focus == "table":
            return _table_alone(room, tall, above_footer)
        return _pane_alone(room, tall, above_footer, int(tall and vitals))
    above_table = int(tall)
    need = tasks + 1
    table = max(3, min(need, _most(height, zoom, focus)))
    # The table's last line says how many tasks are below it, and stands for one of the blanks.
    above_head = (2 if tall else 1) - int(need > table)
    figures = int(tall and vitals)
    rest = room - above_table - table - above_head - _HEAD - 2 * figures
    return RunLayout(above_table, table, above_head, _HEAD, figures, figures, max(1, rest), above_footer)


def _most(height: int, zoom: Zoom, focus: Focus) -> int:
    """The most that the table may take: 55 % of what header and footer leave, when nothing was zoomed."""
    room = height - 4
    if zoom == "normal":
        return room * 55 // 100
    return room * 80 // 100 - _HEAD if focus == "table" else room * 20 // 100


def _table_alone(room: int, tall: bool, above_footer: int) -> RunLayout:
    return RunLayout(int(tall), room - int(tall), 0, 0, 0, 0, 0, above_footer)


def _pane_alone(room: int, tall: bool, above_footer: int, vitals: int) -> RunLayout:
    pane = room - int(tall) - _HEAD - 2 * vitals
    return RunLayout(0, 0, int(tall), _HEAD, vitals, vitals, max(1, pane), above_footer)
