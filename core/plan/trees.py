"""Small functions on config trees. None of them changes what it is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, cast

from ..config.model import Tree
from ..config.node import Steps


def merged(base: Mapping[str, object], over: Mapping[str, object]) -> Tree:
    """A deep copy of `base` with `over` laid on it: mappings are merged, everything else is replaced."""
    result: Tree = {key: copied(value) for key, value in base.items() if key not in over}
    for key, value in over.items():
        below = base.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            result[key] = merged(cast(Tree, below), cast(Tree, value))
        elif isinstance(below, dict) and value is None:
            # An empty section (`params:`) says nothing; it does not wipe out what is below.
            result[key] = copied(cast(Tree, below))
        else:
            result[key] = copied(value)
    return {key: result[key] for key in (*base, *(k for k in over if k not in base))}


def copied(value: object) -> object:
    """A deep copy of a config value."""
    if isinstance(value, dict):
        return {key: copied(inner) for key, inner in cast(Tree, value).items()}
    if isinstance(value, (list, tuple)):
        return [copied(inner) for inner in cast("list[object]", value)]
    return value


def tree_at(tree: Mapping[str, object], *path: str) -> Tree:
    """The mapping at a path; empty when there is none."""
    here = tree
    for part in path:
        inner = here.get(part)
        if not isinstance(inner, dict):
            return {}
        here = cast(Tree, inner)
    return cast(Tree, here)


def text_at(tree: Mapping[str, object], *path: str) -> str:
    """The text at a path; "" when there is none."""
    value = tree_at(tree, *path[:-1]).get(path[-1])
    return value if isinstance(value, str) else ""


def yaml_text(tree: Mapping[str, object], *, width: int | None = None) -> str:
    """A tree as YAML, its keys in their order; lines are folded at `width` (YAML's own unless given)."""
    return _dumped(tree, sort_keys=False, width=width)


@dataclass(frozen=True)
class TreeLine:
    """A line of a tree as YAML. `steps` lead to its value, or to the mapping or list that it is the head of.

    `opens` leads to the mapping or list whose first line this is, () for none: the head of a mapping, or the first
    line of an item.
    """

    text: str
    steps: Steps
    opens: Steps = ()
    is_head: bool = False


def tree_lines(value: object, steps: Steps = ()) -> Iterator[TreeLine]:
    """A mapping or list as YAML, one value a line."""
    pad = "  " * len(steps)
    children = enumerate(cast("list[object]", value)) if isinstance(value, list) else cast(Tree, value).items()
    for step, inner in children:
        head, place = "-" if isinstance(step, int) else f"{yaml_scalar(step)}:", (*steps, step)
        if not isinstance(inner, (dict, list)) or not inner:
            yield TreeLine(f"{pad}{head} {yaml_scalar(cast(object, inner))}", place)
            continue
        lines = tree_lines(cast(object, inner), place)
        if isinstance(step, int):
            first = next(lines)
            yield replace(first, text=f"{pad}{head} {first.text.lstrip()}", opens=place)
        else:
            yield TreeLine(f"{pad}{head}", place, place, is_head=True)
        yield from lines


def yaml_scalar(value: object) -> str:
    """A key or a plain value as YAML, on one line."""
    style = '"' if isinstance(value, str) and not value.isprintable() else None
    text = _dumped(value, default_flow_style=True, default_style=style, width=1 << 30)
    return text.removesuffix("\n").removesuffix("\n...")


class _Yaml(Protocol):
    """PyYAML as far as it is used here. Each release of its stubs leaves another type of `dump` unknown."""

    def dump(self, data: object, **options: object) -> str: ...


def _dumped(value: object, **options: object) -> str:
    import yaml

    # The same text in a fifth of the time where PyYAML was built with libyaml.
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    writer = cast(_Yaml, cast(object, yaml))
    try:
        return writer.dump(value, Dumper=dumper, allow_unicode=True, **options)
    except UnicodeEncodeError:
        # Half a character, which a file can hold as an escape: libyaml refuses it, PyYAML writes the escape again.
        return writer.dump(value, Dumper=yaml.SafeDumper, allow_unicode=True, **options)
