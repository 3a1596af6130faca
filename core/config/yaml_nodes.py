"""YAML text becomes a tree of nodes with positions.

The tree is built from libyaml's events by hand: that gives positions, finds duplicate keys and bounds what
aliases and nesting may expand to before it is built. Scalars follow YAML 1.1 as Hydra and OmegaConf read it:
timestamps are text and `1e-7` is a number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from ..base.plain_yaml import LONGEST_NUMBER
from .model import ConfigError, ConfigProblem, Origin
from .node import MAX_DEPTH, Node, Scalar, Value, format_steps, printable

MAX_BYTES = 1_000_000
MAX_NODES = 100_000
MAX_ALIASED = 10_000

_TAG = "tag:yaml.org,2002:"
_EXPONENT = re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+")
_Place = Callable[[int, int], Origin]


def read_yaml_file(path: Path, shown: str, *, pipe: bool = False) -> tuple[Node, list[ConfigProblem]]:
    """The tree of one file, and what is wrong with it short of being unreadable.

    Raises ConfigError when no tree can be made of it. `shown` is the name for messages. `pipe`: it may be one, for the
    user named it; what another file names must be a regular file.
    """
    text = decode(_read(path, shown, pipe), shown)
    return parse_yaml(text, lambda line, column: Origin(shown, line + 1, column + 1))


def parse_yaml(text: str, place: _Place) -> tuple[Node, list[ConfigProblem]]:
    """As `read_yaml_file`, for text; `place` turns a 0-based line and column into an Origin."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ConfigError([ConfigProblem("is not UTF-8 text", origin=place(0, 0))]) from None
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        builder = _Builder(loader(text), place)
        return builder.document(), builder.problems
    except yaml.YAMLError as error:
        raise ConfigError([_syntax_problem(error, text, place)]) from None


def _read(path: Path, shown: str, pipe: bool) -> bytes:
    at = Origin(shown)
    try:
        if not pipe and path.exists() and not path.is_file() and not path.is_dir():
            raise ConfigError([ConfigProblem("is a pipe or a device, expected a YAML file", origin=at)])
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise ConfigError([ConfigProblem("is a directory, expected a YAML file", origin=at)]) from None
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise ConfigError([ConfigProblem(f"cannot be read: {reason}", origin=at)]) from None
    except ValueError:
        raise ConfigError([ConfigProblem("is not a usable file name", origin=at)]) from None
    if len(data) > MAX_BYTES:
        raise ConfigError(
            [ConfigProblem("is larger than 1 MB, which no evaluation config needs; is it the right file?", origin=at)]
        )
    return data


