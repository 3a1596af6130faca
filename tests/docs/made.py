"""The parts of the documentation that are made from the code, so that they cannot say something else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Any

from evaldock.core.config.interceptors import find_class, known_names
from evaldock.core.config.schema import load_schema
from evaldock.tui.actions import markdown as keys
from evaldock.tui.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
_PART = re.compile(r"(<!-- made: (\S+) -->\n).*?(<!-- /made -->)", re.DOTALL)


def written_files() -> list[Path]:
    """Every file of documentation, sorted."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


def written(text: str) -> str:
    """`text` with every made part as the code has it now. Raises KeyError for a name that is not in `PARTS`."""
    return _PART.sub(lambda found: f"{found[1]}{PARTS[found[2]]()}\n{found[3]}", text)


def _commands() -> str:
    rows = [f"| `evaldock {name}` | {text} |" for name, (_, text) in COMMANDS.items()]
    return "\n".join(["| command | what it does |", "|---|---|", *rows])


def _interceptors() -> str:
    return "\n\n".join(_interceptor(name) for name in known_names() if _is_ours(name))


def _is_ours(name: str) -> bool:
    found = find_class(name)
    return found is not None and found.__module__.startswith("evaldock.")


def _interceptor(name: str) -> str:
    found: Any = find_class(name)
    fields: dict[str, dict[str, Any]] = found.fields
    lines = [f"### {name}", "", cleandoc(found.__doc__ or "")]
    if fields:
        lines += ["", "| setting | type | default | what it is |", "|---|---|---|---|"]
        lines += [
            f"| `{key}` | {_kind(field)} | {_default(field)} | {_cell(field.get('title', ''))} |"
            for key, field in fields.items()
        ]
    return "\n".join(lines)


def _default(field: dict[str, Any]) -> str:
    return f"`{json.dumps(field['default'])}`" if "default" in field else "required"


def _config() -> str:
    schema = load_schema()
    definitions: dict[str, Any] = schema["$defs"]
    parts = [_table("", schema, definitions)]
    parts += [
        f"### {title}\n\n{_table('', definitions[name], definitions)}"
        for title, name in (("A task", "task"), ("Run configuration", "run_config"), ("Adapter", "adapter_config"))
    ]
    return "\n\n".join(parts)


# What has a table of its own is only named where it is used.
_ELSEWHERE = {
    "task": "[A task](#a-task)",
    "run_config": "[Run configuration](#run-configuration)",
    "adapter_config": "[Adapter](#adapter)",
}


def _table(prefix: str, schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    return "\n".join(["| key | value | meaning |", "|---|---|---|", *_rows(prefix, schema, definitions)])


def _rows(prefix: str, schema: dict[str, Any], definitions: dict[str, Any]) -> Iterator[str]:
    for key, field in schema.get("properties", {}).items():
        target = field.get("$ref", "").rpartition("/")[2]
        whole = {**definitions.get(target, {}), **field}
        items = whole.get("items", {}).get("$ref", "").rpartition("/")[2]
        elsewhere = _ELSEWHERE.get(target) or _ELSEWHERE.get(items)
        path = f"{prefix}{key}"
        yield f"| `{path}` | {elsewhere or _kind(whole)} | {_cell(whole.get('description', ''))} |"
        if elsewhere is None:
            yield from _rows(f"{path}.", whole, definitions)


def _kind(field: dict[str, Any]) -> str:
    """What a value may be, in a few words."""
    if "enum" in field:
        return ", ".join("null" if value is None else f"`{value}`" for value in field["enum"])
    if "x-expect" in field:
        return _cell(field["x-expect"])
    kinds = field.get("type", "anything")
    words = [_KINDS.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    return " or ".join(words)


_KINDS = {
    "object": "mapping",
    "array": "list",
    "boolean": "`true` or `false`",
    "string": "text",
    "integer": "whole number",
}


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


PARTS: dict[str, Callable[[], str]] = {
    "keys": lambda: keys().strip(),
    "commands": _commands,
    "interceptors": _interceptors,
    "config": _config,
}
