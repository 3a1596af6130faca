"""The locks: what a clone installs is what pyproject.toml allows, and nothing comes without a hash."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = sorted(
    file
    for folder in ("requirements", "examples")
    for file in (ROOT / folder).rglob("*.txt")
    if "--hash=" in file.read_text()
)


def pins(lock: Path) -> dict[str, Requirement]:
    """Name -> the one release that the lock has of it."""
    entries = [line.split(" \\")[0] for line in lock.read_text().splitlines() if line[:1].isalnum()]
    return {canonicalize_name(pin.name): pin for pin in map(Requirement, entries)}


def version(pin: Requirement) -> str:
    (spec,) = pin.specifier
    assert spec.operator == "=="
    return spec.version


@pytest.mark.parametrize(("lock", "groups"), [("run", ()), ("dev", ("dev",))])
def test_a_lock_has_a_release_that_is_allowed_of_everything_asked_for(lock: str, groups: tuple[str, ...]) -> None:
    tree = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*tree["build-system"]["requires"], *tree["project"]["dependencies"]]
    for group in groups:
        asked += tree["project"]["optional-dependencies"][group]
    locked = pins(ROOT / "requirements" / f"{lock}.txt")
    missing = [
        text
        for text, need in ((text, Requirement(text)) for text in asked)
        if canonicalize_name(need.name) not in locked
        or not need.specifier.contains(version(locked[canonicalize_name(need.name)]))
    ]
    assert not missing, "run: sh requirements/lock.sh"


def test_both_locks_agree() -> None:
    run, dev = (pins(ROOT / "requirements" / f"{lock}.txt") for lock in ("run", "dev"))
    assert {name: str(pin) for name, pin in run.items()} == {name: str(dev[name]) for name in run}


@pytest.mark.parametrize(
    "image", sorted((ROOT / "examples" / "images").glob("*/Dockerfile")), ids=lambda p: p.parent.name
)
def test_an_image_installs_nothing_without_a_hash(image: Path) -> None:
    installs = re.findall(r"pip install (.*?);", image.read_text().replace("\\\n", " ") + ";", re.DOTALL)
    assert installs
    assert [text for text in installs if "--require-hashes" not in text or "--only-binary :all:" not in text] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_no_entry_is_without_a_hash_and_none_names_where_it_was_found(lock: Path) -> None:
    text = lock.read_text()
    entries = text.replace("\\\n", " ").splitlines()
    assert not [line for line in entries if line[:1] not in {"#", ""} and "--hash=sha256:" not in line]
    assert "://" not in text
