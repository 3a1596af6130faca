"""`-o` overrides: `a.b=v` sets, `+a.b=v` adds, `++a.b=v` does either, `~a.b` deletes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from .dotted import nest_overrides
from .model import ConfigError, ConfigProblem, Origin, OverrideChange
from .node import MAX_DEPTH, Node, Steps, child, format_steps, merge, plain, printable
from .override_value import Unreadable, parse_value
from .suggest import did_you_mean, listing
from .yaml_nodes import MAX_BYTES

_Edit = Callable[[Node | None, str], Node | None]


class Operation(Enum):
    """What the sign in front of an override asks for."""

    SET = ""
    ADD = "+"
    FORCE = "++"
    DELETE = "~"


@dataclass(frozen=True)
class Override:
    """One `-o`: its path in parts (names or indexes, as typed), and its value (None for a bare `~path`)."""

    text: str
    operation: Operation
    parts: tuple[str, ...]
    value: Node | None
    origin: Origin

    @property
    def choice(self) -> tuple[str, str] | None:
        """`group=name`, when this could choose an entry of the defaults list."""
        name = self.value.value if self.value else None
        if len(self.parts) == 1 and self.operation is not Operation.DELETE and isinstance(name, str) and name:
            return self.parts[0], name
        return None


def parse_override(text: str) -> Override:
    """Understand one `-o`. Raises ConfigError."""
    sign = next((sign for sign in ("++", "+", "~") if text.startswith(sign)), "")
    operation = Operation(sign)
    path, equals, value_text = text[len(sign) :].partition("=")
    hidden = equals and re.search(r"env_vars|api_key", path)
    origin = Origin(
        f"-o {sign}{printable(path)}={'…' if hidden else printable(value_text)}" if equals else f"-o {printable(text)}"
    )
    parts = tuple(re.sub(r"\[(\d+)\]", r".\1", path.strip()).split("."))
    if "" in parts or len(parts) > MAX_DEPTH // 2:
        raise _wrong("is not an override: expected a path such as execution.mode, then '=' and a value", origin)
    if parts[0] == "defaults":
        raise _wrong("cannot change the defaults list; choose one of its entries, as in -o execution=local", origin)
    if not equals and operation is not Operation.DELETE:
        raise _wrong(f"has no '='; expected '-o {printable(path)}=value', or '-o ~{printable(path)}' to delete", origin)
    return Override(text, operation, parts, _value(value_text, origin) if equals else None, origin)


def apply_override(root: Node, override: Override) -> tuple[Node, OverrideChange]:
    """`root` with one override applied, and what that changed. Raises ConfigError."""
    setter = _Setter(override)
    changed = setter.descend(root, override.parts, ())
    assert changed is not None
    changed = nest_overrides(changed)
    steps = setter.place
    before, after = child(root, *steps), child(changed, *steps)
    return changed, OverrideChange(
        text=override.text,
        path=format_steps(steps),
        before=None if before is None else plain(before),
        after=None if after is None or override.operation is Operation.DELETE else plain(after),
        steps=steps,
    )


def _value(text: str, origin: Origin) -> Node:
    if not text.strip():
        return Node("", origin)
    if len(text) > MAX_BYTES:
        raise _wrong("is longer than 1 MB", origin)
    try:
        text.encode()
        return parse_value(text, origin)
    except UnicodeEncodeError:
        raise _wrong("the value is not UTF-8 text", origin) from None
    except Unreadable as error:
        raise _wrong(f"the value {error}; put it in quotes if it is meant as text", origin) from None


def _wrong(message: str, origin: Origin, path: str = "") -> ConfigError:
    return ConfigError([ConfigProblem(message, path, origin)])


@dataclass
class _Setter:
    """Walks to the path of one override, rebuilding the tree on the way back."""

    override: Override
    place: Steps = ()

    def descend(self, node: Node | None, parts: tuple[str, ...], steps: Steps) -> Node | None:
        """The replacement for `node`, which stands at `steps`; None deletes it."""
        if not parts:
            self.place = steps
            return self.edit(node, steps)
        if node is None or node.is_open:
            if self.override.operation is Operation.DELETE:
                raise self.missing(steps, parts[0], ())
            node = Node({}, self.override.origin, self.override.origin)
        if isinstance(node.value, list):
            return self.into_list(node, node.value, parts, steps)
        if not isinstance(node.value, dict):
            message = f"has a value of its own, so '{printable(parts[0])}' cannot be set below it"
            raise _wrong(message, self.override.origin, format_steps(steps))
        key, rest = _split_key(node.value, parts, steps)
        if self.override.operation is Operation.DELETE and key not in node.value:
            raise self.missing(steps, key, tuple(node.value))
        below = self.descend(node.value.get(key), rest, (*steps, key))
        value = dict(node.value)
        if below is None:
            del value[key]
        else:
            value[key] = replace(below, key=below.key or self.override.origin)
        return replace(node, value=value)

    def into_list(self, node: Node, items: list[Node], parts: tuple[str, ...], steps: Steps) -> Node:
        """As `descend`, for a list: by index, or by the `name` of its items."""
        index, rest = self.find_item(items, parts, steps)
        changed = list(items)
        if index == len(items):
            below = self.descend(None, rest, (*steps, index))
            assert below is not None
            changed.append(below)
            return replace(node, value=changed)
        below = self.descend(items[index], rest, (*steps, index))
        changed[index : index + 1] = [] if below is None else [below]
        return replace(node, value=changed)

    def find_item(self, items: list[Node], parts: tuple[str, ...], steps: Steps) -> tuple[int, tuple[str, ...]]:
        """The index that `parts` begin with, and the parts that remain."""
        if parts[0].isascii() and parts[0].isdigit() and len(parts[0]) < 9:
            index = int(parts[0])
            may_append = index == len(items) and self.override.operation in (Operation.ADD, Operation.FORCE)
            if index < len(items) or may_append:
                return index, parts[1:]
            count = f"has {len(items)} item{'' if len(items) == 1 else 's'}, counted from 0"
            message = f"{count}, so there is no item {index}; '-o +{format_steps(steps)}[{len(items)}]=…' adds one"
            raise _wrong(message, self.override.origin, format_steps(steps))
        names = [str(name.value) if (name := child(item, "name")) else "" for item in items]
        for used in (1, 2, 3):
            wanted = ".".join(parts[:used])
            found = [i for i, name in enumerate(names) if name == wanted]
            found = found or [i for i, name in enumerate(names) if name.endswith(f".{wanted}")]
            if len(found) > 1:
                indexes = listing([f"{format_steps(steps)}.{i}" for i in found])
                message = f"several items are named '{printable(wanted)}'; name one by its index: {indexes}"
                raise _wrong(message, self.override.origin, format_steps(steps))
            if found and used <= len(parts):
                return found[0], parts[used:]
        message = f"has no item named '{printable(parts[0])}'" + did_you_mean(parts[0], filter(None, names))
        raise _wrong(message, self.override.origin, format_steps(steps))

    def edit(self, node: Node | None, steps: Steps) -> Node | None:
        """The new node at the very path of the override."""
        override = self.override
        if override.operation is Operation.DELETE:
            if override.value is not None and (node is None or plain(node) != plain(override.value)):
                message = "is not deleted: its value is not the one given after '='"
                raise _wrong(message, override.origin, format_steps(steps))
            return None
        if override.operation is Operation.ADD and node is not None and not node.is_open:
            message = "is there already, and '+' only adds; use '-o path=value' or '-o ++path=value' to change it"
            raise _wrong(message, override.origin, format_steps(steps))
        assert override.value is not None
        return replace(merge(node, override.value), key=override.origin)

    def missing(self, steps: Steps, key: str, known: tuple[str, ...]) -> ConfigError:
        """Nothing to delete."""
        message = "cannot be deleted: it is not in the config" + did_you_mean(key, known)
        return _wrong(message, self.override.origin, format_steps((*steps, key)))


def _split_key(mapping: dict[str, Node], parts: tuple[str, ...], steps: Steps) -> tuple[str, tuple[str, ...]]:
    """The key that `parts` begin with: paths of mounts, and keys that are there, may contain dots."""
    if steps == ("execution", "mounts", "evaluation"):
        return ".".join(parts), ()
    if parts[0] not in mapping:
        for used in range(2, len(parts) + 1):
            joined = ".".join(parts[:used])
            if joined in mapping:
                return joined, parts[used:]
    return parts[0], parts[1:]
