"""A composed config as YAML in which every value says where it was written. Secret-looking values are masked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import cast

from ..config.model import Config, Origin
from ..config.node import Node, child, format_steps, plain, walk
from .mask import masked_tree
from .trees import tree_lines

_WIDEST = 60  # where the origins stand at the latest


def render_traced(config: Config, root: Node, *, origins: bool = True) -> str:
    """The config as YAML; with `origins`, each value has its own in a comment (file:line, or the override)."""
    lines = list(_lines(root))
    if not origins:
        return "".join(f"{text}\n" for text, _ in lines)
    width = max((len(text) for text, origin in lines if origin and len(text) <= _WIDEST), default=0)
    head = [f"# {source}" for source in config.sources]
    body = [f"{text.ljust(width)}  # {_shown(origin)}" if origin else text for text, origin in lines]
    return "".join(f"{line}\n" for line in (*head, *body))


def origins_of(root: Node) -> dict[str, str]:
    """Where each single value was written, by its path (`evaluation.tasks[0].name`)."""
    return {format_steps(steps): _shown(node.origin) for steps, node in walk(root) if not _holds(node)}


def _masked(root: Node) -> object:
    return masked_tree(cast("Mapping[str, object]", plain(root, shown=True)))


def _lines(root: Node) -> Iterator[tuple[str, Origin | None]]:
    """The lines of the config, each with where its value was written."""
    for line in tree_lines(_masked(root)):
        node = None if line.is_head else child(root, *line.steps)
        yield line.text, node.origin if node else None


def _holds(node: Node) -> bool:
    return isinstance(node.value, (dict, list)) and bool(node.value) and node.shown is None


def _shown(origin: Origin) -> str:
    """The origin without its column, its file as seen from here when it is below."""
    file = os.path.relpath(origin.file) if os.path.isabs(origin.file) else origin.file
    name = origin.file if file.startswith("..") else file
    return f"{name}:{origin.line}" if origin.line else name
