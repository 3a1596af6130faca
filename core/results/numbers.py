"""Narrowing of parsed YAML and JSON from a container, which may be anything at all, to plain values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import cast

# Deeper trees than this are no results; the bound keeps a hostile file from exhausting the stack.
MAX_DEPTH = 40

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_LONGEST = 80
_SHOWN = 40


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
    """A finite float, or None: true and false, NaN and infinities are no numbers.

    Texts that are numbers are: PyYAML takes 1e-05 for text, and harnesses that know no numpy write its numbers so.
    """
    if isinstance(value, str):
        value = float(value) if len(value) <= _LONGEST and _NUMBER.fullmatch(value.strip()) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def unknown_value(value: object) -> str:
    """What stands in the place of a figure, for one that is no number: `NaN`, `null`, 'n/a'."""
    if value is None:
        return "null"
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "infinite"
    if isinstance(value, str):
        return f"'{printable(value[:_SHOWN])}'"
    return "no number"


def is_infinite(value: object) -> bool:
    """Whether this is NaN or an infinity, as a number or as a text."""
    if isinstance(value, str):
        return value.strip().lstrip("+-.").lower() in ("nan", "inf", "infinity")
    return isinstance(value, float) and not math.isfinite(value)


def as_count(value: object) -> int | None:
    """A whole number >= 0, or None."""
    number = as_number(value)
    if number is None or number < 0 or number != int(number):
        return None
    return int(number)


def printable(text: str) -> str:
    """`text` with everything that could steer a terminal replaced: names come from the container."""
    return "".join(character if character.isprintable() else "?" for character in text)
