"""What the keys of the run screen do to a run: asked first, left as requests, refused where nothing may change."""

from __future__ import annotations

import pytest
from evaldock.core.base.clock import utc_iso
from evaldock.core.run.events import Paused
from evaldock.core.run.store import Run

from .conftest import Opener, requests_of, text_of
from .scene import NIGHTLY, Scene, Task, score

ID = "4f2a9c1e"


async def test_kill_asks_and_leaves_a_request_for_the_task_under_the_cursor(scene: Scene, opened: Opener) -> None:
    run = scene.run(engine=True)
    async with opened(run) as it:
        assert it.footer["K"] == "kill"
        await it.press("K")
        assert it.dialog == "KillDialog"
        await it.press("enter")
        assert (it.dialog, requests_of(run)) == ("", set())
        await it.press("K", "y")
        await it.until(lambda: requests_of(run) == {f"kill-{ID}.0"}, "the request")
        await it.until(lambda: "Asked 1 task to end." in it.told, "the word")


async def test_marked_tasks_are_killed_together_and_those_that_ended_are_left_out(scene: Scene, opened: Opener) -> None:
    run = scene.run(engine=True)
    async with opened(run) as it:
        await it.press("space", "space")
        it.run.table.toggle_mark_of(f"{ID}.9")
        await it.pilot.pause()
        assert it.footer["K"] == "kill 2 marked"
        assert it.footer["r"] == "rerun 1 marked"
        await it.press("ctrl+k", "y")
        await it.until(lambda: requests_of(run) == {f"kill-{ID}.0-force", f"kill-{ID}.1-force"}, "the requests")
        assert it.run.table.marked == frozenset()


async def test_the_table_goes_on_behind_a_dialog(scene: Scene, opened: Opener) -> None:
    run = scene.run(engine=True)
    async with opened(run) as it:
        await it.press("K")
        scene.change(run, 0, "succeeded", score=score(0.25, None, 198))
        await it.sees(it.run.table, "0.250")
        assert it.dialog == "KillDialog"
        await it.press("y")
        await it.until(lambda: any("Nothing left to kill" in told for told in it.told), "the word")
        assert requests_of(run) == set()


async def test_rerun_failed_asks_for_new_attempts_of_what_failed(scene: Scene, opened: Opener) -> None:
    run = scene.run(engine=True)
    async with opened(run) as it:
        assert it.footer["R"] == "rerun 2 failed"
        await it.press("R")
        assert it.dialog == "RerunDialog"
        await it.press("y")
        await it.until(lambda: requests_of(run) == {f"rerun-{ID}.7-3", f"rerun-{ID}.8-2"}, "the requests")


async def test_a_rerun_can_be_looked_at_first(scene: Scene, opened: Opener) -> None:
    run = scene.run(engine=True)
    async with opened(run) as it:
        it.run.table.move_to(f"{ID}.7")
        await it.press("r", "p")
        await it.until(lambda: it.dialog == "PreviewScreen", "the preview")
        assert "bbh_instruct" in text_of(it.app.screen.query("PreviewHead").first())
        assert requests_of(run) == set()
        await it.press("escape")
        assert it.dialog == "RerunDialog"
        await it.press("escape")
        assert (it.dialog, requests_of(run)) == ("", set())


async def test_preview_of_a_task_at_work_shows_what_it_runs_by(scene: Scene, opened: Opener) -> None:
    async with opened(scene.run(engine=True)) as it:
        await it.press("p")
        await it.until(lambda: it.dialog == "PreviewScreen", "the preview")
        await it.sees(it.app.screen.query("#left").first(), f"evaldock-{ID}-0-a1")


async def test_pause_and_go_on(scene: Scene, opened: Opener) -> None:
    run = scene.run(engine=True)
    async with opened(run) as it:
        assert it.footer["P"] == "pause queue"
        await it.press("P")
        await it.until(lambda: requests_of(run) == {"pause"}, "the request")
        scene.happen(run, Paused(utc_iso()))
        await it.until(lambda: it.footer["P"] == "resume queue", "the other name")
        await it.press("P")
        await it.until(lambda: requests_of(run) == {"unpause"}, "the request")


