"""The whole dashboard on a real pty: its first picture, 1,000 tasks at work, a run that is over.

`python -m tests.bench.dashboard_run`. The run is on disk as an engine leaves it; another process writes its figures.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pexpect
from evaldock.core.run.store import Run
from evaldock.tui import app
from evaldock.tui.app import EvaldockApp
from evaldock.tui.settings import Appearance
from textual.screen import Screen

from ..tui.scene import GIB, Scene, Task, rates, requests, score
from .pty_run import on_pty

SECONDS = 8.0
_PROBE = 0.01
_KEY_EVERY = 0.3
# Its first argument is live.json, the second how often a second it is written anew, every figure another.
_WRITER = """
import json, os, sys, time
path, every = sys.argv[1], 1 / float(sys.argv[2])
tree, turn = json.load(open(path)), 0
while os.getppid() > 1:
    turn += 1
    tree["at"] = str(turn)
    for place, job in enumerate(tree["jobs"].values()):
        job["progress"] = (turn * 37 + place) % 10**6
        job["cpu"] = float((turn + place) % 300)
        job["requests"]["ok"] = job["progress"]
        job["requests"]["rates"] = job["requests"]["rates"][1:] + [(turn + place) % 9]
    with open(path + ".new", "w") as file:
        json.dump(tree, file)
    os.replace(path + ".new", path)
    time.sleep(every)
"""


class Load(EvaldockApp):
    """The dashboard of a run, which measures itself while `hertz` new figures come a second."""

    # A style sheet is looked for beside the class that names it.
    CSS_PATH = Path(app.__file__).with_name("app.tcss")

    def __init__(self, run: Run, hertz: float, report: Path) -> None:
        super().__init__(Appearance(ascii=None, theme="dark", mouse=False), env=os.environ)
        self.begin_with(run, start=False)
        self._run_shown, self._hertz, self._report = run, hertz, report
        self._lags: list[float] = []
        self._answers: list[float] = []
        self._waiting: float | None = None

    def on_mount(self) -> None:
        # Textual calls the handlers of the classes above by itself.
        self.run_worker(self._measure())

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        super()._display(screen, renderable)
        if self._waiting is not None:
            self._answers.append(time.perf_counter() - self._waiting)
            self._waiting = None

    async def _measure(self) -> None:
        writer = None
        if self._hertz:
            live = str(self._run_shown.paths.live)
            writer = subprocess.Popen([sys.executable, "-c", _WRITER, live, str(self._hertz)])
        await asyncio.sleep(2)
        # The probe and the keys cost something themselves (100 Hz: about 2 %), so the load is measured without them.
        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.sleep(SECONDS)
        used = 100 * (time.process_time() - cpu) / (time.perf_counter() - began)
        if writer is not None:
            feeling, pressing = asyncio.create_task(self._feel()), asyncio.create_task(self._press())
            await asyncio.sleep(SECONDS)
            feeling.cancel()
            pressing.cancel()
            writer.kill()
            writer.wait()
        self._report.write_text(json.dumps({"cpu": used, "lag": _part(self._lags), "key": _part(self._answers)}))
        self.exit()

    async def _feel(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(_PROBE)
            self._lags.append(time.perf_counter() - began - _PROBE)

    async def _press(self) -> None:
        while True:
            await asyncio.sleep(_KEY_EVERY)
            self._waiting = time.perf_counter()
            self.simulate_key("down")


def _part(values: list[float]) -> float:
    """The 99th percentile in milliseconds, 0.0 of nothing."""
    return 1000 * sorted(values)[min(len(values) - 1, len(values) * 99 // 100)] if values else 0.0


def _thousand(scene: Scene, running: int) -> Run:
    """A run of 1,000 tasks: `running` of them at work, the others over or waiting."""
    figures = {"cpu": 212.0, "memory": 3 * GIB, "memory_limit": 16 * GIB, "progress": 121}
    live = {**figures, "requests": requests(121, 8, rates(3, 4, 4, 5, 6, 5, 4), by_status={"200": 121, "429": 3})}
    tasks = [
        Task(f"task_{n}", "running", 100 + n / 7, samples=10**6, live=live)
        if n < running
        else Task(f"task_{n}", "succeeded", 60, score=score(0.7, 0.01, 500))
        if n % 2
        else Task(f"task_{n}")
        for n in range(1000)
    ]
    return scene.run(f"{running:08x}", tasks, engine=True)


def first_paint(run: Run, env: dict[str, str]) -> tuple[float, float]:
    """Seconds from the command to a task's name on the screen: by the clock, and of CPU."""
    command = [str(Path(sys.executable).with_name("evaldock")), "attach", str(run.paths.root)]
    began = time.perf_counter()
    child = pexpect.spawn(command[0], command[1:], env=env, dimensions=(36, 120), timeout=20)
    child.expect(run.plan.jobs[0].task)
    seconds = time.perf_counter() - began
    used = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    child.terminate()
    child.expect(pexpect.EOF)
    child.wait()
    return seconds, sum(map(int, used)) / os.sysconf("SC_CLK_TCK")


def measure() -> list[tuple[str, str, str]]:
    """(what, figure, budget) for each load."""
    found: list[tuple[str, str, str]] = []
    with tempfile.TemporaryDirectory() as name:
        scene = Scene(Path(name))
        env = {**os.environ, **scene.env, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        small = scene.run(engine=True)
        over = scene.run("0000beef", [Task(f"task_{n}", "succeeded", 60) for n in range(1000)])
        for what, run in (("16 tasks", small), ("1,000 tasks", over)):
            first_paint(run, env)
            times = [first_paint(run, env) for _ in range(5)]
            seconds, used = (statistics.median(figures) for figures in zip(*times, strict=True))
            found.append((f"dashboard, {what}: first picture", f"{seconds:.2f} s, CPU {used:.2f} s", "0.5 s"))
        for what, run, hertz, budget in (
            ("over, idle", over, 0.0, "1 %"),
            ("8 of 1,000 at work", _thousand(scene, 8), 1.0, ""),
            ("all 1,000 at work", _thousand(scene, 1000), 1.0, "8 %, 15 ms, 50 ms"),
        ):
            command = [sys.executable, "-m", "tests.bench.dashboard_run", str(run.paths.root), str(hertz)]
            figures = on_pty(command, env=scene.env)
            told = f"{figures['cpu']:.1f} %"
            if hertz:
                told += f", lag p99 {figures['lag']:.1f} ms, key {figures['key']:.0f} ms"
            found.append((f"dashboard, {what}", told, budget))
        scene.close()
    return found


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Load(Run.open(Path(sys.argv[1])), float(sys.argv[2]), Path(os.environ["BENCH_REPORT"])).show()
    else:
        for name, figure, budget in measure():
            print(f"{name:<40}{figure:>40}   budget {budget}", flush=True)
