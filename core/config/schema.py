"""The JSON Schema of a composed config, and the one that editors use for the files that people write."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from .interceptors import fields_of, find_class, known_names

Schema = dict[str, Any]

_OPEN = r"^\?\?\?$|\$\{.*\}"
_SECTIONS: tuple[tuple[str, ...], ...] = ((), ("execution",), ("target",), ("target", "api_endpoint"), ("evaluation",))


@lru_cache(maxsize=1)
def load_schema() -> Schema:
    """The JSON Schema (draft 2020-12) of a composed config."""
    return cast("Schema", json.loads(Path(__file__).with_name("schema.json").read_bytes()))


def editor_schema() -> Schema:
    """The schema for editors: one file on its own, before defaults, overrides and interpolation.

    So nothing is required that another file may give, any value may be `???` or hold `${...}`, and `overrides` also
    have dotted keys. Draft 7, which the YAML language servers know best.
    """
    schema = deepcopy(load_schema())
    definitions: Schema = schema["$defs"]
    for steps in _SECTIONS:
        _at(schema, steps).pop("required", None)
    schema["properties"]["defaults"]["items"] = {"type": ["string", "object"]}
    definitions["overrides"] = _with_dotted_keys(definitions["run_config"], definitions)
    for owner in (_at(schema, ("evaluation",)), definitions["task"]):
        owner["properties"]["overrides"]["$ref"] = "#/$defs/overrides"
    opened = _open(schema)
    interceptor: Schema = opened["$defs"]["interceptor"]
    interceptor["allOf"] = [_settings_of(name) for name in known_names()]
    interceptor["properties"]["name"] = {
        **interceptor["properties"]["name"],
        "anyOf": [{"enum": known_names()}, {"type": "string"}],
    }
    return {**opened, "$schema": "http://json-schema.org/draft-07/schema#", "description": "An evaldock config file."}


def _settings_of(name: str) -> Schema:
    """What `config` may hold when the interceptor is this one; anything for a plug-in that cannot be loaded."""
    try:
        kind = find_class(name)
    except Exception:  # noqa: BLE001 - a plug-in may raise anything; who uses it is told
        kind = None
    if kind is None:
        return {}
    settings: Schema = {"type": ["object", "null"], "additionalProperties": False, "properties": fields_of(kind)}
    named: Schema = {"type": "object", "properties": {"name": {"const": name}}, "required": ["name"]}
    return {"if": named, "then": {"properties": {"config": _open(settings)}}}


def _at(schema: Schema, steps: tuple[str, ...]) -> Schema:
    for step in steps:
        schema = schema["properties"][step]
    return schema


def _with_dotted_keys(run_config: Schema, definitions: Schema) -> Schema:
    """`run_config` with every path below it as a key of its own (`config.params.temperature`)."""
    found = deepcopy(run_config)
    found["properties"] |= _dotted(run_config, definitions, "")
    # What is below these has no schema; names beside the known ones are still mistakes.
    free = ("config.params.extra", "target.api_endpoint.adapter_config")
    found["patternProperties"] = {"^" + path.replace(".", r"\.") + r"\.": {} for path in free}
    return found


def _dotted(schema: Schema, definitions: Schema, prefix: str) -> Schema:
    if "$ref" in schema:
        return _dotted(definitions[schema["$ref"].rpartition("/")[2]], definitions, prefix)
    found: Schema = {}
    for name, below in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        found |= {path: deepcopy(below)} if prefix else {}
        found |= _dotted(below, definitions, f"{path}.")
    return found


def _open(schema: Schema) -> Schema:
    """The same with each single value allowed to be filled in later, and without the words for people."""
    tree: Schema = {}
    for key, below in schema.items():
        if key in ("properties", "patternProperties", "$defs"):
            tree[key] = {name: _open(inner) for name, inner in below.items()}
        elif key in ("additionalProperties", "items") and isinstance(below, dict):
            tree[key] = _open(cast("Schema", below))
        elif key == "propertyNames":
            tree[key] = {name: inner for name, inner in below.items() if name != "x-expect"}
        elif key != "x-expect":
            tree[key] = below
    if not _is_strict(tree):
        return tree
    notes = {key: tree.pop(key) for key in ("title", "description") if key in tree}
    return {**notes, "anyOf": [tree, {"type": "string", "pattern": _OPEN}]}


def _is_strict(tree: Schema) -> bool:
    """Whether this is the schema of a single value that does not take just any text."""
    kinds: str | list[str] = tree.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    single = "enum" in tree or (bool(kinds) and not {"object", "array"} & set(kinds))
    return single and ("string" not in kinds or "pattern" in tree)
