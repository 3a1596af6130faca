"""The rows of the reference pictures, and a screen made of the run screen's parts, to look at and to take snapshots of.

python -m tests.tui.pictures DIRECTORY
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from evaldock.core.run.score import Score
from evaldock.tui import glyphs
from evaldock.tui.draw.line import Span
from evaldock.tui.theme import THEMES, palette
from evaldock.tui.view.row import Pull, Requests, TaskRow
from evaldock.tui.view.snapshot import Snapshot, Track
from evaldock.tui.widgets.footer import Footer
from evaldock.tui.widgets.pane_head import PaneHead
from evaldock.tui.widgets.run_header import RunHeader
from evaldock.tui.widgets.run_line import RunLine
from evaldock.tui.widgets.task_table import TaskTable
from evaldock.tui.widgets.vitals import Vitals
from textual.app import App, ComposeResult

GIB = 1 << 30
MIB = 1 << 20
BLANK = TaskRow(
    job="4f2a9c1e.0",
    index=0,
    task="",
    harness="simple_evals",
    state="queued",
    reason=None,
    detail="",
    attempt=1,
    exit_code=None,
    kill_requested=0,
    kill_grace=10.0,
    done=None,
    total=None,
    note="",
    pull=None,
    seconds=None,
    left=None,
    cpu=None,
    memory=None,
    memory_limit=16 * GIB,
    requests=None,
    score=None,
    image="",
    dir_name="",
)


def _requests(rate: float, *levels: float) -> Requests:
    rates = tuple(levels[second * len(levels) // 60] for second in range(60))
    return Requests(412, 8, rate, rates, 0.41, 0.98, 1.9, 12.4, (("429", 3),))


def _score(value: float, stderr: float, n: int) -> Score:
    return Score("acc", value, stderr, n, "valid", "")


ROWS: tuple[TaskRow, ...] = tuple(
    replace(BLANK, index=place, job=f"4f2a9c1e.{place}", **values)
    for place, values in enumerate(
        [
            {
                "task": "gpqa_diamond",
                "state": "running",
                "done": 121,
                "total": 198,
                "seconds": 761,
                "left": 480,
                "cpu": 212,
                "memory": int(3.1 * GIB),
                "requests": _requests(4.2, 3, 3, 4, 5, 5, 6, 7),
            },
            {
                "task": "mmlu_pro",
                "state": "running",
                "done": 1842,
                "total": 12032,
                "seconds": 760,
                "left": 4200,
                "cpu": 187,
                "memory": int(2.9 * GIB),
                "requests": _requests(9.8, 6, 7, 7, 7, 7, 7, 7),
            },
            {
                "task": "ifbench",
                "state": "running",
                "done": 271,
                "total": 294,
                "seconds": 535,
                "left": 45,
                "attempt": 2,
                "cpu": 96,
                "memory": int(1.2 * GIB),
                "requests": _requests(1.6, 7, 6, 5, 4, 3, 2, 1),
            },
            {
                "task": "humaneval_instruct",
                "state": "running",
                "done": 412,
                "seconds": 190,
                "cpu": 41,
                "memory": 812 * MIB,
                "requests": _requests(2.0, 1, 2, 2, 3, 2, 3, 2),
            },
            {
                "task": "bfclv3",
                "state": "pulling",
                "pull": Pull(int(1.9 * GIB), int(4.2 * GIB), 38.0 * MIB),
                "seconds": 48,
            },
            {"task": "mtbench", "state": "starting", "seconds": 2},
            {
                "task": "truthfulqa",
                "state": "stopping",
                "seconds": 242,
                "cpu": 3,
                "memory": 640 * MIB,
                "kill_requested": 1,
                "stop_in": 7.0,
            },
            {"task": "bbh_instruct", "state": "failed", "attempt": 2, "reason": "oom", "exit_code": 137, "seconds": 7},
            {
                "task": "livecodebench",
                "state": "failed",
                "reason": "image_not_found",
                "image": "nvcr/livecodebench:26.30",
                "seconds": 1,
            },
            {"task": "gsm8k", "state": "succeeded", "seconds": 1268, "score": _score(0.781, 0.011, 1319)},
            {"task": "arc_challenge", "state": "succeeded", "seconds": 573, "score": _score(0.583, 0.014, 1172)},
            {"task": "mmlu", "state": "succeeded", "seconds": 2027, "score": _score(0.683, 0.004, 14042)},
            {
                "task": "math_test_500",
                "state": "succeeded",
                "seconds": 860,
                "score": Score("acc", 0.412, 0.022, 500, "invalid", "214 of 500 answers cut at 256 tokens."),
            },
            {"task": "winogrande", "state": "killed", "reason": "user", "done": 510, "total": 1267, "seconds": 140},
            {"task": "aime_2025"},
            {"task": "simpleqa"},
        ]
    )
)

QUEUE = ("4f2a9c1e.14", "4f2a9c1e.15")
COUNTS = {state: sum(row.state == state for row in ROWS) for state in dict.fromkeys(row.state for row in ROWS)}
MOMENT = Snapshot(
    invocation="4f2a9c1e",
    config_name="nightly",
    model="llama-3.1-8b-instruct",
    url="http://localhost:8000/v1",
    created="2026-11-23T02:46:00.000Z",
    run_dir="/runs/4f2a9c1e",
    rows=ROWS,
    counts=COUNTS,
    elapsed=2472,
    left=4200,
    docker="ok",
    docker_version="27.3.1",
    engine=4711,
    workers=7,
    queue=QUEUE,
)
TRACK = Track(
    cpu=(40, 60, 100, 140, 120, 100, 100, 120, 140, 140, 140, 212),
    memory=tuple(share * GIB for share in (0.4, 0.8, 1.2, 1.2, 1.6, 1.6, 2, 2, 2.4, 2.4, 2.8, 3.1)),
)


class PartsApp(App[None], inherit_bindings=False):
    """Header, table, tabs, vitals and footer, as the run screen stacks them."""

    CSS = """
    #_default { background: $background; layout: vertical; }
    TaskTable { height: 17; margin: 1 0 2 0; }
    .small TaskTable { height: 10; margin: 0; }
    Vitals { margin: 0 0 1 0; }
    #gap { height: 1fr; }
    """
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, theme: str = "dark", *, ascii: bool = False, moment: Snapshot = MOMENT) -> None:
        super().__init__()
        for made in THEMES.values():
            self.register_theme(made)
        self.theme = f"evaldock-{theme}"
        self.palette = palette(THEMES[self.theme])
        self.glyphs = glyphs.ASCII if ascii else glyphs.UNICODE
        self.moment = moment

    def compose(self) -> ComposeResult:
        from textual.widgets import Static

        yield RunHeader()
        yield RunLine()
        yield TaskTable()
        yield PaneHead(("Log", "Results", "Requests", "Config", "Timeline"))
        yield Vitals()
        yield Static(id="gap")
        yield Footer()

    def on_mount(self) -> None:
        moment = self.moment
        self.screen.set_class(self.size.height < 30, "small")
        self.query_one(RunHeader).show(moment)
        self.query_one(RunLine).show(moment.rows, moment.counts, stale=moment.stale)
        table = self.query_one(TaskTable)
        table.show(moment.rows, stale=moment.stale, queue=moment.queue, holding=moment.holding)
        table.toggle_mark_of("4f2a9c1e.1", "4f2a9c1e.4")
        table.focus()
        self.query_one(PaneHead).show(
            "Log",
            right=(
                (Span("gpqa_diamond", "text", bold=True),),
                (Span("simple_evals", "dim"),),
                (Span("12,847", "text"), Span(" lines", "dim")),
                (Span("following ↓", "accent"),),
            ),
        )
        self.query_one(Vitals).show(ROWS[0], TRACK, stale=moment.stale)
        keys = (
            *(("enter", "log"), ("/", "filter"), ("space", "mark"), ("K", "kill 2 marked"), ("R", "rerun 2 failed")),
            *(("p", "preview"), ("s", "shell"), ("P", "pause queue")),
        )
        self.query_one(Footer).show(keys, (("?", "keys"), ("q", "quit")))


async def _draw(folder: Path) -> None:
    down = replace(MOMENT, docker="Docker does not answer at unix:///var/run/docker.sock")
    for name, size, app in (
        ("run-140x42", (140, 42), PartsApp()),
        ("run-120x36", (120, 36), PartsApp()),
        ("run-100x30", (100, 30), PartsApp()),
        ("run-80x24", (80, 24), PartsApp()),
        ("run-200x50", (200, 50), PartsApp()),
        ("run-64x20", (64, 20), PartsApp()),
        ("run-light", (140, 42), PartsApp("light")),
        ("run-mono-ascii", (120, 36), PartsApp("mono", ascii=True)),
        ("run-down", (140, 42), PartsApp(moment=down)),
    ):
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            (folder / f"{name}.svg").write_text(app.export_screenshot(), encoding="utf-8")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(_draw(target))
