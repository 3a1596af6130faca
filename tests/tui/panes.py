"""What the tabs show in the reference pictures, as fixed values, and a screen around them.

python -m tests.tui.panes DIRECTORY
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from evaldock.core.config.model import EnvValue
from evaldock.core.plan.spec import EnvRef, JobSpec, Plan
from evaldock.core.plan.view import Again, plan_view
from evaldock.core.results.tree import Figure, FigureNode, MetricTree
from evaldock.core.run.events import (
    EngineStarted,
    JobChanged,
    JobState,
    KillRequested,
    Reason,
    RerunRequested,
    RunCreated,
)
from evaldock.core.run.figures import RequestFigures
from evaldock.core.run.sample import Message, Sample
from evaldock.core.run.score import Score
from evaldock.core.run.timeline import TimelineEntry, timeline
from evaldock.tui.draw.line import Span
from evaldock.tui.glyphs import ASCII, UNICODE, Glyphs
from evaldock.tui.panes.stack import TABS, Tab
from evaldock.tui.theme import THEMES, palette
from evaldock.tui.view.config_lines import ConfigData, config_tab_lines
from evaldock.tui.view.pane_title import other_title
from evaldock.tui.view.requests_lines import RequestsData, requests_lines
from evaldock.tui.view.results_lines import results_lines
from evaldock.tui.view.row import Requests, TaskRow
from evaldock.tui.view.sample_lines import Shown
from evaldock.tui.view.timeline_lines import timeline_lines
from evaldock.tui.widgets.footer import Footer
from evaldock.tui.widgets.lines_pane import LinesPane
from evaldock.tui.widgets.pane_head import PaneHead
from evaldock.tui.widgets.run_header import RunHeader
from evaldock.tui.widgets.run_line import RunLine
from evaldock.tui.widgets.task_table import TaskTable
from textual.app import App, ComposeResult

from .pictures import BLANK, MOMENT, QUEUE

JOB = "4f2a9c1e.11"
NOW = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)


def _node(
    label: str, depth: int, value: float | None, stderr: float | None, n: int, *, primary: bool = False
) -> FigureNode:
    return FigureNode(label, label, depth, (Figure("acc", f"mmlu_{label}_acc", value, stderr, n, primary=primary),))


TREE = MetricTree(
    (
        _node("mmlu", 0, 0.683, 0.0037, 14042, primary=True),
        _node("humanities", 1, 0.641, 0.0066, 4705),
        _node("social_sciences", 1, 0.779, 0.0074, 3077),
        _node("stem", 1, 0.583, 0.0085, 3153),
        _node("other", 1, 0.742, 0.0075, 3107),
        _node("mmlu_cot", 0, 0.458, 0.022, 500),
        _node("abstract_algebra", 1, None, None, 0),
    ),
    "results.yml",
)
DONE = replace(
    BLANK,
    task="mmlu",
    harness="lm-evaluation-harness",
    state="succeeded",
    seconds=2027,
    score=Score("acc", 0.683, 0.0037, 14042, "valid", ""),
    requests=Requests(answered=14042),
)
DOUBTFUL = replace(
    DONE,
    score=Score("acc", 0.683, 0.0037, 14042, "invalid", "Only 13,911 of 14,042 samples were answered."),
    requests=Requests(answered=13911, failed=(("429", 131),)),
)

_COUNTS = (*(1, 2, 4, 9, 18, 31, 44, 52, 47, 36, 27, 19, 14, 10, 8, 6, 5, 4, 3, 2, 2, 1, 1, 1, 0, 0, 1, 0, 0, 0, 1),)
FIGURES = RequestFigures(
    at="2026-11-23T02:51:08.000Z", first_at="2026-11-23T02:46:00.000Z", sent=1204, ok=1199, failed=1, retried=4,
    cached=372, in_flight=8, tokens_in=1_200_000, tokens_out=34_496, by_status=((200, 1199), (500, 1)),
    attempts=((0, 1), (200, 1199), (429, 3), (500, 1)), finish_reasons=(("length", 12), ("stop", 109)),
    latency=((50, 0.41), (90, 0.98), (95, 1.9), (99, 12.4)), rates=(4,) * 60,
    buckets=tuple((0.1 * 2 ** (n / 4), count) for n, count in enumerate(_COUNTS, 1)),
    last_errors=("The endpoint answered 500: out of memory while it loaded the adapter.",),
)  # fmt: skip
PAIR = Sample(
    "a1",
    at="2026-11-23T02:46:12.000Z",
    messages=(
        Message("system", "Answer with one letter."),
        Message("user", "Which gas is the largest part of the air?\x1b]52;c;x\x07\n  A) oxygen\n  B) nitrogen"),
    ),
    settings=(("temperature", "0.6"), ("max_tokens", "256")),
    answered=True,
    answer="B) nitrogen, which is about 78 % of it.",
    finish_reason="stop",
    status=200,
    seconds=0.41,
    tokens_in=38,
    tokens_out=14,
)
REQUESTS = RequestsData(FIGURES, Shown(PAIR, 2, 50), limit=256, parallel=8, live=True, logs=True)


def _at(minute: int, second: float) -> str:
    return f"2026-11-23T02:{minute:02d}:{second:06.3f}Z"


def _step(state: str, minute: int, second: float, attempt: int = 1, **more: object) -> JobChanged:
    return JobChanged(JOB, attempt, JobState(state), _at(minute, second), minute * 60 + second, **more)  # type: ignore[arg-type]


SCORE = Score("acc", 0.683, 0.004, 14042)
STORY: tuple[TimelineEntry, ...] = timeline(
    [
        RunCreated("4f2a9c1e", _at(5, 0)),
        EngineStarted(4711, "boot", _at(5, 0.2)),
        _step("pulling", 5, 1),
        _step("starting", 7, 12, image_id="sha256:7e4e3c94d083392369acc9349d3c7561"),
        _step("running", 7, 12.6, container="evaldock-4f2a9c1e-11-a1"),
        KillRequested(JOB, 1, False, _at(9, 1)),
        _step("stopping", 9, 1.1, reason=Reason.USER),
        _step("killed", 9, 4.3, reason=Reason.USER, detail="killed on request", exit_code=143),
        RerunRequested(JOB, 2, _at(10, 0), ("config.params.temperature=0.6", "config.params.max_new_tokens=4096")),
        _step("starting", 10, 0.4, 2, image_id="sha256:7e4e3c94d083392369acc9349d3c7561"),
        _step("running", 10, 1, 2, container="evaldock-4f2a9c1e-11-a2"),
        _step("succeeded", 43, 48, 2, exit_code=0, score=SCORE),
    ],
    JOB,
)


def config_data() -> ConfigData:
    """What the second attempt was given."""
    spec = JobSpec(
        JOB, 11, "mmlu", "lm-evaluation-harness", "nvcr.io/nvidia/eval-factory/lm-eval:26.03", "", "chat",
        "http://localhost:8000/v1/chat/completions", "llama-3.1-8b-instruct",
        ("nemo-evaluator", "run_eval", "--run_config", "/evaldock/run_config.yaml"), "mmlu",
        env=(EnvRef("API_KEY", EnvValue("host", "NVIDIA_API_KEY")), EnvRef("HF_TOKEN", EnvValue("host", "HF_TOKEN")),
             EnvRef("PYTHONUNBUFFERED", EnvValue("lit", "1"), secret=False)),
    )  # fmt: skip
    plan = Plan("4f2a9c1e", "/evals", "parallel", 7, "missing", spec.model_id, spec.url, (spec,))
    env = {"NVIDIA_API_KEY": "nvapi-secret-0123456789"}
    dry_run = plan_view(None, plan, env, run_dir="/evals/20261123_024600-4f2a9c1e", again={JOB: Again(2)})
    return ConfigData(
        dry_run.jobs[0],
        (("image id", "sha256:7e4e3c94d083392369acc9349d3c7561"), ("container", "evaldock-4f2a9c1e-11-a2")),
        ("config.params.temperature=0.6",),
        (
            *("config:", "  type: mmlu", "  output_dir: /results", "  params:", "    temperature: 0.6"),
            *("    max_new_tokens: 4096", "    parallelism: 8", "    request_timeout: 3600", "target:"),
            *("  api_endpoint:", "    url: http://host.docker.internal:37013/v1/chat/completions", "    type: chat"),
            *("    model_id: llama-3.1-8b-instruct", "    api_key_name: API_KEY"),
        ),
    )


def lines_of(tab: Tab, glyphs: Glyphs, width: int) -> Sequence[Sequence[Span]]:
    """The lines of a tab for so many cells."""
    match tab:
        case "Results":
            return results_lines(TREE, DONE, glyphs, width)
        case "Requests":
            return requests_lines(REQUESTS, glyphs, width)
        case "Config":
            return config_tab_lines(config_data(), glyphs, width)
        case _:
            return timeline_lines(STORY, glyphs, width, now=NOW, zone=UTC)


class PaneApp(App[None], inherit_bindings=False):
    """A run screen's parts with one of the tabs; `bare`: the tab alone."""

    CSS = """
    #_default { background: $background; layout: vertical; }
    TaskTable { height: 17; margin: 1 0 2 0; }
    """
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, tab: Tab, theme: str = "dark", *, ascii: bool = False, bare: bool = False) -> None:
        super().__init__()
        for made in THEMES.values():
            self.register_theme(made)
        self.theme = f"evaldock-{theme}"
        self.palette = palette(THEMES[self.theme])
        self.glyphs = ASCII if ascii else UNICODE
        self.tab: Tab = tab
        self.bare = bare
        self.row: TaskRow = DONE

    def compose(self) -> ComposeResult:
        if not self.bare:
            yield RunHeader()
            yield RunLine()
            yield TaskTable()
        yield PaneHead(TABS)
        yield LinesPane()
        if not self.bare:
            yield Footer()

    def on_mount(self) -> None:
        pane = self.query_one(LinesPane)
        pane.show(lines_of(self.tab, self.glyphs, self.size.width - 5))
        pane.focus()
        self.query_one(PaneHead).show(self.tab, focused=True, right=other_title(self.row))
        if not self.bare:
            self.query_one(RunHeader).show(MOMENT)
            self.query_one(RunLine).show(MOMENT.rows, MOMENT.counts)
            table = self.query_one(TaskTable)
            table.show(MOMENT.rows, queue=QUEUE)
            table.move_to(MOMENT.rows[11].job)
            keys = (("esc", "back"), ("/", "search"), ("y", "copy"), ("o", "open results"), ("r", "rerun"))
            self.query_one(Footer).show(keys, (("?", "keys"), ("q", "quit")))


async def _draw(folder: Path) -> None:
    for tab in TABS[1:]:
        for name, size, app in (
            ("140", (140, 42), PaneApp(tab)),
            ("200", (200, 36), PaneApp(tab, bare=True)),
            ("100", (100, 36), PaneApp(tab, "light", bare=True)),
            ("60", (60, 36), PaneApp(tab, "mono", ascii=True, bare=True)),
        ):
            async with app.run_test(size=size) as pilot:
                await pilot.pause()
                (folder / f"{tab.lower()}-{name}.svg").write_text(app.export_screenshot(), encoding="utf-8")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(_draw(target))