async def test_what_makes_no_sense_is_told_and_not_offered(scene: Scene, opened: Opener) -> None:
    run = scene.run(engine=True)
    async with opened(run) as it:
        it.run.table.move_to(f"{ID}.9")
        await it.pilot.pause()
        assert "K" not in it.footer
        assert "s" not in it.footer
        await it.press("K", "s", "right_square_bracket")
        assert it.dialog == ""
        assert it.told[-3:] == [
            "gsm8k has ended already: succeeded.",
            "gsm8k is not running, so it has no container to enter.",
            "There is no later attempt.",
        ]
        it.run.table.move_to(f"{ID}.0")
        await it.press("r")
        assert it.told[-1] == "gpqa_diamond is running: it can run again once it has ended."
        assert requests_of(run) == set()


async def test_read_only_offers_and_does_no_change(scene: Scene, opened: Opener) -> None:
    run = scene.run(engine=True)
    async with opened(run, EVALDOCK_READ_ONLY="1") as it:
        assert {"K", "R", "P", "s"} & set(it.footer) == set()
        await it.press("K", "R", "P", "r", "ctrl+k", "s")
        assert it.dialog == ""
        assert set(it.told) == {"Read-only: nothing is changed from here."}
        await it.press("q")
        assert it.dialog == "QuitDialog"
        await it.press("K", "y")
        assert requests_of(run) == set()
        assert "read-only" in text_of(it.run.header)


async def test_quit_asks_while_tasks_run_and_detaches(scene: Scene, opened: Opener) -> None:
    run = scene.run(engine=True)
    async with opened(run) as it:
        await it.press("q", "escape")
        assert it.dialog == ""
        await it.press("q", "y")
    assert it.app.return_value is not None
    assert it.app.return_value.run == run
    assert requests_of(run) == set()


async def test_quit_and_kill_leaves_when_all_have_ended(scene: Scene, opened: Opener) -> None:
    run = scene.run(tasks=(Task("a", "running", 5), Task("b")), engine=True)
    async with opened(run) as it:
        await it.press("q", "K")
        assert it.dialog == "KillDialog"
        await it.press("y")
        await it.until(lambda: requests_of(run) == {f"kill-{ID}.0", f"kill-{ID}.1"}, "the requests")
        assert it.app.return_value is None
        for index in (0, 1):
            scene.change(run, index, "killed")
        await it.until(lambda: it.app.return_value is not None, "the end")
    assert it.app.return_value is not None


async def test_quit_of_a_run_that_is_over_asks_nothing(scene: Scene, opened: Opener) -> None:
    async with opened(scene.run(tasks=(Task("a", "succeeded", 5),))) as it:
        await it.press("q")
    assert it.app.return_value is not None


async def test_quit_and_kill_can_still_be_called_off(scene: Scene, opened: Opener) -> None:
    run = scene.run(tasks=(Task("a", "running", 5), Task("b")), engine=True)
    async with opened(run) as it:
        await it.press("q", "K", "n", "k", "enter")
        assert (it.dialog, requests_of(run)) == ("", set())
        assert it.app.return_value is None


@pytest.mark.parametrize("dialog", ["", "K", "ctrl+k", "question_mark"])
async def test_ctrl_c_asks_and_twice_leaves_but_kills_nothing(scene: Scene, opened: Opener, dialog: str) -> None:
    run = scene.run(tasks=(Task("a", "running", 5), Task("b"), Task("c", "succeeded", 1)), engine=True)
    async with opened(run) as it:
        if dialog:
            await it.press(dialog)
        await it.press("ctrl+c")
        assert it.dialog == "QuitDialog"
        await it.press("ctrl+c")
        await it.until(lambda: it.app.return_value is not None, "the end")
    assert requests_of(run) == set()


@pytest.mark.parametrize("index", range(len(NIGHTLY)))
async def test_the_footer_offers_only_what_is_possible(scene: Scene, opened: Opener, index: int) -> None:
    run: Run = scene.run(engine=True)
    state = NIGHTLY[index].state
    over = state in ("succeeded", "failed", "killed")
    async with opened(run) as it:
        it.run.table.move_to(f"{ID}.{index}")
        await it.pilot.pause()
        assert ("K" in it.footer) is not over
        assert ("r" in it.footer) is over
        assert ("s" in it.footer) is (state == "running")
        offered = dict(it.run.offered())
        assert ("earlier" in offered) is (NIGHTLY[index].attempt > 1)
        assert "clear_marks" not in offered
