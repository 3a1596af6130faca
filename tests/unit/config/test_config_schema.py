"""The schema itself: valid, and explaining every property."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evaldock.core.config.schema import load_schema
from jsonschema import Draft202012Validator


def properties(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, below in schema.get("properties", {}).items():
        yield f"{path}.{name}", below
        yield from properties(below, f"{path}.{name}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            yield from properties(schema[keyword], f"{path}[]")
    for name, below in schema.get("$defs", {}).items():
        yield from properties(below, f"{path}${name}")


def test_schema_is_valid() -> None:
    assert load_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(load_schema())


def test_every_property_is_explained() -> None:
    found = dict(properties(load_schema()))
    assert len(found) > 60
    bare = [path for path, below in found.items() if not (below.get("title") and below.get("description"))]
    assert not bare


def test_importing_the_loader_is_cheap() -> None:
    """Neither the import, nor a config without mistakes, pays for what it does not use."""
    code = "import sys, evaldock.core.config.load; print([m for m in ('yaml', 'jsonschema') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

    basic = Path(__file__).parent / "data" / "basic.yaml"
    code = f"""if True:
        import sys, pathlib
        from evaldock.core.config.load import load_config
        load_config(path=pathlib.Path({str(basic)!r}), env={{}})
        print("jsonschema" in sys.modules)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
