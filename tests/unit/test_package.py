"""What pyproject.toml puts into a wheel: everything that is kept under core, tui and examples."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_a_wheel_holds_every_file_of_core_tui_and_examples() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "core", "tui", "examples"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("no git checkout")
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    held: set[Path] = set()
    for package in settings["packages"]:
        folder = ROOT / package.removeprefix("evaldock.").replace(".", "/")
        for pattern in ["*.py", *settings["package-data"].get(package, [])]:
            held.update(folder.glob(f"{pattern}/*" if pattern.endswith("**") else pattern))
    assert {ROOT / name for name in listed.stdout.split("\0") if name} - held == set()
