"""Mappings of a YAML text as pieces of that text, so that they can be put together anew with comments and quotes kept.

A piece is what stands after `key:` up to the end of its last line, comments at line ends included. Comment lines above
a key go where the key goes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import yaml

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass
class Piece:
    """A value that is moved as it stands: the rest of the key's line, and the lines below without the key's indent."""

    first: str
    more: list[str] = field(default_factory=list[str])
    above: list[str] = field(default_factory=list[str])


@dataclass
class Branch:
    """A mapping that is taken apart. `first` is what stands behind its key, a comment at most."""

    first: str = ""
    below: dict[str, Branch | Piece] = field(default_factory=dict[str, "Branch | Piece"])
    above: list[str] = field(default_factory=list[str])


class Source:
    """A text (with `\\n` line ends) and the lines of it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")

    def branch(self, key: yaml.Node, node: yaml.MappingNode, above: list[str]) -> Branch:
        """A mapping as a tree; only block and flow mappings are taken apart, all other values stay pieces."""
        if node.flow_style:
            rest = self.lines[node.end_mark.line][node.end_mark.column :].rstrip()
            found = Branch(rest if rest.lstrip().startswith("#") else "", above=above)
        else:
            rest = self.lines[key.end_mark.line][key.end_mark.column :].lstrip().removeprefix(":")
            found = Branch(rest.rstrip(), above=above)
        last = key.end_mark.line
        for inner, value in cast("list[tuple[yaml.Node, yaml.Node]]", node.value):
            comments = self._comments(last + 1, inner.start_mark.line) if not node.flow_style else []
            name = str(inner.value)
            if isinstance(value, yaml.MappingNode) and value.value:
                found.below[name] = self.branch(inner, value, comments)
            else:
                found.below[name] = self._piece(inner, value, comments, flow=bool(node.flow_style))
            last = self.last_line(value)
        return found

    def last_line(self, node: yaml.Node) -> int:
        """The number of the last line (from 0) that a value has something on."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self.last_line(cast("yaml.Node", last[1] if isinstance(last, tuple) else last))
        line: int = node.end_mark.line
        if node.end_mark.column == 0 and line > node.start_mark.line:
            line -= 1
        while line > node.start_mark.line and not self.lines[line].strip():
            line -= 1
        return line

    def _piece(self, key: yaml.Node, value: yaml.Node, above: list[str], *, flow: bool) -> Piece:
        if flow:
            text = self.text[value.start_mark.index : value.end_mark.index]
            return Piece(f" {text}" if text else "", above=above)
        last = self.last_line(value)
        first = self.lines[key.end_mark.line][key.end_mark.column :].lstrip().removeprefix(":")
        indent = key.start_mark.column
        lines = self.lines[key.end_mark.line + 1 : last + 1]
        more = [line[min(indent, len(line) - len(line.lstrip(" "))) :] for line in lines]
        return Piece(first.rstrip(), more, above)

    def _comments(self, start: int, end: int) -> list[str]:
        return [line.strip() for line in self.lines[start:end] if line.strip().startswith("#")]


def lay(tree: Branch, path: Sequence[str], value: Branch | Piece) -> None:
    """Put `value` at `path` of `tree`: mappings are merged, everything else is replaced."""
    head, *rest = path
    here = tree.below.get(head)
    if not rest:
        if isinstance(here, Branch) and isinstance(value, Branch):
            here.above += value.above
            for name, below in value.below.items():
                lay(here, (name,), below)
        else:
            tree.below[head] = value
        return
    if not isinstance(here, Branch):
        here = tree.below[head] = Branch()
    lay(here, rest, value)


def as_block(tree: Branch, indent: int, step: int) -> list[str]:
    """The lines of what is below `tree`, at `indent`."""
    pad = " " * indent
    lines: list[str] = []
    for name, value in tree.below.items():
        lines += [f"{pad}{comment}" for comment in value.above]
        lines.append(f"{pad}{_key(name)}:{value.first}")
        if isinstance(value, Branch):
            lines += as_block(value, indent + step, step)
        else:
            lines += [f"{pad}{line}" if line.strip() else "" for line in value.more]
    return lines


def as_flow(tree: Branch) -> str:
    """The same in braces on one line."""
    inner = (f"{_key(n)}: {as_flow(v) if isinstance(v, Branch) else v.first.strip()}" for n, v in tree.below.items())
    return "{" + ", ".join(inner) + "}"


def _key(name: str) -> str:
    return name if _PLAIN_KEY.fullmatch(name) else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
