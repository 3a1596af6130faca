"""From the bytes of a log to what a reader sees of them."""

from __future__ import annotations

from ..base.sanitize import clean
from .line_index import LineIndex

LONGEST = 1 << 20
"""Bytes of one line that are searched and copied."""

TAIL = 1 << 14
"""Bytes at the end of a longer line in which its newest rewriting (after a carriage return) is looked for."""


def fold(line: bytes) -> bytes:
    """What a terminal would show of a line that was written over again and again: the text after the last `\\r`."""
    kept = line.rstrip(b"\r")
    return kept[kept.rfind(b"\r") + 1 :]


def line_bytes(index: LineIndex, start: int, end: int, longest: int = LONGEST) -> bytes:
    """The folded bytes of the line at these offsets, at most about `longest`.

    Of a longer line its end counts if that rewrites the line (a progress bar of hours is one line of megabytes), else
    its beginning.
    """
    if end - start <= longest:
        return fold(index.read(start, end))
    tail = index.read(end - TAIL, end).rstrip(b"\r")
    if b"\r" in tail:
        return fold(tail)
    return fold(index.read(start, start + longest))


def plain(line: bytes) -> str:
    """The text of a folded line without colours and control characters."""
    return clean(line.decode("utf-8", "replace"), max_line=None)


def plain_block(block: bytes) -> bytes:
    """Whole lines as `fold` and `plain` leave them; the number of lines stays.

    Where nothing but text is in a block, which is the usual, it is the block itself. Control characters other than
    escape sequences and carriage returns are not looked for: that would cost more than all the rest of a search.
    """
    if b"\r" in block:
        block = b"\n".join([fold(line) for line in block.split(b"\n")])
    if b"\x1b" not in block:
        return block
    # Splitting at a single byte is several times as fast as at two, or as a regular expression.
    first, *parts = block.split(b"\x1b")
    if all(map(_begins_with_colour, parts)):
        return first + b"".join([part[part.find(b"m") + 1 :] for part in parts])
    return clean(block.decode("utf-8", "replace"), max_line=None).encode()


def _begins_with_colour(part: bytes) -> bool:
    """Whether this is the rest of a colour sequence whose escape character is cut off, and text."""
    end = part.find(b"m")
    return end > 0 and part[:1] == b"[" and not part[1:end].strip(b"0123456789;:")
