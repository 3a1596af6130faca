"""The task table on a real pty, 1,000 tasks that all change: `python -m tests.bench.dashboard_table`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from evaldock.tui.theme import THEMES, palette
from evaldock.tui.widgets.task_table import TaskTable
from textual.app import App, ComposeResult

from ..tui.pictures import ROWS
from .pty_run import on_pty

SECONDS = 6.0
_PROBE = 0.01
_MOMENTS = 16


class Load(App[None]):
    """A table of 1,000 rows of which every one is another at each tick; measures itself."""

    CSS = "TaskTable { height: 100%; }"

    def __init__(self, hertz: float, report: Path) -> None:
        super().__init__()
        self.register_theme(THEMES["evaldock-dark"])
        self.theme = "evaldock-dark"
        self.palette = palette(THEMES["evaldock-dark"])
        self._hertz, self._report = hertz, report
        rows = [replace(ROWS[n % 3], job=f"a.{n}", index=n, task=f"task_{n}", total=10**6) for n in range(1000)]
        # Made beforehand: to make them costs as much as to show them.
        self._moments = [
            [replace(row, done=tick * 37037, seconds=float(tick), cpu=float(tick * 31 % 300)) for row in rows]
            for tick in range(_MOMENTS)
        ]
        self._tick = 0
        self._lags: list[float] = []

    def compose(self) -> ComposeResult:
        yield TaskTable()

    def on_mount(self) -> None:
        self._table = self.query_one(TaskTable)
        self._table.show(self._moments[0])
        self.set_timer(1.0, self._begin)

    def _begin(self) -> None:
        # The probe costs something itself (100 Hz: about 2 %), so the load is measured before it begins.
        self._began = (time.perf_counter(), time.process_time())
        if self._hertz:
            self.set_interval(1 / self._hertz, self._change)
        self.set_timer(SECONDS, self._probe)

    def _probe(self) -> None:
        wall, cpu = time.perf_counter() - self._began[0], time.process_time() - self._began[1]
        self._cpu = 100 * cpu / wall
        self.run_worker(self._feel())
        self.set_timer(SECONDS, self._end)

    def _change(self) -> None:
        self._tick += 1
        self._table.show(self._moments[self._tick % _MOMENTS])

    async def _feel(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(_PROBE)
            self._lags.append(time.perf_counter() - began - _PROBE)

    def _end(self) -> None:
        lags = sorted(self._lags)
        figures = {"cpu": self._cpu, "p99": 1000 * lags[len(lags) * 99 // 100], "max": 1000 * lags[-1]}
        self._report.write_text(json.dumps(figures))
        self.exit()


def measure() -> list[tuple[str, str, str]]:
    """(what, figure, budget) for each load."""
    found: list[tuple[str, str, str]] = []
    for hertz, budget in ((0.0, "-"), (4.0, "8 %, 15 ms"), (10.0, "-")):
        figures = on_pty([sys.executable, "-m", "tests.bench.dashboard_table", str(hertz)], size=(120, 36))
        name = "table, idle" if not hertz else f"table, 1,000 tasks changing at {hertz:g} Hz"
        found.append((name, f"{figures['cpu']:.1f} %, lag p99 {figures['p99']:.1f} ms", budget))
    return found


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Load(float(sys.argv[1]), Path(os.environ["BENCH_REPORT"])).run()
    else:
        for name, figure, budget in measure():
            print(f"{name:<46}{figure:>26}   budget {budget}", flush=True)
