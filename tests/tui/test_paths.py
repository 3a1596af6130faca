"""Completing a typed path."""

from __future__ import annotations

from pathlib import Path

import pytest
from evaldock.tui.widgets.paths import completed


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("", "a.yaml"),
        ("a", "a.yaml"),
        ("a.yaml", None),
        ("b", "b/"),
        ("b/", "b/c.yml"),
        ("b/c.y", "b/c.yml"),
        ("n", None),
        (".", ".d.yaml"),
        ("nowhere/", None),
        ("~/", "~/a.yaml"),
        ("\0", None),
    ],
)
def test_what_a_path_becomes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, whole: str | None) -> None:
    (tmp_path / "b").mkdir()
    for name in ("a.yaml", "notes.txt", ".d.yaml", "b/c.yml"):
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert completed(typed, (".yaml", ".yml")) == whole