def decode(data: bytes, shown: str) -> str:
    """The text of a file. Raises ConfigError for what is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        message = f"is not UTF-8: the byte 0x{data[error.start]:02x} has no meaning here; save the file as UTF-8"
        raise ConfigError([ConfigProblem(message, origin=Origin(shown, line, column))]) from None


def _syntax_problem(error: yaml.YAMLError, text: str, place: _Place) -> ConfigProblem:
    mark: Any = getattr(error, "problem_mark", None)
    if mark is None:
        return ConfigProblem("is not YAML: it contains a control character, such as NUL or ESC", origin=place(0, 0))
    line, column = int(mark.line), int(mark.column)
    lines = text.splitlines()
    here = lines[line] if line < len(lines) else ""
    if "\t" in here[: column + 1] and not here[: column + 1].strip(" \t-"):
        message = "a tab stands where YAML allows only spaces; indent with spaces"
    else:
        context = getattr(error, "context", None)
        message = f"is not valid YAML: {getattr(error, 'problem', None) or 'unreadable'}"
        message += f" ({context})" if context else ""
    return ConfigProblem(message, origin=place(line, column))


@dataclass
class _Open:
    """A mapping or list whose end has not been seen."""

    start: Origin
    value: Value
    anchor: str | None
    size: int = 1
    key: str | None = None
    key_origin: Origin | None = None
    merges: list[Node] = field(default_factory=list[Node])


class _Builder:
    def __init__(self, loader: Any, place: _Place) -> None:
        self.loader = loader
        self.place = place
        self.problems: list[ConfigProblem] = []
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.nodes = 0
        self.aliased = 0
        self.root: Node | None = None

    def document(self) -> Node:
        """The one document of the stream; an empty stream is an empty mapping."""
        documents = 0
        while self.loader.check_event():
            event: Any = self.loader.get_event()
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.fail("a second YAML document begins here; a config is one document", event)
            else:
                self.event(event)
        empty = self.root is None or (self.root.value is None and not self.root.raw)
        return Node({}, self.place(0, 0)) if empty or self.root is None else self.root

    def event(self, event: Any) -> None:
        """Take one parser event."""
        if isinstance(event, yaml.ScalarEvent):
            self.scalar(event)
        elif isinstance(event, yaml.AliasEvent):
            self.alias(event)
        elif isinstance(event, yaml.MappingStartEvent):
            self.begin(event, {})
        elif isinstance(event, yaml.SequenceStartEvent):
            self.begin(event, [])
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self.end()

    def begin(self, event: Any, value: Value) -> None:
        """A mapping or list starts."""
        if event.tag and event.tag not in (f"{_TAG}map", f"{_TAG}seq"):
            self.fail(f"the tag {printable(event.tag)} is not supported", event)
        if len(self.stack) >= MAX_DEPTH:
            self.fail(f"is nested more than {MAX_DEPTH} levels deep", event)
        self.need_key_text(event)
        self.count(1, event)
        self.stack.append(_Open(self.at(event), value, event.anchor))
        if event.anchor:
            self.anchors.pop(event.anchor, None)

    def end(self) -> None:
        """The innermost mapping or list is complete."""
        done = self.stack.pop()
        for source in done.merges:
            if isinstance(source.value, dict) and isinstance(done.value, dict):
                done.value = source.value | done.value
        self.add(Node(done.value, done.start), done.size, done.anchor)

    def scalar(self, event: Any) -> None:
        """A scalar: the next key, or a value."""
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self.take_key(top, event)
            return
        self.count(1, event)
        is_plain = bool(event.implicit[0]) and not event.tag
        tag = event.tag or self.loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        if tag == "!":
            tag = f"{_TAG}str"
        value = self.convert(tag, event)
        raw = event.value if is_plain else None
        self.add(Node(value, self.at(event), raw=raw), 1, event.anchor)

    def convert(self, tag: str, event: Any) -> Scalar:
        """The Python value of a scalar."""
        text: str = event.value
        kind = tag.removeprefix(_TAG)
        if kind in ("str", "timestamp", "merge", "value"):
            is_number = bool(event.implicit[0]) and _EXPONENT.fullmatch(text)
            return self.number("float", text, event) if is_number else text
        if kind == "null":
            return None
        if kind == "bool":
            if text.lower() not in _BOOLS:
                self.fail(f"'{printable(text)}' is not true or false", event)
            return _BOOLS[text.lower()]
        if kind in ("int", "float"):
            return self.number(kind, text, event)
        self.fail(f"the tag {printable(tag)} is not supported", event)
        raise AssertionError

    def number(self, kind: str, text: str, event: Any) -> Scalar:
        """`text` as YAML 1.1 reads a number; infinities and NaN are refused."""
        node = yaml.ScalarNode(f"{_TAG}{kind}", text)
        value: int | float = math.nan
        if len(text) > LONGEST_NUMBER:
            self.fail(f"'{printable(text)}' is not a number that evaldock can hold", event)
        try:
            constructor = _constructor()
            value = constructor.construct_yaml_int(node) if kind == "int" else constructor.construct_yaml_float(node)
        except (ValueError, IndexError, OverflowError):
            value = math.nan
        if value.bit_length() > 63 if isinstance(value, int) else not math.isfinite(value):
            self.fail(f"'{printable(text)}' is not a number that evaldock can hold", event)
        return value

    def alias(self, event: Any) -> None:
        """`*name`: a copy of an anchored node, counted by everything it expands to."""
        if event.anchor not in self.anchors:
            inside = any(frame.anchor == event.anchor for frame in self.stack)
            name = printable(event.anchor)
            self.fail(f"*{name} refers to itself" if inside else f"no anchor &{name} comes before *{name}", event)
        self.need_key_text(event)
        node, size = self.anchors[event.anchor]
        self.aliased += size
        if self.aliased > MAX_ALIASED:
            self.fail(f"aliases expand to more than {MAX_ALIASED} values", event)
        self.count(size, event)
        if len(self.stack) + _depth(node) > MAX_DEPTH:
            self.fail(f"is nested more than {MAX_DEPTH} levels deep", event)
        self.add(node, size, None)

    def take_key(self, top: _Open, event: Any) -> None:
        """Remember the key of the value that comes next."""
        text, at = str(event.value), self.at(event)
        if not text:
            self.fail("a key is empty", event)
        assert isinstance(top.value, dict)
        if text in top.value:
            first = top.value[text]
            self.problems.append(
                ConfigProblem(
                    f"is given twice; the first is in line {(first.key or first.origin).line}, keep one of them",
                    format_steps((*(frame.key for frame in self.stack[:-1] if frame.key), text)),
                    at,
                )
            )
        top.key, top.key_origin = text, at

    def add(self, node: Node, size: int, anchor: str | None) -> None:
        """Put a finished node where it belongs."""
        if anchor:
            self.anchors[anchor] = (node, size)
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        top.size += size
        if isinstance(top.value, list):
            top.value.append(node)
        elif isinstance(top.value, dict) and top.key is not None:
            if top.key == "<<":
                self.merge_key(top, node)
            else:
                top.value.setdefault(top.key, replace(node, key=top.key_origin))
            top.key = None

    def count(self, values: int, event: Any) -> None:
        """Keep the tree within what a config may hold."""
        self.nodes += values
        if self.nodes > MAX_NODES:
            self.fail(f"the config holds more than {MAX_NODES} values", event)

    def merge_key(self, top: _Open, node: Node) -> None:
        """`<<: *base`, or a list of such."""
        sources = node.value if isinstance(node.value, list) else [node]
        for source in sources:
            if not isinstance(source.value, dict):
                raise ConfigError([ConfigProblem("<< needs a mapping, or a list of mappings", origin=node.origin)])
        # The first wins, among several << as within a list.
        top.merges += sources

    def need_key_text(self, event: Any) -> None:
        """Keys are text: a list, a mapping or an alias cannot be one."""
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self.fail("a key must be plain text", event)

    def at(self, event: Any) -> Origin:
        """Where an event begins."""
        return self.place(event.start_mark.line, event.start_mark.column)

    def fail(self, message: str, event: Any) -> None:
        """Give up on this text."""
        raise ConfigError([*self.problems, ConfigProblem(message, origin=self.at(event))])


_BOOLS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


@lru_cache(maxsize=1)
def _constructor() -> Any:
    return yaml.constructor.SafeConstructor()


def _depth(node: Node) -> int:
    below = node.value.values() if isinstance(node.value, dict) else node.value
    if not isinstance(node.value, (dict, list)):
        return 0
    assert not isinstance(below, (str, int, float)) and below is not None
    return 1 + max((_depth(item) for item in below), default=0)
