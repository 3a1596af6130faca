"""From parsed JSON, which may be anything, to plain values: what is of another kind becomes an empty one."""

from __future__ import annotations

import math
from typing import cast

Json = dict[str, object]
"""A JSON object."""


def as_tree(value: object) -> Json:
    """`value` if it is an object, else {}."""
    return cast(Json, value) if isinstance(value, dict) else {}


def as_items(value: object) -> list[object]:
    """`value` if it is an array, else []."""
    return cast("list[object]", value) if isinstance(value, list) else []


def as_text(value: object) -> str:
    """`value` if it is a string, else ""."""
    return value if isinstance(value, str) else ""


def as_whole(value: object) -> int | None:
    """`value` if it is a whole number from 0 that 64 bits hold, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63 else None


def as_amount(value: object) -> float | None:
    """`value` if it is a finite number from 0 that fits into a float, else None."""
    found = as_number(value)
    return float(found) if found is not None and found >= 0 else None


def as_number(value: object) -> float | int | None:
    """`value` if it is a finite number that fits into a float, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:
        return None
