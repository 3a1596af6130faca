"""Pointer files: one small file a run, so that a run is found by its id wherever it lies."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from ..base.atomic import make_dirs as make_dirs
from ..base.atomic import read_head, write_atomic
from ..base.home import state_dir as state_dir
from .paths import RunPaths, is_gone

INVOCATION = re.compile(r"[0-9a-f]{8}")
RUN_DIR = re.compile(r"\d{8}_\d{6}-([0-9a-f]{8})")


def register(paths: RunPaths, invocation: str, env: Mapping[str, str] | None = None) -> Path:
    """Point to a run. Returns the pointer file. Raises OSError."""
    folder = state_dir(env) / "runs"
    make_dirs(folder)
    path = folder / f"{invocation}.json"
    content = {"root": os.path.abspath(paths.root)}
    write_atomic(path, json.dumps(content).encode() + b"\n")
    return path


def is_registered(root: Path, env: Mapping[str, str] | None = None) -> bool:
    """Whether a pointer leads to the run at `root`."""
    match = RUN_DIR.fullmatch(root.name)
    return match is not None and _target(state_dir(env) / "runs" / f"{match[1]}.json") == root


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


def forget(root: Path, env: Mapping[str, str] | None = None) -> None:
    """Remove the pointer to the run at `root`; one that leads elsewhere is left alone."""
    match = RUN_DIR.fullmatch(root.name)
    if match is not None:
        _unlink_if(state_dir(env) / "runs" / f"{match[1]}.json", lambda target: target == root)


def forget_gone(env: Mapping[str, str] | None = None, *, dry_run: bool = False) -> list[str]:
    """Remove the pointers to runs that are not there any more; their invocations."""
    folder = state_dir(env) / "runs"
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    found = [name.removesuffix(".json") for name in names if _leads_nowhere(_target(folder / name))]
    for invocation in [] if dry_run else found:
        _unlink_if(folder / f"{invocation}.json", _leads_nowhere)
    return found


def _leads_nowhere(root: Path | None) -> bool:
    return root is not None and is_gone(root)


def _unlink_if(pointer: Path, condition: Callable[[Path | None], bool]) -> None:
    if condition(_target(pointer)):
        with contextlib.suppress(OSError):
            pointer.unlink()


def _target(pointer: Path) -> Path | None:
    try:
        data: object = json.loads(read_head(pointer, 1 << 16) or b"null")
    except (ValueError, RecursionError):
        return None
    root = cast(dict[str, object], data).get("root") if isinstance(data, dict) else None
    return Path(root) if isinstance(root, str) and os.path.isabs(root) else None
