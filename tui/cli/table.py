"""Plain text tables: two blanks between columns, no boxes, cut only on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..draw.cells import cell_len, cut_middle
from .style import Style

GAP = "  "


@dataclass(frozen=True)
class Column:
    """One column. `give_up` orders which columns go first on a narrow terminal (0: never goes).

    A column with `least` is cut in the middle, down to that many cells, before any column goes.
    """

    title: str
    right: bool = False
    give_up: int = 0
    least: int = 0


@dataclass(frozen=True)
class Cell:
    """One text and the colour it takes (a name of `Style.paint`)."""

    text: str
    colour: str = ""


def render(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], style: Style) -> list[str]:
    """The table's lines, its head first. Columns that are empty in every row are left out."""
    used = [i for i in range(len(columns)) if any(row[i].text for row in rows)]
    widths = {i: max(len(columns[i].title), *(cell_len(row[i].text) for row in rows)) for i in used}
    shown = _fit(columns, widths, style.width)
    head = [Cell(columns[i].title, "dim") for i in shown]
    body = [[row[i] for i in shown] for row in rows]
    return [_line(columns, shown, widths, cells, style) for cells in [head, *body]]


def _fit(columns: Sequence[Column], widths: dict[int, int], limit: int | None) -> list[int]:
    shown = list(widths)
    if limit is None:
        return shown
    while (excess := _total(widths, shown) - limit) > 0:
        flex = [i for i in shown if 0 < columns[i].least < widths[i]]
        room = sum(widths[i] - columns[i].least for i in flex)
        candidates = sorted((columns[i].give_up, i) for i in shown if columns[i].give_up)
        if room >= excess or not candidates:
            for i in flex:
                taken = min(excess, widths[i] - columns[i].least)
                widths[i] -= taken
                excess -= taken
            break
        shown.remove(candidates[0][1])
    return shown


def _total(widths: dict[int, int], shown: list[int]) -> int:
    return sum(widths[i] for i in shown) + len(GAP) * (len(shown) - 1)


def _line(
    columns: Sequence[Column],
    shown: list[int],
    widths: dict[int, int],
    cells: Sequence[Cell],
    style: Style,
) -> str:
    parts: list[str] = []
    for position, (i, cell) in enumerate(zip(shown, cells, strict=True)):
        text = cut_middle(cell.text, widths[i], style.ellipsis) if columns[i].least else cell.text
        padding = " " * (widths[i] - cell_len(text))
        last = position == len(shown) - 1
        painted = style.paint(text, cell.colour)
        parts.append(padding + painted if columns[i].right else painted + ("" if last else padding))
    return GAP.join(parts).rstrip()
