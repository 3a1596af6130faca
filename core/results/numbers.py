"""Narrowing of parsed YAML and JSON from a container, which may be anything at all, to plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import cast

# Deeper trees than this are no results; the bound keeps a hostile file from exhausting the stack.
MAX_DEPTH = 40


def as_mapping(tree: object) -> Mapping[str, object]:
    """`tree` with its keys as text if it is a mapping, else an empty mapping."""
    if not isinstance(tree, Mapping):
        return {}
    return {_text(key): value for key, value in cast(Mapping[object, object], tree).items()}


def _text(key: object) -> str:
    try:
        return str(key)
    except ValueError:  # a number with more digits than Python writes
        return "?"


def as_number(value: object) -> float | None:
    """A finite float, or None: true and false, texts, NaN and infinities are no numbers."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def as_count(value: object) -> int | None:
    """A whole number >= 0, or None."""
    number = as_number(value)
    if number is None or number < 0 or number != int(number):
        return None
    return int(number)


def printable(text: str) -> str:
    """`text` with everything that could steer a terminal replaced: names come from the container."""
    return "".join(character if character.isprintable() else "?" for character in text)
