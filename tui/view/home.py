"""All runs at one moment, the selected one in detail, and the machine that they run on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...core.base.disk import disk_of
from ...core.base.home import home_dir
from ...core.engine.docker.reach import quick_version
from ...core.run.overview import Overview
from ...core.run.store import Run, RunDamaged
from .reader import RunReader
from .run_row import RunRow, run_row
from .snapshot import Snapshot

_MACHINE_EVERY = 5.0  # seconds between two looks at Docker and the disk
_BUSY = ("pulling", "starting", "running", "stopping")


@dataclass(frozen=True, slots=True)
class HomeSnapshot:
    """The runs, newest first, and the machine.

    `docker` is the daemon's version, "" while it does not answer, None before it was asked. `free` is the room on the
    disk of the newest run in bytes, None when that cannot be told. `loaded` is False until the runs were read once.
    `detail` is the selected run as it is now, None while it is being read.
    """

    rows: tuple[RunRow, ...] = ()
    docker: str | None = None
    free: int | None = None
    loaded: bool = False
    detail: Snapshot | None = None

    @property
    def under_way(self) -> int:
        """Runs that have an engine."""
        return sum(row.state == "running" for row in self.rows)

    @property
    def running_tasks(self) -> int:
        """Tasks that run at this moment."""
        return sum(row.counts.get("running", 0) for row in self.rows if row.state == "running")

    @property
    def free_slots(self) -> int:
        """Tasks that could start at once in the runs under way."""
        live = (row for row in self.rows if row.state == "running")
        return sum(max(0, row.workers - sum(row.counts.get(state, 0) for state in _BUSY)) for row in live)


class HomeReader:
    """Reads all runs for a feed. `select` may be called from another thread."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._overview = Overview(env)
        self._machine: tuple[str | None, int | None] = (None, None)
        self._machine_at = float("-inf")
        self._selected = ""
        self._detail: tuple[str, Run, RunReader] | None = None

    def select(self, run_dir: str) -> None:
        """Read this run in detail from now on."""
        self._selected = run_dir

    @property
    def selected_run(self) -> Run | None:
        """The run that `detail` is of."""
        return self._detail[1] if self._detail is not None else None

    def read(self, before: HomeSnapshot | None) -> HomeSnapshot:
        """The runs by now; `before` itself when nothing changed. The first call reads nothing: it must be quick."""
        if before is None:
            return HomeSnapshot()
        rows = tuple(map(run_row, self._overview.summaries()))
        docker, free = self._look_at_machine(rows[0].run_dir if rows else str(home_dir()))
        after = HomeSnapshot(rows, docker, free, loaded=True, detail=self._look_at_selected(before.detail))
        return before if after == before else after

    def _look_at_selected(self, before: Snapshot | None) -> Snapshot | None:
        chosen = self._selected
        if not chosen:
            return None
        if self._detail is None or self._detail[0] != chosen:
            before = None
            try:
                run = Run.open(Path(chosen))
            except RunDamaged:
                self._detail = None
                return None
            self._detail = (chosen, run, RunReader(run, read_only=False))
        return self._detail[2].read(before)

    def _look_at_machine(self, folder: str) -> tuple[str | None, int | None]:
        if time.monotonic() - self._machine_at >= _MACHINE_EVERY:
            disk = disk_of(Path(folder))
            # Only as fine as it is shown: otherwise every look would find something new.
            self._machine = (quick_version(self._env) or "", disk.free >> 27 << 27 if disk else None)
            self._machine_at = time.monotonic()
        return self._machine
