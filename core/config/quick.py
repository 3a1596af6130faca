"""A quick yes for valid configs: the few JSON Schema keywords that `schema.json` uses, without importing jsonschema.

Importing jsonschema takes longer than everything else that loading a config does, and a valid config needs none
of its messages. So this answers only "surely valid"; whatever it does not accept, jsonschema judges. A keyword
that it does not know is never accepted.
"""

from __future__ import annotations

import re
from typing import Any, cast

_NOTES = frozenset({"$schema", "$defs", "title", "description", "x-expect"})


def surely_valid(value: object, schema: dict[str, Any], definitions: dict[str, Any]) -> bool:
    """Whether `value` satisfies `schema`; False also means that it cannot be told here."""
    return all(
        keyword in _NOTES or _holds(keyword, wanted, value, schema, definitions) for keyword, wanted in schema.items()
    )


def _holds(keyword: str, wanted: Any, value: object, schema: dict[str, Any], definitions: dict[str, Any]) -> bool:
    if keyword == "$ref":
        return surely_valid(value, definitions[str(wanted).rpartition("/")[2]], definitions)
    if keyword == "type":
        return _type_of(value) in wanted or (_type_of(value) == "integer" and "number" in wanted)
    if keyword == "enum":
        return (value is None or isinstance(value, str)) and value in wanted
    if isinstance(value, dict):
        return _mapping_holds(keyword, wanted, cast("dict[str, object]", value), schema, definitions)
    if isinstance(value, list):
        return _list_holds(keyword, wanted, cast("list[object]", value), definitions)
    if isinstance(value, str):
        return _text_holds(keyword, wanted, value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number_holds(keyword, wanted, value)
    return keyword in _KNOWN


def _type_of(value: object) -> str:
    if value is None:
        return "null"
    return _TYPE_NAMES.get(type(value), "unknown")


def _mapping_holds(
    keyword: str, wanted: Any, value: dict[str, object], schema: dict[str, Any], definitions: dict[str, Any]
) -> bool:
    if keyword == "required":
        return all(key in value for key in wanted)
    if keyword == "properties":
        return all(surely_valid(value[key], below, definitions) for key, below in wanted.items() if key in value)
    if keyword == "additionalProperties":
        others = [below for key, below in value.items() if key not in schema.get("properties", ())]
        return not others if wanted is False else all(surely_valid(below, wanted, definitions) for below in others)
    if keyword == "propertyNames":
        return all(surely_valid(key, wanted, definitions) for key in value)
    return keyword in _KNOWN


def _list_holds(keyword: str, wanted: Any, value: list[object], definitions: dict[str, Any]) -> bool:
    if keyword == "items":
        return all(surely_valid(item, wanted, definitions) for item in value)
    if keyword == "minItems":
        return len(value) >= wanted
    return keyword in _KNOWN


def _text_holds(keyword: str, wanted: Any, value: str) -> bool:
    if keyword == "pattern":
        return re.search(wanted, value) is not None
    if keyword == "minLength":
        return len(value) >= wanted
    return keyword in _KNOWN


def _number_holds(keyword: str, wanted: Any, value: float) -> bool:
    if keyword == "minimum":
        return value >= wanted
    if keyword == "maximum":
        return value <= wanted
    if keyword == "exclusiveMinimum":
        return value > wanted
    return keyword in _KNOWN


_TYPE_NAMES: dict[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
_KNOWN = frozenset(
    {
        *("required", "properties", "additionalProperties", "propertyNames", "items", "minItems"),
        *("pattern", "minLength", "minimum", "maximum", "exclusiveMinimum"),
    }
)
