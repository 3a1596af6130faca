"""Pointer files: one small file a run, so that a run is found by its id wherever it lies."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from .atomic import make_dir, write_atomic
from .paths import RunPaths

INVOCATION = re.compile(r"[0-9a-f]{8}")
RUN_DIR = re.compile(r"\d{8}_\d{6}-([0-9a-f]{8})")


def state_dir(env: Mapping[str, str] | None = None) -> Path:
    """Where evaldock keeps its state: `$XDG_STATE_HOME/evaldock`, by default `~/.local/state/evaldock`."""
    env = os.environ if env is None else env
    base = env.get("XDG_STATE_HOME", "")
    # The XDG specification says to ignore relative values.
    if os.path.isabs(base):
        return Path(base) / "evaldock"
    home = env.get("HOME") or str(Path.home())
    return Path(home) / ".local" / "state" / "evaldock"


def register(paths: RunPaths, invocation: str, env: Mapping[str, str] | None = None) -> Path:
    """Point to a run. Returns the pointer file. Raises OSError."""
    folder = state_dir(env) / "runs"
    make_dirs(folder)
    path = folder / f"{invocation}.json"
    content = {"root": os.path.abspath(paths.root)}
    write_atomic(path, json.dumps(content).encode() + b"\n")
    return path


def pointers(env: Mapping[str, str] | None = None) -> dict[str, Path]:
    """Invocation -> run directory, of all pointers whose directory is still there."""
    out: dict[str, Path] = {}
    try:
        names = os.listdir(state_dir(env) / "runs")
    except OSError:
        return out
    for name in sorted(names):
        invocation = name.removesuffix(".json")
        root = _target(state_dir(env) / "runs" / name) if INVOCATION.fullmatch(invocation) else None
        if root is not None and root.is_dir():
            out[invocation] = root
    return out


def make_dirs(path: Path) -> None:
    """Make a directory and its missing parents, each 0700 whatever the umask. Raises OSError."""
    missing: list[Path] = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        try:
            make_dir(folder)
        except FileExistsError:
            if not folder.is_dir():
                raise


def _target(pointer: Path) -> Path | None:
    try:
        data: object = json.loads(pointer.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    root = cast(dict[str, object], data).get("root") if isinstance(data, dict) else None
    return Path(root) if isinstance(root, str) and os.path.isabs(root) else None
