"""The map of the house in CONTRIBUTING.md shows the floors that import-linter holds, and no files go in a circle."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def floors(package: str) -> list[tuple[str, str]]:
    """(room, how it shares its floor), from the top down, of the layers in pyproject.toml."""
    settings: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (contract,) = [c for c in settings["contracts"] if c.get("containers") == [f"evaldock.{package}"]]
    assert contract["exhaustive"], "a room without a floor goes unnoticed"
    found: list[tuple[str, str]] = []
    for layer in contract["layers"]:
        shared = "|" if "|" in layer else ":" if ":" in layer else ""
        found += [(room, shared) for room in re.split(r" [|:] ", layer)]
    return [(room, shared) for room, shared in found if room != "__main__"]


def rows(package: str) -> list[tuple[str, str]]:
    """The same of the table in CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    table = text.split(f"| `{package}` | what it does |\n|---|---|\n")[1].split("\n\n")[0]
    return [
        (match[1], match[2] or "")
        for line in table.splitlines()
        if (match := re.match(r"\| `(\w+)`(?: \\?([:|]))? \|", line))
    ]


@pytest.mark.parametrize("package", ["core", "tui"])
def test_the_map_shows_the_floors(package: str) -> None:
    assert rows(package) == floors(package)


@pytest.mark.parametrize("package", ["core", "tui"])
def test_every_room_is_on_the_map(package: str) -> None:
    folder = ROOT / package
    there = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    assert there - {"__init__", "__main__"} == {room for room, _ in rows(package)}


@cache
def imports(package: str) -> dict[str, set[str]]:
    """What each file of a package imports from it whenever it runs, types left out, by dotted names."""
    files = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in (ROOT / package).rglob("*.py")}
    found: dict[str, set[str]] = {}
    for name, path in files.items():
        tree = ast.parse(path.read_text())
        typing = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            for inner in ast.walk(node)
        }
        folder = name.split(".")[:-1]
        named: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level and id(node) not in typing:
                above = folder[: len(folder) - node.level + 1]
                base = ".".join([*above, node.module] if node.module else above)
                named |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
        found[name] = (named & files.keys()) - {name}
    return found


@pytest.mark.parametrize("package", ["core", "tui"])
def test_no_files_import_each_other_in_a_circle(package: str) -> None:
    try:
        TopologicalSorter(imports(package)).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
