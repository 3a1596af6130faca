"""The tabs under the task table: they look as they did, read real files, follow attempts, and walk through samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from evaldock.core.run.store import Run
from evaldock.tui.panes.config import ConfigPane
from evaldock.tui.panes.results import ResultsPane
from evaldock.tui.panes.stack import TABS, Tab
from evaldock.tui.widgets.lines_pane import LinesView

from .conftest import Opened, Opener
from .panes import PaneApp
from .scene import Scene, Task, score

LOOKS = (
    ((140, 42), PaneApp, {}),
    ((200, 36), PaneApp, {"bare": True}),
    ((100, 36), PaneApp, {"theme": "light", "bare": True}),
    ((60, 36), PaneApp, {"theme": "mono", "ascii": True, "bare": True}),
)


@pytest.mark.parametrize(("size", "make", "how"), LOOKS, ids=["wide", "widest", "light", "mono_ascii"])
@pytest.mark.parametrize("tab", TABS[1:])
def test_the_tabs_look_as_they_did(tab: Tab, size: tuple[int, int], make: Any, how: Any, snap_compare: Any) -> None:
    assert snap_compare(make(tab, **how), terminal_size=size)


def results(value: float) -> str:
    entry = {"acc": {"scores": {"acc": {"value": value, "stats": {"count": 20, "stderr": 0.1}}}}}
    return json.dumps({"results": {"tasks": {"mmlu": {"metrics": entry}}}})


def pair(identity: str, asked: str, told: str) -> tuple[str, str]:
    request = {
        "id": identity,
        "at": "2026-11-24T10:00:00.000Z",
        "body": {"messages": [{"role": "user", "content": asked}]},
    }
    choice = {"message": {"content": told}, "finish_reason": "stop"}
    return json.dumps(request) + "\n", json.dumps({"id": identity, "status": 200, "body": {"choices": [choice]}}) + "\n"


def attempt(folder: Path, value: float, *pairs: tuple[str, str], sent: int, number: int) -> None:
    """What an attempt leaves."""
    (folder / "artifacts").mkdir(parents=True, exist_ok=True)
    (folder / "artifacts" / "results.yml").write_text(results(value))
    (folder / "requests.jsonl").write_text("".join(request for request, _ in pairs))
    (folder / "responses.jsonl").write_text("".join(response for _, response in pairs))
    figures = {
        "attempt": number,
        "sent": sent,
        "ok": sent,
        "by_status": {"200": sent},
        "latency_buckets": [[500, sent]],
    }
    (folder / "requests.json").write_text(json.dumps(figures))
    (folder / "run_config.yaml").write_text(f"config: {{type: mmlu, params: {{limit_samples: {sent}}}}}\n")


@pytest.fixture
def run(scene: Scene) -> Run:
    """A task that ran twice."""
    tasks = (Task("mmlu", "succeeded", 30, attempt=2, samples=20, score=score(0.75, 0.1, 20)), Task("gsm8k", "queued"))
    made = scene.run(tasks=tasks, engine=True)
    paths = made.paths.job("mmlu")
    asked = [pair(f"a{n}", f"question {n}", f"answer {n}") for n in range(3)]
    attempt(paths.attempt(1), 0.25, pair("old", "old question", "old answer"), sent=5, number=1)
    attempt(paths.root, 0.75, *asked, sent=20, number=2)
    return made


def pane(app: Opened) -> LinesView:
    found = app.run.panes.pane
    assert isinstance(found, LinesView)
    return found


async def on_mmlu(app: Opened, tab: str) -> LinesView:
    app.run.table.move_to(f"{app.run.run.invocation}.0")
    await app.press(tab)
    return pane(app)


async def test_results_come_from_the_attempt_that_is_shown(opened: Opener, run: Run) -> None:
    async with opened(run) as app:
        shown = await on_mmlu(app, "2")
        await app.sees(shown, "0.750")
        assert "✓ valid" in shown.plain_text()
        await app.press("[")
        await app.sees(shown, "0.250")
        # That attempt failed: its figures are no score that counts for anything.
        assert "valid" not in shown.plain_text().partition("VALIDITY")[2].partition("Reported")[0]
        assert "attempt 1 of 2" in app.run.head.render_line(0).text
        await app.press("]")
        await app.sees(shown, "0.750")


async def test_samples_are_walked_through_with_the_arrows(opened: Opener, run: Run) -> None:
    async with opened(run) as app:
        shown = await on_mmlu(app, "3")
        await app.sees(shown, "20 requests")
        await app.press("right")
        await app.sees(shown, "question 1")
        assert "SAMPLE 2 of 3" in shown.plain_text() and "answer 1" in shown.plain_text()
        await app.press("right", "right", "right")
        await app.sees(shown, "SAMPLE 3 of 3")
        await app.press("left", "left", "left")
        await app.sees(shown, "question 0")
        await app.press("[")
        await app.until(lambda: "old question" in shown.plain_text(), "the earlier attempt's sample")
        assert "5 requests" in shown.plain_text()


async def test_the_config_is_what_the_attempt_was_given(opened: Opener, run: Run) -> None:
    async with opened(run) as app:
        shown = await on_mmlu(app, "4")
        assert isinstance(shown, ConfigPane)
        await app.until(lambda: "limit_samples: 20" in shown.plain_text(), "the run configuration")
        assert "--name evaldock-4f2a9c1e-0-a2" in shown.copy_text()
        await app.press("[")
        await app.until(lambda: "limit_samples: 5" in shown.plain_text(), "the earlier run configuration")
        assert "--name evaldock-4f2a9c1e-0-a1" in shown.copy_text()


async def test_the_timeline_has_all_attempts_and_grows(opened: Opener, run: Run, scene: Scene) -> None:
    async with opened(run) as app:
        shown = await on_mmlu(app, "5")
        await app.sees(shown, "Attempt 2")
        assert "rerun requested" in shown.plain_text()
        app.run.table.move_to(f"{run.invocation}.1")
        await app.until(lambda: "Attempt 2" not in shown.plain_text(), "the other task")
        scene.change(run, 1, "running", container="evaldock-4f2a9c1e-1-a1")
        await app.until(lambda: "evaldock-4f2a9c1e-1-a1" in shown.plain_text(), "the task to run")


async def test_a_task_without_anything_says_so_on_every_tab(opened: Opener, run: Run) -> None:
    async with opened(run) as app:
        app.run.table.move_to(f"{run.invocation}.1")
        for tab, said in (("2", "No results yet"), ("3", "No requests"), ("4", "docker run"), ("5", "queued")):
            await app.press(tab)
            shown = pane(app)
            await app.until(lambda shown=shown, said=said: said in shown.plain_text(), said)


async def test_a_reader_with_a_defect_ends_nothing(opened: Opener, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ValueError("Exceeds the limit (4300 digits) for integer string conversion")

    monkeypatch.setattr(ResultsPane, "read", fails)
    async with opened(run) as app:
        shown = await on_mmlu(app, "2")
        await app.until(lambda: "a defect in evaldock (ValueError)" in shown.plain_text(), "a sentence")
        shown = await on_mmlu(app, "3")
        await app.sees(shown, "20 requests")


async def test_damaged_files_are_told_and_break_nothing(opened: Opener, run: Run) -> None:
    root = run.paths.job("mmlu").root
    (root / "artifacts" / "results.yml").write_text("a: [")
    (root / "requests.json").write_text("{")
    (root / "requests.jsonl").write_bytes(b"\xff\x00\n{\n")
    (root / "responses.jsonl").unlink()
    (root / "run_config.yaml").write_text("a: [")
    async with opened(run) as app:
        for tab, said in (("2", "no valid YAML"), ("3", "No requests"), ("4", "is damaged: it is not valid YAML")):
            shown = await on_mmlu(app, tab)
            await app.until(lambda shown=shown, said=said: said in shown.plain_text(), said)
