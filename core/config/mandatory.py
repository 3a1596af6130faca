"""Sections that must be there, and `???` values that nobody has filled in."""

from __future__ import annotations

from dataclasses import replace

from .model import ConfigProblem, Origin
from .node import MANDATORY, Node, Steps, child, format_steps, put, rebuild

_SECTIONS: tuple[Steps, ...] = (("execution",), ("target", "api_endpoint"), ("evaluation",))


def with_sections(root: Node, start: Origin) -> Node:
    """`root` with mappings for absent and empty sections, so that what is missing is named to the last key."""
    for steps in _SECTIONS:
        for length in range(1, len(steps) + 1):
            parent = child(root, *steps[: length - 1])
            if parent is None or not isinstance(parent.value, dict):
                break
            found = parent.value.get(str(steps[length - 1]), Node(None, start))
            if found.value is None:
                root = put(root, steps[:length], replace(found, value={}))
    return root


def mark_mandatory(root: Node) -> tuple[Node, list[ConfigProblem]]:
    """`root` with each remaining `???` marked broken, and a problem for each."""
    problems: list[ConfigProblem] = []

    def mark(node: Node, steps: Steps) -> Node:
        if node.value != MANDATORY or node.broken:
            return node
        path = format_steps(steps)
        message = f"is mandatory and has no value; set it in the config, or with -o {path}=..."
        problems.append(ConfigProblem(message, path, node.origin))
        return replace(node, broken=True)

    return rebuild(root, (), mark), problems
