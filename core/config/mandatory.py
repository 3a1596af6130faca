"""Sections that must be there, and `???` values that nobody has filled in."""

from __future__ import annotations

from dataclasses import replace

from .model import ConfigProblem, Origin
from .node import MANDATORY, Node, Steps, child, format_steps, put

_SECTIONS: tuple[Steps, ...] = (("execution",), ("target", "api_endpoint"), ("evaluation",))


def with_sections(root: Node, start: Origin) -> Node:
    """`root` with empty mappings for absent sections, so that what is missing in them is named to the last key."""
    for steps in _SECTIONS:
        for length in range(1, len(steps) + 1):
            parent = child(root, *steps[: length - 1])
            if parent is not None and isinstance(parent.value, dict) and steps[length - 1] not in parent.value:
                root = put(root, steps[:length], Node({}, start))
    return root


def mark_mandatory(root: Node) -> tuple[Node, list[ConfigProblem]]:
    """`root` with each remaining `???` marked broken, and a problem for each."""
    problems: list[ConfigProblem] = []
    return _mark(root, (), problems), problems


def _mark(node: Node, steps: Steps, problems: list[ConfigProblem]) -> Node:
    if isinstance(node.value, dict):
        return replace(node, value={key: _mark(below, (*steps, key), problems) for key, below in node.value.items()})
    if isinstance(node.value, list):
        return replace(node, value=[_mark(below, (*steps, i), problems) for i, below in enumerate(node.value)])
    if node.value != MANDATORY or node.broken:
        return node
    path = format_steps(steps)
    problems.append(
        ConfigProblem(f"is mandatory and has no value; set it in the config, or with -o {path}=...", path, node.origin)
    )
    return replace(node, broken=True)
