"""Durations and sizes as people write them. Sizes are binary everywhere: 1 KiB is 1024 bytes."""

from __future__ import annotations

import re

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SIZES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_POWERS = {unit[0].lower(): power for power, unit in enumerate(_SIZES)}


def seconds(value: object) -> float | None:
    """Seconds of a number or of a text such as `2h` or `1h30m`; None when it is neither."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    if not isinstance(value, str) or not re.fullmatch(r" *(\d{1,12}(\.\d{1,12})? *[smhdw] *)+", value, re.ASCII):
        return None
    found = re.findall(r"(\d+(?:\.\d+)?) *([smhdw])", value)
    return sum(float(number) * _SECONDS[unit] for number, unit in found)


def parse_size(value: object) -> int | None:
    """Bytes of a number or of a text such as `512m`, `2G` or `8GiB`; None when it is neither."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return int(value)
    if not isinstance(value, str):
        return None
    match = re.fullmatch(r" *(\d{1,12}(?:\.\d{1,12})?) *([bkmgt]?)(?:i?b)? *", value.lower(), re.ASCII)
    return int(float(match[1]) * 1024 ** _POWERS[match[2] or "b"]) if match else None


def size_parts(size: float, digits: int = 2) -> tuple[str, str]:
    """Number, to at least `digits` digits, and unit: `3.1` and `GiB`, `812` and `MiB`."""
    value, power = max(0.0, float(size)), 0
    while value >= 999.5 and power < len(_SIZES) - 1:
        value, power = value / 1024, power + 1
    if power == 0:
        return str(int(value)), _SIZES[0]
    whole, _, _ = f"{value:.{digits - 1}f}".partition(".")
    return f"{value:.{max(0, digits - len(whole))}f}", _SIZES[power]


def size(size: float, digits: int = 2) -> str:
    """`3.1 GiB`; with three digits `3.14 GiB`."""
    return " ".join(size_parts(size, digits))
