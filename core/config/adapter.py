"""`adapter_config`: which interceptors it asks for, and what is wrong with that, each problem where it was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from .adapter_flags import FLAGS, from_flags
from .interceptors import IMPLIED, fields_of, find_class, known_names
from .model import ConfigProblem, Tree
from .node import Node, Steps, child, format_steps, merge, nearest, plain
from .quick import surely_valid
from .suggest import did_you_mean
from .words import describe, expected

_TOP = ("interceptors", "mode", "discovery", "post_eval_hooks", "endpoint_type", "log_failed_requests")
_BELOW: Steps = ("target", "api_endpoint", "adapter_config")
_LAYERS = ("nemo_evaluator_config", "overrides")


@dataclass(frozen=True)
class Declared:
    """One interceptor of an `adapter_config`; `at` and `places` are where it and its settings stand below that."""

    name: str
    settings: Tree
    at: Steps
    places: Mapping[str, Steps] = field(default_factory=dict[str, Steps])


def declared(tree: Tree) -> list[Declared]:
    """The interceptors that an `adapter_config` asks for, in their order; those switched off are left out."""
    written = tree.get("interceptors")
    if not isinstance(written, list):
        return [
            Declared(asked.name, asked.settings, (asked.flag,), {name: (flag,) for name, flag in asked.flags.items()})
            for asked in from_flags(tree)
        ]
    found: list[Declared] = []
    for place, item in enumerate(cast("list[object]", written)):
        entry = cast(Tree, item) if isinstance(item, dict) else {"name": item}
        if isinstance(entry.get("name"), str) and entry.get("enabled", True) in (True, None):
            inner = entry.get("config")
            settings = cast(Tree, inner) if isinstance(inner, dict) else {}
            at: Steps = ("interceptors", place)
            found.append(Declared(str(entry["name"]), settings, at, {name: (*at, "config", name) for name in settings}))
    return found


def check_adapters(root: Node) -> Iterator[ConfigProblem]:
    """What is wrong with each `adapter_config` of a config: that of the endpoint, and with it those of the tasks."""
    base: list[tuple[Steps, Node]] = _layer(root, ()) + _layers(root, ("evaluation",))
    yield from _check(base)
    listed = child(root, "evaluation", "tasks")
    for index, _ in enumerate(listed.value if listed is not None and isinstance(listed.value, list) else []):
        own = _layers(root, ("evaluation", "tasks", index))
        if own:
            yield from _check([*base, *own])


def _layers(root: Node, owner: Steps) -> list[tuple[Steps, Node]]:
    return [layer for key in _LAYERS for layer in _layer(root, (*owner, key))]


def _layer(root: Node, owner: Steps) -> list[tuple[Steps, Node]]:
    steps = (*owner, *_BELOW)
    node = child(root, *steps)
    return [(steps, node)] if node is not None and isinstance(node.value, dict) else []


def _check(layers: Sequence[tuple[Steps, Node]]) -> Iterator[ConfigProblem]:
    whole: Node | None = None
    for _, node in layers:
        whole = merge(whole, node)
    if whole is None:
        return
    for place, message in problems_of(cast(Tree, plain(whole)), whole):
        # Of layers that are merged, the last that has a key is the one whose value counts.
        steps, node = next((la for la in reversed(layers) if child(la[1], place[0]) is not None), layers[-1])
        found = child(node, *place) or nearest(node, place)
        at = found.key or found.origin if message.startswith("unknown") else found.origin
        if not found.broken:
            yield ConfigProblem(message, format_steps((*steps, *place)), at)


def problems_of(tree: Tree, node: Node) -> Iterator[tuple[Steps, str]]:
    """Everything that is wrong with one `adapter_config` and that no schema says: where, and a sentence.

    `node` is the same with its positions.
    """
    flags = [key for key in tree if key in FLAGS]
    for key in tree:
        if key not in _TOP and key not in FLAGS:
            yield (key,), f"unknown key{did_you_mean(key, (*_TOP, *FLAGS))}"
    if isinstance(tree.get("interceptors"), list) and flags:
        yield (flags[0],), "cannot be mixed with interceptors; write it as an interceptor of that list"
    for one in declared(tree):
        if one.name != IMPLIED:
            yield from _problems_of_one(one, node)


def _problems_of_one(one: Declared, node: Node) -> Iterator[tuple[Steps, str]]:
    listed = one.at[0] == "interceptors"
    named = (*one.at, "name") if child(node, *one.at, "name") is not None else one.at
    try:
        kind = find_class(one.name)
    except Exception as error:  # noqa: BLE001 - a plug-in may raise anything
        yield named, f"the interceptor '{one.name}' cannot be loaded ({type(error).__name__}: {error})"
        return
    if kind is None:
        yield named, f"there is no interceptor '{one.name}'{did_you_mean(one.name, known_names())}"
        return
    fields = fields_of(kind)
    for name, value in one.settings.items():
        place = one.places[name]
        schema = fields.get(name)
        if schema is None:
            yield place, f"unknown key; '{one.name}' has no such setting{did_you_mean(name, fields)}"
        elif not _fits(value, schema):
            found = child(node, *place) or node
            yield place, f"is {describe(found, place)}; expected {expected(schema)}"
    for name, schema in fields.items():
        if "default" not in schema and name not in one.settings:
            where = f"; put it under config, as {name}: ..." if listed else ""
            yield one.at, f"the interceptor '{one.name}' needs the setting '{name}'{where}"


def _fits(value: object, schema: Tree) -> bool:
    bare = {key: rule for key, rule in schema.items() if key != "default"}
    # A true is a whole number to Python, and to nobody else.
    return surely_valid(value, bare, {})
