"""A histogram of durations on a logarithmic axis, as lines of spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..glyphs import Glyphs
from .axis import duration_labels
from .line import Span

if TYPE_CHECKING:
    from ..theme import Role

_LEAST_BINS = 12  # fewer would be slabs, and no shape
_WIDEST = 3  # cells of a bin
_FADED = 0.4


@dataclass(frozen=True)
class Bin:
    """So many durations from `low` to `high` seconds."""

    low: float
    high: float
    count: int


def histogram(
    buckets: Sequence[tuple[float, int]], glyphs: Glyphs, width: int, height: int, tail: float, far: float
) -> list[tuple[Span, ...]]:
    """`height` lines of bars, the axis, and its labels; [] for no durations.

    `buckets` are (upper end in seconds, count), each wider than the one before it by the same factor. What begins at
    `tail` or later is drawn at full strength, at `far` or later in amber: it is what someone waits for.
    """
    bins = _bins(buckets, width)
    if not bins:
        return []
    most = max(one.count for one in bins)
    cells = max(1, min(_WIDEST, width // len(bins)))
    steps = len(glyphs.spark)
    # The tallest bar stays a little below the top: a bar that touches it looks cut off.
    heights = [max(1 if one.count else 0, round(one.count / most * (height - 0.3) * steps)) for one in bins]

    def line(level: int) -> list[Span]:
        above = [eighths - level * steps for eighths in heights]
        return [_cell(n, one, glyphs, cells, tail, far) for n, one in zip(above, bins, strict=True)]

    drawn = cells * len(bins)
    labels = duration_labels(bins[0].low, bins[-1].high, drawn)
    lines = [_joined(line(level)) for level in range(height - 1, -1, -1)]
    return [*lines, (Span(glyphs.rule * drawn, "rule"),), (Span(labels, "dim"),)]


def _bins(buckets: Sequence[tuple[float, int]], width: int) -> list[Bin]:
    """The buckets as bins, put together until they fit; empty ones around them so that there are a few."""
    if not buckets or not any(count for _, count in buckets):
        return []
    factor = (buckets[-1][0] / buckets[0][0]) ** (1 / (len(buckets) - 1)) if len(buckets) > 1 else 2**0.25
    bins = [Bin(upper / factor, upper, count) for upper, count in buckets]
    each = -(-len(bins) // max(1, width))
    bins = [_together(bins[at : at + each]) for at in range(0, len(bins), each)]
    factor **= each
    while len(bins) < min(_LEAST_BINS, width):
        # By turns, so that what there is stays in the middle.
        if len(bins) % 2:
            bins.append(Bin(bins[-1].high, bins[-1].high * factor, 0))
        else:
            bins.insert(0, Bin(bins[0].low / factor, bins[0].low, 0))
    return bins


def _together(bins: Sequence[Bin]) -> Bin:
    return Bin(bins[0].low, bins[-1].high, sum(one.count for one in bins))


def _cell(eighths: int, one: Bin, glyphs: Glyphs, cells: int, tail: float, far: float) -> Span:
    role: Role = "warn" if one.low >= far else "accent"
    fade = 0.0 if one.low >= tail else _FADED
    if eighths <= 0:
        return Span(" " * cells)
    if eighths < len(glyphs.spark):
        return Span(glyphs.spark[eighths] * cells, role, fade=fade)
    return Span(("#" if glyphs.is_ascii else "█") * cells, role, fade=fade, solid=not glyphs.is_ascii)


def _joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Neighbours that look alike as one piece."""
    joined: list[Span] = []
    for span in spans:
        last = joined[-1] if joined else None
        if last is not None and (last.role, last.fade, last.solid) == (span.role, span.fade, span.solid):
            joined[-1] = Span(last.text + span.text, span.role, fade=span.fade, solid=span.solid)
        else:
            joined.append(span)
    return tuple(joined)
