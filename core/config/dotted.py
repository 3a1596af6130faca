"""Task `overrides`: dotted keys (`config.params.x`) and nested mappings mean the same.

Inside the room they are always nested, so that files, `-o` and the schema meet; a stored config has them dotted.
"""

from __future__ import annotations

from dataclasses import replace

from .model import ConfigProblem
from .node import MAX_DEPTH, Node, Steps, child, format_steps, merge, nearest, put, walk


def nest_overrides(root: Node, problems: list[ConfigProblem] | None = None) -> Node:
    """`root` with all `overrides` nested.

    With `problems`, a setting given in both spellings is reported; without, the later one wins.
    """
    for steps in _places(root):
        node = child(root, *steps)
        if node is not None and isinstance(node.value, dict) and any("." in key for key in node.value):
            root = put(root, steps, _nest(node, steps, problems))
    return root


def flatten_overrides(root: Node) -> Node:
    """`root` with all `overrides` dotted."""
    for steps in _places(root):
        node = child(root, *steps)
        if node is not None and isinstance(node.value, dict):
            root = put(root, steps, replace(node, value=_flat(node.value)))
    return root


def _places(root: Node) -> list[Steps]:
    tasks = child(root, "evaluation", "tasks")
    count = len(tasks.value) if tasks is not None and isinstance(tasks.value, list) else 0
    places: list[Steps] = [("evaluation", "overrides")]
    places += [("evaluation", "tasks", index, "overrides") for index in range(count)]
    return places


def _nest(node: Node, place: Steps, problems: list[ConfigProblem] | None) -> Node:
    assert isinstance(node.value, dict)
    found: list[ConfigProblem] = []
    nested = replace(node, value={})
    for key, value in node.value.items():
        parts = tuple(key.split("."))
        at = value.key or value.origin
        if "" in parts or len(parts) > MAX_DEPTH // 2:
            message = "is not a dotted path such as config.params.x"
            found.append(ConfigProblem(message, format_steps((*place, key)), at))
            continue
        if _clashes(nested, parts, value):
            message = "is given twice, in two spellings; keep one of them"
            found.append(ConfigProblem(message, format_steps((*place, *parts)), at))
        wrapped = value
        for part in reversed(parts):
            wrapped = Node({part: replace(wrapped, key=at)}, at)
        nested = merge(nested, replace(wrapped, origin=node.origin, key=node.key))
    if problems is not None:
        problems += found
    return nested


def _clashes(nested: Node, parts: tuple[str, ...], value: Node) -> bool:
    for steps, leaf in walk(value, parts):
        if not isinstance(nearest(nested, steps).value, dict):
            return True
        if child(nested, *steps) is not None and not isinstance(leaf.value, dict):
            return True
    return False


def _flat(tree: dict[str, Node], prefix: str = "") -> dict[str, Node]:
    flat: dict[str, Node] = {}
    for key, node in tree.items():
        below = node.value
        if isinstance(below, dict) and below and not any("." in name for name in below):
            flat.update(_flat(below, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = node
    return flat
