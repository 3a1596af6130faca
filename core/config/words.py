"""A wrong value, and what should be in its place, in words."""

from __future__ import annotations

from typing import Any, cast

from .node import Node, Steps, printable
from .schema import load_schema
from .suggest import listing

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


def expected(schema: dict[str, Any]) -> str:
    """What a schema wants: its own words (`x-expect`), or words made of its type, choices and limits."""
    if "$ref" in schema:
        return expected(load_schema()["$defs"][schema["$ref"].rpartition("/")[2]])
    if "x-expect" in schema:
        return str(schema["x-expect"])
    if "enum" in schema:
        return listing([choice for choice in schema["enum"] if choice is not None]).replace(", ", " or ")
    named = " or ".join(_TYPES[name] for name in types(schema) if name != "null") or "something else"
    return named + _limits(schema)


def types(schema: dict[str, Any]) -> list[str]:
    """The types that a schema allows."""
    found: str | list[str] = schema.get("type", [])
    return [found] if isinstance(found, str) else found


def describe(node: Node, steps: Steps) -> str:
    """What a value is; what may be a secret is not repeated."""
    value = node.value
    secret = "env_vars" in steps or steps[-1:] == ("api_key_name",)
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "the boolean true" if value else "the boolean false"
    if value is None:
        return "empty (null)"
    if isinstance(value, str):
        if not value:
            return "an empty text"
        return "a text of another kind" if secret else f"the text '{printable(node.shown or value, 60)}'"
    return "a number" if secret else f"the number {value}"


def _limits(schema: dict[str, Any]) -> str:
    for key, text in (("minimum", "of at least"), ("exclusiveMinimum", "above")):
        if key in schema:
            return f" {text} {schema[key]}"
    items = schema.get("items")
    if isinstance(items, dict) and "type" in items:
        return f" of {expected(cast('dict[str, Any]', items)).removeprefix('a ')}s"
    return ""
