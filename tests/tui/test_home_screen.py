"""The list of runs: what it shows, opening and coming back, comparing, exporting, deleting, starting a new run."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from textual.widgets import Input, Static

from .conftest import WIDE, Opened, Opener, requests_of, text_of
from .scene import Scene, Task, score

ENDED = (
    Task("gsm8k", "succeeded", 60, score=score(0.774, 0.011, 1319)),
    Task("arc_challenge", "failed", 5, reason="oom", exit_code=137),
)


async def loaded(it: Opened, number: int) -> None:
    """Wait until the list has this many runs, and the one under the cursor is read."""
    await it.until(lambda: len(it.home.home.rows) == number and (number == 0 or it.home.detail), "the runs")


@pytest.mark.parametrize(
    ("live", "over", "lost", "said"),
    [
        (1, 0, 0, "has 1 run under way, 4 tasks running"),
        (0, 1, 0, "has 1 run finished"),
        (0, 0, 2, "has 2 runs without engine"),
        (1, 1, 1, "has 1 run under way, 1 finished and 1 without engine, 4 tasks running"),
    ],
)
async def test_the_sentence_leaves_out_what_there_is_none_of(
    scene: Scene, opened: Opener, live: int, over: int, lost: int, said: str
) -> None:
    for number in range(live):
        scene.run(f"1111111{number}", engine=True)
    for number in range(over):
        scene.run(f"2222222{number}", ENDED)
    for number in range(lost):
        scene.run(f"3333333{number}")
    async with opened() as it:
        await loaded(it, live + over + lost)
        words = text_of(it.home.header)
        assert f"evaldock {said}" in words
        assert " 0 finished" not in words


async def test_runs_stand_under_their_days_with_scores(scene: Scene, opened: Opener) -> None:
    scene.run("9b1e02d7", ENDED, ago=timedelta(days=1))
    scene.run("07e4aa90", ENDED[:1], config="safety", ago=timedelta(days=4))
    scene.run(engine=True)
    async with opened() as it:
        await loaded(it, 3)
        text = text_of(it.home.table)
        days = [text.index(day) for day in ("Today", "Yesterday", "Last 7 days")]
        assert days == sorted(days)
        assert "gsm8k 0.774" in text
        assert "7/16" in text
        assert "evaldock has 1 run under way and 2 finished, 4 tasks running" in text_of(it.home.header)
        assert "no answer" in text_of(it.home.header)


async def test_scores_are_compared_with_the_run_before_of_the_same_config(scene: Scene, opened: Opener) -> None:
    older = (Task("gsm8k", "succeeded", 60, score=score(0.5, 0.011, 1319)),)
    scene.run("07e4aa90", older, ago=timedelta(days=4))
    scene.run("5d9c3b61", older, config="other", ago=timedelta(days=2))
    scene.run("9b1e02d7", ENDED, ago=timedelta(days=1))
    scene.run(engine=True)
    async with opened() as it:
        await loaded(it, 4)
        assert "against  9b1e02d7, yesterday, same config" in text_of(it.home.head)
        line = next(line for line in text_of(it.home.pane).splitlines() if line.startswith("   gsm8k"))
        assert line.split() == ["gsm8k", "0.781", "0.011", "0.774", "+0.007", "within", "error"]
        assert it.footer["c"] == "compare older"
        await it.press("c")
        assert "against  07e4aa90, same config" in text_of(it.home.head)
        line = next(line for line in text_of(it.home.pane).splitlines() if line.startswith("   gsm8k"))
        assert line.split() == ["gsm8k", "0.781", "0.011", "0.500", "+0.281"]


async def test_tabs_follow_the_cursor(scene: Scene, opened: Opener) -> None:
    scene.run("9b1e02d7", ENDED, ago=timedelta(days=1))
    scene.run(engine=True)
    async with opened() as it:
        await loaded(it, 2)
        for number, words in enumerate(("BEFORE", "PROGRESS", "model_id: llama-3.1-8b-instruct"), 1):
            await it.press(str(number))
            await it.sees(it.home.pane, words)
        await it.press("j", "1")
        await it.sees(it.home.pane, "failed, out of memory")
        await it.press("2")
        await it.sees(it.home.pane, "1,319 samples")


async def test_a_run_is_opened_and_left_again(scene: Scene, opened: Opener) -> None:
    scene.run("9b1e02d7", ENDED, ago=timedelta(days=1))
    scene.run(engine=True)
    async with opened() as it:
        await loaded(it, 2)
        home = it.home
        await it.press("j", "enter")
        await it.until(lambda: it.base is not home, "the run screen")
        assert it.run.run.invocation == "9b1e02d7"
        assert dict(it.run.offered())["back"] == "all runs"
        await it.press("escape")
        await it.until(lambda: it.base is home, "the list")
        assert home.row is not None
        assert home.row.invocation == "9b1e02d7"


async def test_filter(scene: Scene, opened: Opener) -> None:
    scene.run("9b1e02d7", ENDED, config="safety", ago=timedelta(days=1))
    scene.run(engine=True)
    async with opened() as it:
        await loaded(it, 2)
        await it.press("slash", *"safety")
        assert [row.invocation for row in it.home.table.visible_rows] == ["9b1e02d7"]
        await it.press("x", "x")
        assert "No run fits the filter." in text_of(it.home.table)
        await it.press("escape")
        assert len(it.home.table.visible_rows) == 2


async def test_kill_rerun_and_resume_from_the_list(scene: Scene, opened: Opener) -> None:
    over = scene.run("9b1e02d7", ENDED, ago=timedelta(days=1))
    live = scene.run(tasks=(Task("a", "running", 3), Task("b", "succeeded", 1)), engine=True)
    scene.run("11111111", (Task("a", "running", 3),), ago=timedelta(days=2))
    async with opened() as it:
        await loaded(it, 3)
        assert it.footer["K"] == "kill run"
        await it.press("K", "y")
        await it.until(lambda: requests_of(live) == {"kill-4f2a9c1e.0"}, "the request")
        scene.hold(over)
        await it.press("j")
        await it.until(lambda: it.home.detail, "the run")
        assert "K" not in it.footer
        assert it.footer["r"] == "rerun 1"
        await it.press("r", "y")
        await it.until(lambda: requests_of(over) == {"rerun-9b1e02d7.1-2"}, "the request")
        await it.press("escape")
        await it.until(lambda: "ctrl+r" not in it.footer and it.base is it.app.screen, "the list")


async def test_delete_asks_and_deletes_only_what_is_over(scene: Scene, opened: Opener) -> None:
    over = scene.run("9b1e02d7", ENDED, ago=timedelta(days=1))
    live = scene.run(engine=True)
    async with opened() as it:
        await loaded(it, 2)
        assert "D" not in it.footer
        await it.press("D")
        assert "has not ended" in it.told[-1]
        await it.press("j")
        await it.until(lambda: it.home.run, "the run")
        await it.press("D", "enter")
        assert over.paths.root.exists()
        await it.press("D", "y")
        await loaded(it, 1)
        assert not over.paths.root.exists()
        assert live.paths.root.exists()
        assert it.told[-1] == "Run 9b1e02d7 is deleted."


async def test_scores_are_exported(scene: Scene, opened: Opener, tmp_path: Path) -> None:
    scene.run("9b1e02d7", ENDED)
    async with opened() as it:
        await loaded(it, 1)
        await it.press("x")
        assert it.home.prompt.text == "scores-nightly-9b1e02d7.csv"
        await it.press("ctrl+u", *f"{tmp_path}/out.csv", "enter")
        await it.until(lambda: it.told, "the word")
        with (tmp_path / "out.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["task"] for row in rows] == ["gsm8k", "arc_challenge"]


async def test_without_runs_it_says_how_to_begin(scene: Scene, opened: Opener) -> None:
    async with opened(size=(120, 36)) as it:
        await it.until(lambda: it.home.home.loaded, "a look")
        await it.sees(it.home.header, "evaldock has no runs yet")
        assert "Start an evaluation against your endpoint" in text_of(it.home.empty)
        assert list(it.footer) == ["+", "F", "?", "q"]


async def test_runs_of_a_folder_are_found(scene: Scene, opened: Opener) -> None:
    run = scene.run("9b1e02d7", ENDED)
    (scene.root / "state/evaldock/runs/9b1e02d7.json").unlink()
    async with opened() as it:
        await loaded(it, 0)
        await it.press("F", *str(scene.output), "enter")
        await loaded(it, 1)
        assert it.told[-1] == f"Found 1 run in {scene.output}."
        assert run.invocation in text_of(it.home.table)


async def test_a_new_run_is_looked_at_before_it_starts(scene: Scene, opened: Opener) -> None:
    tree = {
        "execution": {"output_dir": str(scene.output), "pull": "never"},
        "target": {"api_endpoint": {"model_id": "m", "url": "http://127.0.0.1:1/v1/chat/completions"}},
        "evaluation": {"tasks": [{"name": "t0", "container": "evaldock/contract:local"}]},
    }
    path = scene.root / "mine.yaml"
    path.write_text(yaml.safe_dump(tree))
    async with opened() as it:
        await loaded(it, 0)
        await it.press("plus", *str(path), "enter")
        await it.until(lambda: it.dialog == "PreviewScreen", "the preview")
        footer = it.app.screen.query_one("Footer")
        await it.sees(footer, "check the endpoint")
        await it.press("ctrl+r")
        await it.sees(footer, "blocked by")
        await it.press("enter")
        assert it.dialog == "PreviewScreen"
        await it.press("escape")
    assert not scene.output.exists()


async def test_a_config_that_is_wrong_is_told(scene: Scene, opened: Opener) -> None:
    async with opened() as it:
        await loaded(it, 0)
        await it.press("plus", *"/nowhere.yaml", "enter")
        await it.until(lambda: it.told, "the word")
        assert "/nowhere.yaml" in it.told[-1]
        await it.until(lambda: it.home.prompt.is_typed_into, "the prompt again")
        assert it.home.prompt.text == "/nowhere.yaml"


async def test_a_path_is_completed_and_tab_goes_nowhere(scene: Scene, opened: Opener) -> None:
    (scene.root / "configs").mkdir()
    for name in ("notes.txt", "nightly.yaml"):
        (scene.root / "configs" / name).write_text("")
    async with opened() as it:
        await loaded(it, 0)
        await it.press("plus", *f"{scene.root}/conf")
        line = it.home.prompt.query_one(Input)
        await it.until(lambda: line._suggestion.endswith("/configs/"), "the folder")
        await it.press("tab", "n")
        await it.until(lambda: line._suggestion.endswith("nightly.yaml"), "the file")
        await it.press("tab", "tab")
        assert it.home.prompt.text == f"{scene.root}/configs/nightly.yaml"
        assert it.home.prompt.is_typed_into


async def test_read_only_offers_no_change(scene: Scene, opened: Opener) -> None:
    scene.run("9b1e02d7", ENDED)
    async with opened(EVALDOCK_READ_ONLY="1") as it:
        await loaded(it, 1)
        assert {"+", "D", "r", "K"} & set(it.footer) == set()
        await it.press("D", "plus", "r")
        assert it.dialog == ""
        assert set(it.told) == {"Read-only: nothing is changed from here."}


@pytest.mark.parametrize("width", [60, 72, 80, 96, 116, 140, 200])
async def test_every_size_shows_the_runs_and_the_way_out(scene: Scene, opened: Opener, width: int) -> None:
    scene.run("9b1e02d7", ENDED, ago=timedelta(days=1))
    scene.run(engine=True)
    async with opened() as it:
        await loaded(it, 2)
        for height in (10, 15, 16, 24, 30, 50):
            await it.pilot.resize_terminal(width, height)
            await it.pilot.pause()
            assert "q quit" in text_of(it.home.footer)
            assert "4f2a9c1e" in text_of(it.home.table)
            shown = [child for child in it.home.children if child.display and child.styles.dock == "none"]
            assert max(child.region.bottom for child in shown) == height, (width, height)
        await it.pilot.resize_terminal(1, 1)
        await it.pilot.pause()
        assert isinstance(it.home.too_small, Static)
        assert it.home.too_small.display
        await it.pilot.resize_terminal(*WIDE)
        await it.sees(it.home.table, "4f2a9c1e")
        await it.until(lambda: it.home.focused is it.home.table, "the focus to come back")
