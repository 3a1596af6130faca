"""Walking through what containers left: deep, wide, full of links."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from evaldock.core.base.trees import TooMany, walk


def names(top: Path, **options: int) -> list[str]:
    return [entry.name for entry in walk(top, **options)]


def test_everything_is_seen_once_and_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "c").mkdir()
    for place in ("a/1", "a/b/2", "c/3"):
        (tmp_path / place).write_text("x")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "a" / "up").symlink_to("..")
    os.mkfifo(tmp_path / "c" / "pipe")
    found = names(tmp_path)
    assert found[0] == "."
    assert sorted(found[1:]) == ["1", "2", "3", "a", "b", "c", "loop", "pipe", "up"]
    assert found.index("a") < found.index("b") < found.index("2")


def test_depth_costs_neither_stack_nor_descriptors(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d" * 100, dir_fd=here)
        below = os.open("d" * 100, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    seen = most = 0
    before = len(os.listdir("/proc/self/fd"))
    for entry in walk(tmp_path):
        seen += stat.S_ISDIR(entry.stat.st_mode)
        most = max(most, len(os.listdir("/proc/self/fd")) - before)
    assert seen == 3001
    assert most <= 3
    # What clears up after tests cannot go that deep.
    subprocess.run(["rm", "-rf", tmp_path / ("d" * 100)], check=True)


def test_it_ends(tmp_path: Path) -> None:
    for folder in ("a", "b", "c"):
        (tmp_path / folder).mkdir()
        for number in range(10):
            (tmp_path / folder / str(number)).write_text("")
    assert len(names(tmp_path, most=33)) == 34
    with pytest.raises(TooMany):
        names(tmp_path, most=32)


def test_what_disappears_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for entry in walk(tmp_path):
        if entry.name in ("a", "b"):
            (tmp_path / entry.name).rmdir()
