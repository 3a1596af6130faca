"""Older spellings in the text of a config become today's; everything else in the file stays as it is, byte for byte.

- bare names under `env_vars` (`HF_TOKEN: MY_TOKEN`) become `host:MY_TOKEN`
- `overrides` with dotted keys become part of `nemo_evaluator_config`, nested

That is how nemo-evaluator-launcher 0.2 wants both, and evaldock reads either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import yaml

from .block_text import Branch, Source, as_block, as_flow, lay
from .dotted import nest_overrides
from .env_values import env_values
from .model import ConfigError, ConfigProblem, Origin
from .node import Node, child, plain
from .typed import run_config
from .yaml_nodes import decode, parse_yaml

OLD, NEW = "overrides", "nemo_evaluator_config"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_Pairs = dict[str, tuple[yaml.Node, yaml.Node]]


@dataclass(frozen=True)
class Rewrite:
    """One thing that was respelled: where (a line, from 1) and how."""

    line: int
    what: str


@dataclass(frozen=True)
class _Edit:
    start: int
    end: int
    text: str
    change: Rewrite | None = None


def convert_text(data: bytes, shown: str) -> tuple[str, list[Rewrite]]:
    """The file's text in today's spelling, and what was changed. Raises ConfigError for what cannot be converted."""
    written = decode(data, shown)
    text = written.replace("\r\n", "\n")
    before = _parsed(text, shown)
    converter = _Converter(text, shown)
    edits = {edit.start: edit for edit in converter.edits()}
    for start in sorted(edits, reverse=True):
        edit = edits[start]
        text = text[:start] + edit.text + text[edit.end :]
    _require_same(before, _parsed(text, shown), shown)
    changes = sorted((e.change for e in edits.values() if e.change), key=lambda change: change.line)
    return text.replace("\n", "\r\n") if "\r\n" in written else text, changes


class _Converter:
    """Finds what to respell in one text."""

    def __init__(self, text: str, shown: str) -> None:
        self._source = Source(text)
        self._shown = shown
        events = cast("Iterator[Any]", yaml.parse(text, yaml.SafeLoader))
        self._shared: list[int] = [event.start_mark.index for event in events if _is_shared(event)]

    def edits(self) -> Iterator[_Edit]:
        """All of them; none overlaps another."""
        root = _pairs(yaml.compose(self._source.text, yaml.SafeLoader))
        evaluation = _pairs(_value(root, "evaluation"))
        listed = _value(evaluation, "tasks")
        tasks = cast("list[yaml.Node]", listed.value) if isinstance(listed, yaml.SequenceNode) else []
        yield from self._variables(_value(root, "env_vars"))
        yield from self._variables(_value(_pairs(_value(root, "export")), "env_vars"))
        for owner in (_value(root, "evaluation"), *tasks):
            yield from self._variables(_value(_pairs(owner), "env_vars"))
            yield from self._overrides(owner)

    def _variables(self, node: yaml.Node | None) -> Iterator[_Edit]:
        for key, value in _pairs(node).values():
            if isinstance(value, yaml.ScalarNode) and value.tag.endswith(":str") and _NAME.fullmatch(value.value):
                at = value.start_mark.index + (1 if value.style else 0)
                change = Rewrite(value.start_mark.line + 1, f"{key.value}: {value.value} -> host:{value.value}")
                yield _Edit(at, at, "host:", change)

    def _overrides(self, owner: yaml.Node | None) -> Iterator[_Edit]:
        pairs = _pairs(owner)
        if OLD not in pairs or not isinstance(owner, yaml.MappingNode):
            return
        key, node = pairs[OLD]
        parts = [pairs[name] for name in (NEW, OLD) if name in pairs]
        if any(start <= place < end for start, end in map(self._range, parts) for place in self._shared):
            raise self._cannot(key, "has an anchor or an alias in it")
        if owner.flow_style and len(parts) > 1:
            raise self._cannot(key, f"is in braces next to {NEW}")
        if not isinstance(node, yaml.MappingNode):
            return
        tree = Branch()
        for part_key, part in parts:
            if isinstance(part, yaml.MappingNode):
                self._lay_all(tree, part_key, part, dotted=part_key is key)
        change = Rewrite(key.start_mark.line + 1, f"{OLD} -> {NEW}")
        if owner.flow_style:
            yield _Edit(key.start_mark.index, node.end_mark.index, f"{NEW}: {as_flow(tree)}", change)
            return
        first, *later = sorted(parts, key=lambda part: part[0].start_mark.index)
        column = first[0].start_mark.column
        lines = [f"{NEW}:{tree.first}", *as_block(tree, column + 2, 2)] if tree.below else [f"{NEW}: {{}}"]
        start, end = self._range(first)
        yield _Edit(start, end, "\n".join(lines), change)
        for part in later:
            start, end = self._range(part)
            yield _Edit(start - part[0].start_mark.column, min(end + 1, len(self._source.text)), "")

    def _lay_all(self, tree: Branch, key: yaml.Node, node: yaml.MappingNode, *, dotted: bool) -> None:
        branch = self._source.branch(key, node, [])
        tree.first = tree.first or branch.first
        for name, value in branch.below.items():
            lay(tree, name.split(".") if dotted else [name], value)

    def _range(self, part: tuple[yaml.Node, yaml.Node]) -> tuple[int, int]:
        """From the key to the end of the last line that the value is on, or of the value in braces."""
        key, value = part
        last = max(self._source.last_line(value), key.end_mark.line)
        end = sum(len(line) + 1 for line in self._source.lines[:last]) + len(self._source.lines[last])
        return key.start_mark.index, end

    def _cannot(self, node: yaml.Node, why: str) -> ConfigError:
        origin = Origin(self._shown, node.start_mark.line + 1, node.start_mark.column + 1)
        return ConfigError([ConfigProblem(f"{why}; convert it by hand, nothing was changed", OLD, origin)])


def _is_shared(event: object) -> bool:
    return isinstance(event, yaml.AliasEvent) or bool(getattr(event, "anchor", None))


def _pairs(node: yaml.Node | None) -> _Pairs:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {str(key.value): (key, value) for key, value in cast("list[tuple[yaml.Node, yaml.Node]]", node.value)}


def _value(pairs: _Pairs, key: str) -> yaml.Node | None:
    return pairs[key][1] if key in pairs else None


def _parsed(text: str, shown: str) -> Node:
    """The text as evaldock reads it. Raises ConfigError."""
    root, problems = parse_yaml(text, lambda line, column: Origin(shown, line + 1, column + 1))
    root = nest_overrides(root, problems)
    if problems:
        raise ConfigError(problems)
    return root


def _require_same(before: Node, after: Node, shown: str) -> None:
    """A conversion must not change what a config means; settings in several places may depend on their spelling."""
    if _meaning(before) != _meaning(after):
        message = (
            f"a setting stands both in {OLD} and in {NEW}, of evaluation and of a task, and means something else "
            "when they are joined; keep one of them. Nothing was changed"
        )
        raise ConfigError([ConfigProblem(message, "evaluation", Origin(shown))])


def _meaning(root: Node) -> list[object]:
    evaluation = child(root, "evaluation")
    listed = child(evaluation, "tasks")
    tasks = listed.value if listed is not None and isinstance(listed.value, list) else []
    owners = [root, *(node for node in (evaluation, *tasks) if node is not None)]
    found: list[object] = [env_values(child(owner, "env_vars"), (), []) for owner in owners]
    layers = [run_config(evaluation, task) for task in (*tasks, Node({}, root.origin))]
    return [*found, *(None if layer is None else plain(layer) for layer in layers)]
