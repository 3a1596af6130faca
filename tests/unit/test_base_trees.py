"""Directories of any depth, size and mode are listed and removed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from evaldock.core.base.trees import files_below, remove_tree
from evaldock.core.control.remove import size_of
from evaldock.core.results.files import Missing, newest_match
from evaldock.core.results.samples.artifacts import Artifacts


def deep(root: Path, levels: int) -> Path:
    """Directories inside each other, deeper than any path may be long; a file lies at the bottom."""
    root.mkdir()
    fd = os.open(root, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=fd)
        inner = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = inner
    os.close(os.open("bottom.jsonl", os.O_WRONLY | os.O_CREAT, dir_fd=fd))
    os.close(fd)
    return root


@pytest.mark.parametrize("levels", [0, 3, 1500, 5000])
def test_any_depth_is_listed_as_far_as_paths_go_and_removed(tmp_path: Path, levels: int) -> None:
    root = deep(tmp_path / "run", levels)
    if levels < 2000:
        assert [entry.name for entry in files_below(root)] == ["bottom.jsonl"]
        assert newest_match(root, "bottom*") == "d/" * levels + "bottom.jsonl"
        assert Artifacts(root).names == ("d/" * levels + "bottom.jsonl",)
    else:
        assert list(files_below(root)) == []
        with pytest.raises(Missing):
            newest_match(root, "bottom*")
    assert size_of(root) == 0
    remove_tree(root)
    assert not root.exists()


def test_links_are_removed_and_what_they_lead_to_is_not(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "keep").write_text("x")
    inside = tmp_path / "run" / "inside"
    inside.mkdir(parents=True)
    (inside / "link").symlink_to(outside)
    (inside / "self").symlink_to(inside)
    os.mkfifo(inside / "pipe")
    assert sorted(entry.name for entry in files_below(tmp_path / "run")) == ["link", "pipe", "self"]
    remove_tree(tmp_path / "run")
    assert (outside / "keep").read_text() == "x"
    assert not (tmp_path / "run").exists()


def test_closed_directories_and_odd_names_are_removed(tmp_path: Path) -> None:
    for name in ("a/b/c", "a/x", "a/\n", "z" * 255):
        (tmp_path / "run" / name).mkdir(parents=True)
        (tmp_path / "run" / name / "same").write_bytes(b"\xff")
    for name in ("a/b/c", "a/b", "a"):
        (tmp_path / "run" / name).chmod(0)
    remove_tree(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_link_is_not_removed_as_a_tree(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(OSError):
        remove_tree(tmp_path / "link")
    assert (tmp_path / "real").is_dir()


def test_no_more_entries_than_asked_for_are_looked_at(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number}").write_text("")
    assert len(list(files_below(tmp_path, most=7))) == 7
