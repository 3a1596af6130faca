"""All runs at one moment, and the reader that keeps up with them at little cost."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ...core.engine.docker.reach import quick_version
from ...core.run.pointers import pointers, state_dir
from ...core.run.store import Run, RunDamaged
from .run_row import RunRow, run_row

_DOCKER_EVERY = 5.0  # seconds between two looks at Docker and the disk


@dataclass(frozen=True, slots=True)
class HomeSnapshot:
    """The runs, newest first, and the machine they run on.

    `docker` is the daemon's version, None while it does not answer (or only through a context, which is not asked).
    `free` is the room on the disk of the newest run, in bytes, None when that cannot be told. `loaded` is False until
    all runs have been looked at once.
    """

    rows: tuple[RunRow, ...] = ()
    docker: str | None = None
    free: int | None = None
    loaded: bool = False

    @property
    def under_way(self) -> int:
        """Runs that have an engine."""
        return sum(row.state == "running" for row in self.rows)

    @property
    def running_tasks(self) -> int:
        """Tasks that run at this moment."""
        return sum(row.counts.get("running", 0) for row in self.rows)

    @property
    def free_slots(self) -> int:
        """Tasks that could start at once in the runs under way."""
        busy = ("pulling", "starting", "running", "stopping")
        live = (row for row in self.rows if row.state == "running")
        return sum(max(0, row.workers - sum(row.counts.get(state, 0) for state in busy)) for row in live)


class HomeReader:
    """Reads all runs for a feed. A run that has ended costs one `stat` a look."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._roots: dict[str, Path] = {}
        self._runs: dict[str, Run] = {}
        self._rows: dict[str, RunRow] = {}
        self._stamps: dict[str, tuple[int, int]] = {}
        self._listed = -1
        self._machine: tuple[str | None, int | None] = (None, None)
        self._machine_at = float("-inf")

    def read(self, before: HomeSnapshot | None) -> HomeSnapshot:
        """The runs by now; `before` itself when nothing changed. The first call reads nothing: it must be quick."""
        if before is None:
            return HomeSnapshot()
        self._list()
        for invocation, root in self._roots.items():
            self._look(invocation, root)
        rows = sorted(self._rows.values(), key=lambda row: (Path(row.run_dir).name[:15], row.invocation), reverse=True)
        docker, free = self._look_at_machine(rows[0].run_dir if rows else str(Path.home()))
        after = replace(before, rows=tuple(rows), docker=docker, free=free, loaded=True)
        return before if after == before else after

    def run(self, invocation: str) -> Run | None:
        """An opened run of the list."""
        return self._runs.get(invocation)

    def _list(self) -> None:
        """Read the pointers again when there is a new one, or one less."""
        try:
            changed = (state_dir(self._env) / "runs").stat().st_mtime_ns
        except OSError:
            changed = 0
        if changed != self._listed:
            self._listed = changed
            self._roots = pointers(self._env)

    def _look(self, invocation: str, root: Path) -> None:
        try:
            found = (root / "journal.jsonl").stat()
        except OSError:
            self._forget(invocation)
            return
        stamp = (found.st_mtime_ns, found.st_size)
        row = self._rows.get(invocation)
        if row is not None and row.seconds is not None and self._stamps.get(invocation) == stamp:
            return
        try:
            run = self._runs.get(invocation) or Run.open(root)
            if run.invocation != invocation:
                return
            row = run_row(run, run.state(), run.engine_alive())
        except RunDamaged:
            self._forget(invocation)
            return
        self._runs[invocation], self._rows[invocation], self._stamps[invocation] = run, row, stamp

    def _forget(self, invocation: str) -> None:
        for known in (self._runs, self._rows, self._stamps):
            known.pop(invocation, None)

    def _look_at_machine(self, folder: str) -> tuple[str | None, int | None]:
        if time.monotonic() - self._machine_at >= _DOCKER_EVERY:
            self._machine_at = time.monotonic()
            try:
                # Only as fine as it is shown: otherwise every look would find something new.
                free: int | None = shutil.disk_usage(folder).free >> 27 << 27
            except OSError:
                free = None
            self._machine = (quick_version(self._env), free)
        return self._machine
