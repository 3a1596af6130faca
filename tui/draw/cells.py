"""Texts cut to a number of cells: a wide character takes two. The command line cuts as the dashboard does."""

from __future__ import annotations


def cell_len(text: str) -> int:
    """How many cells a text takes."""
    if text.isascii() and text.isprintable():
        return len(text)
    # Imported where it is needed: a command that prints no table does not wait for it.
    from rich.cells import cell_len as measured

    return measured(text)


def padded(text: str, width: int) -> str:
    """`text` with blanks up to `width` cells."""
    return text + " " * (width - cell_len(text))


def cut_end(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` in at most `width` cells, its end cut."""
    if cell_len(text) <= width:
        return text
    if width <= cell_len(ellipsis):
        from rich.cells import set_cell_size

        return set_cell_size(ellipsis, max(0, width))
    return _first(text, width - cell_len(ellipsis)) + ellipsis


def cut_middle(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` in at most `width` cells, its middle cut: the ends of task names are what tells them apart."""
    if cell_len(text) <= width:
        return text
    room = width - cell_len(ellipsis)
    if room < 2:
        return cut_end(text, width, ellipsis)
    head = _first(text, room - room // 2)
    tail = _first(text[::-1], room // 2)[::-1]
    return head + ellipsis + tail


def _first(text: str, width: int) -> str:
    from rich.cells import chop_cells

    return chop_cells(text, width)[0] if width > 0 and text else ""
