"""A composed config as YAML in which every value says where it was written. Secret-looking values are masked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import cast

from ..config.model import Config, Origin
from ..config.node import Node, Steps, format_steps, plain, walk
from .mask import masked_tree
from .trees import yaml_scalar

_INDENT = 2
_WIDEST = 60  # where the origins stand at the latest


def render_traced(config: Config, root: Node, *, origins: bool = True) -> str:
    """The config as YAML; with `origins`, each value has its own in a comment (file:line, or the override)."""
    lines = list(_lines(_masked(root), root, ()))
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


def _lines(value: object, node: Node, steps: Steps) -> Iterator[tuple[str, Origin | None]]:
    """The lines of one mapping or list; `value` is the masked form of `node`."""
    pad = " " * (_INDENT * len(steps))
    for head, inner, below, step in _children(value, node):
        if _holds(below):
            lines = _lines(inner, below, (*steps, step))
            if isinstance(step, int):
                text, origin = next(lines)
                yield f"{pad}{head}{text.lstrip()}", origin
            else:
                yield f"{pad}{head.rstrip()}", None
            yield from lines
        else:
            yield f"{pad}{head}{yaml_scalar(inner)}", below.origin


def _children(value: object, node: Node) -> Iterator[tuple[str, object, Node, str | int]]:
    if isinstance(node.value, dict):
        tree = cast("Mapping[str, object]", value)
        for key, below in node.value.items():
            yield f"{yaml_scalar(key)}: ", tree[key], below, key
    elif isinstance(node.value, list):
        items = cast("list[object]", value)
        for index, below in enumerate(node.value):
            yield "- ", items[index], below, index


def _holds(node: Node) -> bool:
    return isinstance(node.value, (dict, list)) and bool(node.value) and node.shown is None


def _shown(origin: Origin) -> str:
    """The origin without its column, its file as seen from here when it is below."""
    file = os.path.relpath(origin.file) if os.path.isabs(origin.file) else origin.file
    name = origin.file if file.startswith("..") else file
    return f"{name}:{origin.line}" if origin.line else name
