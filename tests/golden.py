"""Texts that are pinned: plain files under `golden/`, compared as they are; `--snapshot-update` writes them anew.

What differs from run to run is replaced by its kind first: paths, times, ids of processes, sizes of this machine.
"""

from __future__ import annotations

import difflib
import json
import re
from pathlib import Path

import pytest

_KINDS: tuple[tuple[str, str], ...] = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", "<time>"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}", "<time>"),
    (r"\b\d{8}_\d{6}-", "<stamp>-"),
    (r"\b[0-9a-f]{64}\b", "<digest>"),
    (r'("docker": ?\{)[^{}]*\}', r"\1<docker>}"),
    (r'("docker(?:_version|_address)?": ?)"(?!ok")[^"]+"', r'\1"<docker>"'),
    (r'("(?:pid|engine)": ?)\d+', r"\1<pid>"),
    (r'("boot_id": ?)"[^"]*"', r'\1"<boot>"'),
    (r'("evaldock": ?)"[^"]*"', r'\1"<version>"'),
    (r'("python": ?)"[^"]*"', r'\1"<version>"'),
    (r'("host": ?)\{[^{}]*\}', r'\1"<host>"'),
)

_LIVE = ("live.json", "requests-live.json")
"""What is written again every second: which second was the last is a matter of chance."""


class Golden:
    """The pinned texts of one folder."""

    def __init__(self, folder: Path, hidden: dict[str, str], *, renew: bool) -> None:
        self._folder = folder
        self._hidden = hidden
        self._renew = renew

    def hide(self, text: str, kind: str) -> None:
        """From now on `text` is written as `kind`."""
        self._hidden[text] = kind

    def plain(self, text: str) -> str:
        """`text` without what differs from run to run."""
        for found, kind in sorted(self._hidden.items(), key=lambda item: -len(item[0])):
            text = text.replace(found, kind)
        for pattern, kind in _KINDS:
            text = re.sub(pattern, kind, text)
        return text

    def check(self, name: str, text: str) -> None:
        """`text` is what is pinned under `name`."""
        path = self._folder / name
        text = self.plain(text)
        if self._renew:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is not pinned yet: run with --snapshot-update, look at it, commit it"
        pinned = path.read_text(encoding="utf-8")
        changes = list(difflib.unified_diff(pinned.splitlines(), text.splitlines(), "pinned", "now", lineterm="", n=2))
        assert text == pinned, "\n".join([f"{path.name} has changed (--snapshot-update writes it anew)", *changes[:60]])

    def check_json(self, name: str, text: str, *volatile: str) -> None:
        """One JSON document, or several of a line each, indented; what the keys `volatile` hold is left out."""
        try:
            trees = [json.loads(text)]
        except ValueError:
            trees = [json.loads(line) for line in text.splitlines()]
        texts = [json.dumps(_without(tree, volatile), indent=2, ensure_ascii=False) for tree in trees]
        self.check(name, "\n".join(texts) + "\n")


def files_of(root: Path, *volatile: str) -> str:
    """Every file and folder below `root`, with mode and content: JSON indented, without what `volatile` keys hold."""
    parts: list[str] = []
    for path in sorted(root.rglob("*"), key=lambda path: path.relative_to(root).parts):
        mode = path.lstat().st_mode & 0o7777
        sign = "/" if path.is_dir() else ""
        parts.append(f"=== {path.relative_to(root)}{sign} {mode:o}")
        if path.is_file():
            parts.append(_content(path, volatile))
    return "\n".join(parts) + "\n"


def _content(path: Path, volatile: tuple[str, ...]) -> str:
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix not in (".json", ".jsonl"):
        return text
    if path.name in _LIVE:
        return f"keys: {', '.join(sorted(json.loads(text)))}"
    lines = text.splitlines() if path.suffix == ".jsonl" else [text]
    return "\n".join(json.dumps(_without(json.loads(line), volatile), indent=1, ensure_ascii=False) for line in lines)


def _without(tree: object, volatile: tuple[str, ...]) -> object:
    if isinstance(tree, dict):
        return {
            key: f"<{key}>" if key in volatile and value is not None else _without(value, volatile)
            for key, value in tree.items()
        }
    return [_without(value, volatile) for value in tree] if isinstance(tree, list) else tree


def renewing(config: pytest.Config) -> bool:
    """Whether pinned texts are to be written anew."""
    return bool(config.getoption("update_snapshots", default=False))
