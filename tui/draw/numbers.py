"""Figures as text. Where a unit is drawn in another colour than its number, a `_parts` form gives (number, unit)."""

from __future__ import annotations

import math
from datetime import tzinfo

from ...core.base.clock import parse_iso
from ...core.base.units import size as size
from ...core.base.units import size_parts as size_parts

MINUTE, HOUR, DAY = 60, 3600, 86400


def elapsed(seconds: float | None) -> str:
    """`41:12`, from an hour `2h04`, from a day `3d`; empty where nothing is known."""
    if seconds is None:
        return ""
    whole = max(0, int(seconds))
    if whole < HOUR:
        return f"{whole // MINUTE:02d}:{whole % MINUTE:02d}"
    if whole < DAY:
        return f"{whole // HOUR}h{whole % HOUR // MINUTE:02d}"
    return f"{whole // DAY}d"


def left_parts(seconds: float) -> tuple[str, str]:
    """`45 s`, `8 m`, from an hour `1h10` without a unit of its own."""
    whole = max(0, math.ceil(seconds))
    if whole < MINUTE:
        return str(whole), "s"
    if whole < HOUR:
        return str(whole // MINUTE), "m"
    if whole < DAY:
        return f"{whole // HOUR}h{whole % HOUR // MINUTE:02d}", ""
    return str(whole // DAY), "d"


def left(seconds: float) -> str:
    """`45s`, `8m`, `1h10`, `2d`."""
    return "".join(left_parts(seconds))


def age(seconds: float) -> str:
    """`now`, `5 m`, `3 h`, `1 d`."""
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return "now"
    if whole < HOUR:
        return f"{whole // MINUTE} m"
    if whole < DAY:
        return f"{whole // HOUR} h"
    return f"{whole // DAY} d"


def latency_parts(seconds: float) -> tuple[str, str]:
    """`410 ms` below a second, else seconds with three digits."""
    if seconds < 0.9995:
        return str(round(seconds * 1000)), "ms"
    return _three(seconds), "s"


def latency(seconds: float) -> str:
    """`410 ms`, `1.9 s`, `12.4 s`."""
    return " ".join(latency_parts(seconds))


def short_size_parts(size: float) -> tuple[str, str]:
    """As `size_parts`, with the one-letter unit of a table: `3.1 G`."""
    number, unit = size_parts(size)
    return number, unit[0]


def rate_parts(per_second: float) -> tuple[str, str]:
    """`4.2 /s`, from a hundred on without decimals; `0` is nothing, `<0.1` next to nothing."""
    if 0 < per_second < 0.05:
        return "<0.1", "/s"
    return (f"{per_second:.1f}" if 0 < per_second < 99.95 else f"{per_second:,.0f}"), "/s"


def rate(per_second: float) -> str:
    """`4.2/s`."""
    return "".join(rate_parts(per_second))


def percent(fraction: float) -> str:
    """`61%`. Never 100 before the end, and never 0 after the start."""
    if 0 < fraction < 0.01:
        return "1%"
    return f"{int(max(0.0, min(fraction, 1.0)) * 100 + 1e-9)}%"


def progress(done: int, total: int | None) -> str:
    """`121/198 61%`, or only the count where the total is not known."""
    return f"{done:,}/{total:,} {percent(done / total)}" if total else f"{done:,}"


def clock(iso: str | None, zone: tzinfo | None = None) -> str:
    """The time of day `11:04:05`, in `zone` (None: the machine's), of a UTC ISO 8601 text; blanks when it is none."""
    moment = parse_iso(iso)
    return f"{moment.astimezone(zone):%H:%M:%S}" if moment is not None else " " * 8


def cpu(value: float) -> str:
    """Percent of one core, whole: `212`."""
    return str(round(value))


def count(number: int) -> str:
    """`14,042`."""
    return f"{number:,}"


def counted(number: int, noun: str = "task") -> str:
    """`1 task`, `3 tasks`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def score(value: float) -> str:
    """`0.781`; figures that are no fraction keep three digits after the point too."""
    return f"{value:.3f}"


def error(stderr: float, plus_minus: str = "±") -> str:
    """`±0.011`."""
    return f"{plus_minus}{stderr:.3f}"


def change(delta: float, minus: str = "−") -> str:
    """`+0.007`, `−0.096`: the sign always."""
    return f"{minus if round(delta, 3) < 0 else '+'}{abs(delta):.3f}"


def tokens(number: int) -> tuple[str, str]:
    """`1.2 M`, `340 k`, `812` without a unit."""
    if number < 1000:
        return str(number), ""
    if number < 999_500:
        return _two(number / 1000), "k"
    return _two(number / 1_000_000), "M"


def _two(value: float) -> str:
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def _three(value: float) -> str:
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"
