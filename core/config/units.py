"""Durations and sizes as people write them."""

from __future__ import annotations

import re

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def seconds(value: object) -> float | None:
    """Seconds of a number or of a text such as `2h` or `1h30m`; None when it is neither."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    if not isinstance(value, str) or not re.fullmatch(r" *(\d{1,12}(\.\d{1,12})? *[smhd] *)+", value, re.ASCII):
        return None
    found = re.findall(r"(\d+(?:\.\d+)?) *([smhd])", value)
    return sum(float(number) * _SECONDS[unit] for number, unit in found)


def size(value: object) -> int | None:
    """Bytes of a number or of a text such as `512m` or `8GiB`, in powers of 1024; None when it is neither."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return int(value)
    if not isinstance(value, str):
        return None
    match = re.fullmatch(r" *(\d{1,12}(?:\.\d{1,12})?) *([bkmgt]?)(?:i?b)? *", value.lower(), re.ASCII)
    return int(float(match[1]) * _BYTES[match[2]]) if match else None
