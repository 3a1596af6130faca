"""Differences in words: shares in percentage points, anything else in its own unit."""

from __future__ import annotations

from ...catalog.measure import Unit
from .model import Difference


def signed(value: float | None, unit: str) -> str:
    """`+5.9 pp`, `-0.031`; "" for None. The minus is a hyphen, which every terminal and file has."""
    if value is None:
        return ""
    return f"{100 * value:+.1f} pp" if unit == Unit.FRACTION else f"{value:+.3g}{_suffix(unit)}"


def threshold(value: float, unit: str) -> str:
    """`9.7 pp`, `1 pp`, `0.35 pp`."""
    if unit != Unit.FRACTION:
        return f"{value:.3g}{_suffix(unit)}"
    points = 100 * value
    text = f"{points:.1f}" if points >= 1 else f"{points:.2g}"
    return f"{text.removesuffix('.0')} pp"


def span(row: Difference) -> str:
    """`+5.9 pp, between +0.4 and +11.3`."""
    if row.low is None or row.high is None:
        return signed(row.delta, row.unit)
    return f"{signed(row.delta, row.unit)}, between {' and '.join(ends(row.low, row.high, row.unit))}"


def ends(low: float, high: float, unit: str) -> tuple[str, str]:
    """Both ends of an interval, without their unit."""
    if unit != Unit.FRACTION:
        return f"{low:+.3g}", f"{high:+.3g}"
    digits = 2 if high - low < 0.01 else 1
    return f"{100 * low:+.{digits}f}", f"{100 * high:+.{digits}f}"


def figure(value: float | None, unit: str) -> str:
    """A figure as it stands in a table."""
    if value is None:
        return "–"
    return f"{value:.3f}" if unit == Unit.FRACTION or abs(value) < 1000 else f"{value:,.0f}"


def chance(p: float | None) -> str:
    """A p value."""
    return "" if p is None else "<.001" if p < 0.001 else f"{p:.3f}"


def paired(row: Difference) -> str:
    """`198 pairs, 1 left out; 20 fixed, 9 broke`; "" where nothing is paired."""
    if row.pairs is None:
        return ""
    words = f"{row.pairs:,} pairs"
    if row.left_out:
        words += f", {row.left_out:,} left out"
    return f"{words}; {row.fixed:,} fixed, {row.broke:,} broke"


def differently(row: Difference) -> str:
    """`answered differently: 37 of 198`; "" when the answers of both are not written down."""
    if row.changed is None or row.asked is None:
        return ""
    limits = "" if row.written else " prompts that were written down"
    return f"answered differently: {row.changed:,} of {row.asked:,}{limits}"


def _suffix(unit: str) -> str:
    return " s" if unit == Unit.SECONDS else ""
