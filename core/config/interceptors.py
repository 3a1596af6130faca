"""Which interceptors there are: every one, built in or not, is an entry point of one group, named like itself.

So the settings of interceptors can be checked here without knowing the room in which they work.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

from .model import Tree

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "evaldock.interceptors"
IMPLIED = "endpoint"
"""Accepted in every list and always there: the endpoint itself."""


@cache
def _points() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP)}


def known_names() -> list[str]:
    """The names of all interceptors that are installed."""
    return sorted(_points())


@cache
def find_class(name: str) -> type[object] | None:
    """The class of an interceptor; None when there is none of this name. Raises what a broken plug-in raises."""
    point = _points().get(name)
    if point is None:
        return None
    found: object = point.load()
    if not isinstance(found, type):
        raise TypeError(f"{point.value} is not a class")
    return cast("type[object]", found)


def forget() -> None:
    """Look again at what is installed the next time."""
    _points.cache_clear()
    find_class.cache_clear()


def fields_of(kind: type[object]) -> dict[str, Tree]:
    """The JSON Schema of each setting of an interceptor, by name; one without `default` is required."""
    fields: object = getattr(kind, "fields", None)
    return cast("dict[str, Tree]", fields) if isinstance(fields, dict) else {}
