"""All runs of the user at a glance, as a home screen reads them again and again."""

from __future__ import annotations

import contextlib
import json
import os
from binascii import crc32
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ..base.atomic import read_head, write_atomic
from ..base.narrow import Json
from .paths import RunPaths
from .pointers import pointers, state_dir
from .store import Run, RunDamaged

_FORM = 2
_LIMIT = 1 << 26

_Stamp = tuple[int, int]
"""A journal's size and the time of its last change: what has the same stamp says the same."""


@dataclass
class _Entry:
    """What is known of one run. `run` is kept while something may still happen; `summary` is None for a damaged one."""

    stamp: _Stamp
    summary: Json | None
    run: Run | None = None


class Overview:
    """Summaries of all runs. What has ended is read once and kept in a file; asking again costs one `stat` a run.

    `env` (default: this process's) says where the pointers are. Not for several threads at once.
    """

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        self._env = env
        self._folder = state_dir(env) / "runs"
        self._kept = state_dir(env) / "summaries.jsonl"
        self._entries = self._read_kept()
        self._listed: int | None = None
        self._roots: dict[str, Path] = {}

    def summaries(self) -> list[Json]:
        """The objects of `Run.summary`, newest first. Runs that are gone or cannot be read are left out."""
        fresh = False
        entries: dict[str, _Entry] = {}
        for invocation, root in self._pointers().items():
            stamp = _stamp(RunPaths(root).journal)
            if stamp is None:
                continue
            entry = self._entries.get(invocation)
            if entry is None or entry.stamp != stamp or (entry.summary or {}).get("run_dir") not in (None, str(root)):
                entry = _read(root, invocation, stamp, entry)
                fresh = fresh or entry.run is None
            elif entry.run is not None:
                entry.summary = _summary(entry.run)
            entries[invocation] = entry
        self._entries = entries
        if fresh:
            self._keep()
        found = [entry.summary for entry in entries.values() if entry.summary is not None]
        return sorted(found, key=lambda summary: (str(summary["created"]), str(summary["invocation"])), reverse=True)

    def _pointers(self) -> dict[str, Path]:
        try:
            changed = os.stat(self._folder).st_mtime_ns
        except OSError:
            return {}
        if changed != self._listed:
            self._listed, self._roots = changed, pointers(self._env)
        return self._roots

    def _read_kept(self) -> dict[str, _Entry]:
        stamp, _, body = (read_head(self._kept, _LIMIT) or b"").partition(b"\n")
        if stamp != _seal(body):
            return {}
        runs = cast("dict[str, tuple[int, int, Json | None]]", json.loads(body))
        return {invocation: _Entry((size, at), summary) for invocation, (size, at, summary) in runs.items()}

    def _keep(self) -> None:
        settled = {key: (*entry.stamp, entry.summary) for key, entry in self._entries.items() if entry.run is None}
        with contextlib.suppress(OSError):  # it only saves time
            body = json.dumps(settled, separators=(",", ":")).encode()
            write_atomic(self._kept, _seal(body) + b"\n" + body, sync=False)


def _seal(body: bytes) -> bytes:
    """The first line of the kept file: what was written in another form, or was damaged since, does not bear it."""
    return json.dumps({"form": _FORM, "crc32": crc32(body)}).encode()


def _read(root: Path, invocation: str, stamp: _Stamp, before: _Entry | None) -> _Entry:
    try:
        run = before.run if before and before.run and before.run.paths.root == root else Run.open(root)
        summary = run.summary() if run.invocation == invocation else None
        settled = run.state().finished
    except RunDamaged:
        return _Entry(stamp, None)
    return _Entry(stamp, summary, None if settled or summary is None else run)


def _summary(run: Run) -> Json | None:
    try:
        return run.summary()
    except RunDamaged:
        return None


def _stamp(journal: Path) -> _Stamp | None:
    try:
        found = os.stat(journal)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
