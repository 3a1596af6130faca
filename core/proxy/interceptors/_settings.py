"""Reading settings and parsed bodies, whose values have no static type."""

from __future__ import annotations

from typing import cast

from ...config.model import Tree


def flag(settings: Tree, name: str) -> bool:
    """A true or false setting."""
    return bool(settings.get(name))


def text(settings: Tree, name: str) -> str:
    """A text; "" when it is not set."""
    value = settings.get(name)
    return "" if value is None else str(value)


def whole(settings: Tree, name: str) -> int | None:
    """A whole number; None when it is not set."""
    value = settings.get(name)
    return int(value) if isinstance(value, int | float) else None


def seconds(settings: Tree, name: str) -> float | None:
    """A number; None when it is not set."""
    value = settings.get(name)
    return float(value) if isinstance(value, int | float) else None


def texts(settings: Tree, name: str) -> tuple[str, ...]:
    """A list of texts; empty when it is not set."""
    return tuple(str(item) for item in as_list(settings.get(name)) or [])


def wholes(settings: Tree, name: str) -> frozenset[int] | None:
    """A list of whole numbers as a set; None when it is not set."""
    found = as_list(settings.get(name))
    return None if found is None else frozenset(item for item in found if isinstance(item, int))


def table(settings: Tree, name: str) -> dict[str, object]:
    """A mapping; empty when it is not set."""
    return as_object(settings.get(name)) or {}


def as_object(value: object) -> dict[str, object] | None:
    """`value` if it is a JSON object."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def as_list(value: object) -> list[object] | None:
    """`value` if it is a JSON array."""
    return cast("list[object]", value) if isinstance(value, list) else None


def objects(value: object) -> list[dict[str, object]]:
    """The objects in `value` if it is a JSON array."""
    return [item for item in map(as_object, as_list(value) or []) if item is not None]
