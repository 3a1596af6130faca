"""The log pane on a real pty: a file of 1 GB, a search in it, and a log that grows by 200,000 lines a second.

`python -m tests.bench.dashboard_log [PATH OF TOOLONG'S tl]`; less is compared with where it is installed.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from evaldock.tui.theme import THEMES, palette
from evaldock.tui.widgets.log_pane import LogPane
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

from .pty_run import on_pty

GIB = 1 << 30
_PROBE = 0.005
_WRITER = """
import sys, time
path, rate, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
line = b"03:58:06 INFO  worker-4  sample 117  exact match = 1   latency 405 ms and what else is usual\\n"
began = time.perf_counter()
with open(path, "ab", buffering=0) as file:
    written = 0
    while (passed := time.perf_counter() - began) < seconds:
        due = int(passed * rate) - written
        if due > 0:
            file.write(line * due)
            written += due
        time.sleep(0.002)
"""


class Timed(LogPane):
    """Notes when it was drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn = False

    def render_lines(self, crop: Region) -> list[Strip]:
        self.drawn = True
        return super().render_lines(crop)


class Load(App[None]):
    """One of the loads, which measures itself."""

    def __init__(self, what: str, path: Path, report: Path) -> None:
        super().__init__()
        self.register_theme(THEMES["evaldock-dark"])
        self.theme = "evaldock-dark"
        self.palette = palette(THEMES["evaldock-dark"])
        self._what, self._path, self._report = what, path, report
        self._lags: list[float] = []
        self._frames: list[float] = []
        self._answers: list[float] = []
        self._waiting: float | None = None
        self.pane = Timed()

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        self.pane.focus()
        self.run_worker(getattr(self, f"_{self._what}")())
        self.run_worker(self._feel())

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        super()._display(screen, renderable)
        # What was drawn has gone to the terminal by now.
        if self.pane.drawn:
            self.pane.drawn = False
            self._frames.append(time.perf_counter())
            if self._waiting is not None:
                self._answers.append(self._frames[-1] - self._waiting)
                self._waiting = None

    async def _feel(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(_PROBE)
            self._lags.append(time.perf_counter() - began - _PROBE)

    def _lag(self, part: float) -> float:
        lags = sorted(self._lags)
        return 1000 * lags[min(len(lags) - 1, int(len(lags) * part))] if lags else 0.0

    def _end(self, **figures: float) -> None:
        self._report.write_text(json.dumps({"p99": self._lag(0.99), "max": self._lag(1.0), **figures}))
        self.exit()

    async def _large(self) -> None:
        await asyncio.sleep(1)
        before, began = _rss(), time.perf_counter()
        self._frames.clear()
        self._lags.clear()
        self.pane.open(self._path)
        while not self._frames:
            await asyncio.sleep(0.001)
        first = self._frames[0] - began
        while not self.pane.status.lines:
            await asyncio.sleep(0.01)
        indexed = time.perf_counter() - began
        grown = _rss() - before
        lag = self._lag(1.0)
        self._lags.clear()
        rare = await self._search("needle")
        found = {
            "often": await self._search("worker-4"),
            "regex": await self._search(r"latency 8\d+ ms", regex=True),
        }
        self._end(first=first, indexed=indexed, grown=grown, searched=rare, index_lag=lag, **found)

    async def _search(self, pattern: str, *, regex: bool = False) -> float:
        began = time.perf_counter()
        self.pane.search(pattern, regex)
        while self.pane.status.searching or not self.pane.status.hits:
            await asyncio.sleep(0.01)
        return time.perf_counter() - began

    async def _show(self) -> None:
        self.pane.open(self._path)

    async def _flood(self) -> None:
        self.pane.open(self._path)
        await asyncio.sleep(1)
        seconds = 8.0
        writer = flood(self._path, seconds)
        await asyncio.sleep(1)
        self._lags.clear()
        began, cpu = time.perf_counter(), time.process_time()
        lines = self.pane.status.lines
        keys = 0
        while writer.poll() is None:
            await asyncio.sleep(0.2)
            # Horizontal movement: it is painted, and the log is followed on.
            self._waiting = time.perf_counter()
            self.simulate_key("right" if keys % 2 == 0 else "left")
            keys += 1
        wall = time.perf_counter() - began
        answers = sorted(self._answers)
        self._end(
            cpu=100 * (time.process_time() - cpu) / wall,
            rate=(self.pane.status.lines - lines) / wall,
            key=1000 * answers[int(len(answers) * 0.99)],
        )

    async def _idle(self) -> None:
        self.pane.open(self._path)
        await asyncio.sleep(1)
        for worker in list(self.workers):
            if worker.node is self and "_feel" in str(worker.name):
                worker.cancel()
        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.sleep(5)
        self._end(cpu=100 * (time.process_time() - cpu) / (time.perf_counter() - began))


def flood(path: Path, seconds: float) -> subprocess.Popen[bytes]:
    """A process that appends 200,000 lines a second."""
    return subprocess.Popen([sys.executable, "-c", _WRITER, str(path), "200000", str(seconds)])


def _rss() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / (1 << 20)


def _load(what: str, path: Path) -> dict[str, Any]:
    return on_pty([sys.executable, "-m", "tests.bench.dashboard_log", what, str(path)], size=(120, 36))


def measure(toolong: Path | None = None) -> list[tuple[str, str, str]]:
    """(what, figure, budget) for each load. `toolong` is the program to compare with."""
    from .log_viewers import compared

    with tempfile.TemporaryDirectory() as name:
        large = Path(name) / "large.log"
        _write(large)
        one = _load("large", large)
        small = Path(name) / "small.log"
        small.write_text("begin\n")
        flood = _load("flood", small)
        small.write_text("begin\n")
        idle = _load("idle", small)
        others = compared(large, small, toolong)
    return [
        ("log of 1 GB, first frame", f"{1000 * one['first']:.0f} ms, +{one['grown']:.1f} MB", "100 ms, 10 MB"),
        ("log of 1 GB, all lines counted", f"{one['indexed']:.2f} s, lag max {one['index_lag']:.0f} ms", "-, 50 ms"),
        ("log of 1 GB, searched", f"{one['searched']:.2f} s, lag max {one['max']:.0f} ms", "1.5 s, 50 ms"),
        ("  for what 1.3 million lines hold", f"{one['often']:.2f} s", ""),
        ("  for a regular expression", f"{one['regex']:.2f} s", ""),
        (
            f"log, {flood['rate'] / 1000:.0f}k lines/s followed",
            f"{flood['cpu']:.0f} %, lag p99 {flood['p99']:.0f} ms",
            "25 ms",
        ),
        ("log, key to paint under that load", f"p99 {flood['key']:.0f} ms", "50 ms"),
        ("log, idle", f"{idle['cpu']:.1f} %", "1 %"),
        *others,
    ]


def _write(path: Path) -> None:
    block = b"".join(
        b"03:58:06 INFO  worker-%d  sample %d  exact match = 1   latency %d ms, and what else there is to say of it\n"
        % (n % 7, n, n * 37 % 900)
        for n in range(40_000)
    )
    with path.open("wb") as file:
        while file.tell() < GIB:
            file.write(block)
        file.write(b"a needle in a haystack\n")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        Load(sys.argv[1], Path(sys.argv[2]), Path(os.environ.get("BENCH_REPORT", os.devnull))).run()
    else:
        for what, figure, budget in measure(*map(Path, sys.argv[1:])):
            print(f"{what:<46}{figure:>30}" + (f"   budget {budget}" if budget else ""), flush=True)
