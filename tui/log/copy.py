"""Copying many lines of a log at once."""

from __future__ import annotations

from ...core.base.sanitize import clean
from ...core.logs.line_index import LineIndex
from ...core.logs.text import plain_block

LARGEST = 1 << 22
"""Bytes that are copied at most; terminals take less than that into the clipboard."""


def copied_lines(index: LineIndex | None, first: int, last: int) -> list[str] | None:
    """The plain text of the lines from `first` to `last`, as many as fit into `LARGEST` bytes; None when not even one
    line does, or there is no log."""
    count = min(last + 1, index.extent.lines if index is not None else 0) - first
    if index is None or count <= 0:
        return None
    last = first + count - 1
    start, end = index.spans(first, 1)[0][0], index.spans(last, 1)[0][1]
    if end - start > LARGEST:
        last = index.line_at(start + LARGEST) - 1
        if last < first:
            return None
        end = index.spans(last, 1)[0][1]
    folded = plain_block(index.read(start, end)).decode("utf-8", "replace")
    return clean(folded, max_line=None).split("\n")
