"""A configuration tree that remembers where every value was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from operator import is_
from typing import TypeAlias

from .model import Origin

Scalar: TypeAlias = str | int | float | bool | None
Value: TypeAlias = Scalar | dict[str, "Node"] | list["Node"]
Steps: TypeAlias = tuple[str | int, ...]
"""A place in the tree: str for a key of a mapping, int for an index of a list."""

MANDATORY = "???"
MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Node:
    """One value.

    `key` is where its key stands, `raw` the text of an unquoted scalar. `shown` is the text to show and to
    store instead of a value that an interpolation computed, `env` the environment variables read for it.
    A `broken` node has been reported already; nobody should complain about its value again.
    """

    value: Value
    origin: Origin
    key: Origin | None = None
    raw: str | None = None
    shown: str | None = None
    env: frozenset[str] = frozenset()
    broken: bool = False

    @property
    def is_open(self) -> bool:
        """Nothing stands here yet: null, or the mandatory mark."""
        return self.value is None or self.value == MANDATORY


def child(node: Node | None, *steps: str | int) -> Node | None:
    """The node at `steps` below `node`; None when any step is absent."""
    for step in steps:
        if node is None:
            return None
        value = node.value
        if isinstance(value, dict):
            node = value.get(str(step))
        elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
            node = value[step]
        else:
            return None
    return node


def nearest(node: Node, steps: Steps) -> Node:
    """The deepest node on the way to `steps`."""
    for step in steps:
        below = child(node, step)
        if below is None:
            return node
        node = below
    return node


def walk(node: Node, steps: Steps = ()) -> Iterator[tuple[Steps, Node]]:
    """`node` and everything below it, parents first."""
    yield steps, node
    if isinstance(node.value, dict):
        for key, below in node.value.items():
            yield from walk(below, (*steps, key))
    elif isinstance(node.value, list):
        for index, below in enumerate(node.value):
            yield from walk(below, (*steps, index))


def plain(node: Node, *, shown: bool = False) -> object:
    """Ordinary dicts, lists and scalars; with `shown`, text that reads the environment stays unresolved."""
    value = node.value
    if shown and node.shown is not None:
        return node.shown
    if isinstance(value, dict):
        return {key: plain(below, shown=shown) for key, below in value.items()}
    if isinstance(value, list):
        return [plain(below, shown=shown) for below in value]
    return value


def merge(base: Node | None, over: Node) -> Node:
    """`over` laid on `base`: mappings merge key by key, everything else is replaced."""
    if base is None or not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    merged = dict(base.value)
    for key, below in over.value.items():
        merged[key] = merge(merged.get(key), below)
    return replace(over, value=merged)


def put(root: Node, steps: Steps, node: Node) -> Node:
    """`root` with `node` at `steps`, mappings made on the way where nothing stands."""
    if not steps:
        return node
    head, rest = steps[0], steps[1:]
    if isinstance(root.value, list) and isinstance(head, int):
        items = list(root.value)
        items[head] = put(items[head], rest, node)
        return replace(root, value=items)
    below = dict(root.value) if isinstance(root.value, dict) else {}
    below[str(head)] = put(below.get(str(head)) or Node({}, node.origin), rest, node)
    return replace(root, value=below)


def rebuild(node: Node, steps: Steps, change: Callable[[Node, Steps], Node]) -> Node:
    """`node` with `change` applied to every scalar in it; parts in which nothing changes are shared."""
    old = node.value
    if isinstance(old, dict):
        mapping = {key: rebuild(below, (*steps, key), change) for key, below in old.items()}
        return node if all(mapping[key] is old[key] for key in old) else replace(node, value=mapping)
    if isinstance(old, list):
        items = [rebuild(below, (*steps, index), change) for index, below in enumerate(old)]
        return node if all(map(is_, items, old)) else replace(node, value=items)
    return change(node, steps)


def format_steps(steps: Steps) -> str:
    """`evaluation.tasks[0].name`, safe to print."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + printable(step)
    return text


def printable(text: str, limit: int = 80) -> str:
    """`text` on one line without control characters, cut to `limit` characters."""
    safe = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: limit + 1])
    return safe if len(text) <= limit else safe[:limit] + "…"
