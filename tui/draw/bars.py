"""Bars, sparklines and the run line, as spans."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from ..glyphs import Glyphs
from .line import Span

if TYPE_CHECKING:
    from ..theme import Role


def bar(glyphs: Glyphs, width: int, fraction: float, role: Role = "accent") -> list[Span]:
    """A bar of `width` cells: heavy for what is done, to half a cell, light for what is to come."""
    halves = round(max(0.0, min(fraction, 1.0)) * width * 2)
    if width > 0:
        # A start is seen, and an end is not seen too early.
        halves = max(halves, 1 if fraction > 0 else 0) - (1 if fraction < 1 and halves == width * 2 else 0)
    full, half = divmod(halves, 2)
    done = glyphs.bar_full * full + (glyphs.bar_half if half else "")
    rest = glyphs.bar_rest * (width - full - half)
    return [span for span in (Span(done, role), Span(rest, "trough")) if span.text]


def sparkline(glyphs: Glyphs, values: Sequence[float], width: int, top: float | None = None) -> str:
    """The newest `width` values as signs, oldest left; shorter histories stand at the right. All zero is blank."""
    shown = [max(0.0, value) for value in values[-width:]] if width > 0 else []
    highest = max([*shown, top or 0.0], default=0.0)
    steps = len(glyphs.spark) - 1
    signs = "".join(glyphs.spark[_step(value, highest, steps)] for value in shown)
    return signs.rjust(width)


def _step(value: float, highest: float, steps: int) -> int:
    if value <= 0 or highest <= 0:
        return 0
    return max(1, round(value / highest * steps))


def squeezed(values: Sequence[float], width: int) -> list[float]:
    """A history in `width` values, each the mean of its part: sixty seconds in seven signs."""
    count = len(values)
    if count <= width:
        return list(values)
    edges = [count * place // width for place in range(width + 1)]
    return [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]


def run_line(glyphs: Glyphs, parts: Sequence[tuple[Role, str, float]], width: int) -> list[Span]:
    """A line of `width` cells shared out among parts of (role, sign, weight). Every part with weight is seen."""
    weights = [max(0.0, weight) for _, _, weight in parts]
    cells = shares(weights, width)
    return [Span(sign * n, role) for (role, sign, _), n in zip(parts, cells, strict=True) if n]


def shares(weights: Sequence[float], width: int) -> list[int]:
    """`width` cells by weight, exactly; as far as there is room, no weight above zero gets none."""
    total = sum(weights)
    if total <= 0 or width <= 0:
        return [0] * len(weights)
    exact = [weight / total * width for weight in weights]
    cells = [max(int(value), 1 if weight > 0 else 0) for value, weight in zip(exact, weights, strict=True)]
    while sum(cells) > width:
        # From the part that has most too much; what has one cell keeps it while any has more.
        place = max(range(len(cells)), key=lambda n: (cells[n] > 1, cells[n] - exact[n], cells[n]))
        cells[place] -= 1
    while sum(cells) < width:
        place = max(range(len(cells)), key=lambda n: exact[n] - cells[n])
        cells[place] += 1
    return cells


def interval(
    glyphs: Glyphs,
    ends: tuple[float, float, float],
    span: tuple[float, float],
    width: int,
    role: Role = "accent",
) -> list[Span]:
    """A value between the low and the high end of its interval, on an axis that runs over `span`: a light line, a heavy
    faded piece, a dot. What lies beyond the axis is drawn at its end."""
    first, last = span
    reach = (last - first) or 1.0
    start, dot, end = (max(0, min(width - 1, round((at - first) / reach * (width - 1)))) for at in ends)
    pieces = (
        Span(glyphs.bar_rest * min(start, dot), "rule"),
        Span(glyphs.bar_full * (dot - start), role, fade=0.35),
        Span(glyphs.dot, role),
        Span(glyphs.bar_full * (end - dot), role, fade=0.35),
        Span(glyphs.bar_rest * (width - 1 - max(end, dot)), "rule"),
    )
    return [piece for piece in pieces if piece.text]
