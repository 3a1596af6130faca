"""What the run screen shows: every size, every tab, finding, and calm when something is broken."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from evaldock.tui.panes.stack import TABS
from evaldock.tui.settings import Appearance, Settings, load_memory, load_settings
from textual.widgets import Static

from .conftest import WIDE, Opener, text_of
from .scene import NIGHTLY, Scene, Task, score

ID = "4f2a9c1e"
LOG = "".join(f"12:00:{n % 60:02d} INFO  line {n}{' needle' if n % 50 == 0 else ''}\n" for n in range(1, 201))


async def test_every_size_from_60_by_10_shows_the_run_and_the_way_out(scene: Scene, opened: Opener) -> None:
    async with opened(scene.run(engine=True)) as it:
        for width in (60, 71, 72, 80, 99, 100, 115, 116, 139, 140, 200):
            for height in (10, 12, 15, 16, 24, 29, 30, 42, 60):
                await it.pilot.resize_terminal(width, height)
                await it.pilot.pause()
                lines = text_of(it.run.footer).splitlines()
                assert "q quit" in lines[-1], (width, height)
                assert text_of(it.run.header).startswith("   nightly"), (width, height)
                assert "gpqa_diamond" in text_of(it.run.table), (width, height)
                shown = [child for child in it.run.children if child.display and child.styles.dock == "none"]
                bottom = max(child.region.bottom for child in shown)
                assert bottom == height, (width, height)
                assert max(child.region.right for child in shown) <= width


async def test_a_terminal_that_is_too_small_is_one_calm_line(scene: Scene, opened: Opener) -> None:
    async with opened(scene.run(engine=True)) as it:
        for size in ((39, 24), (80, 7), (1, 1), (3, 1)):
            await it.pilot.resize_terminal(*size)
            await it.pilot.pause()
            shown = [child for child in it.run.children if child.display and not child.has_class("-textual-system")]
            assert shown == [it.run.too_small]
        assert isinstance(it.run.too_small, Static)
        assert "have 3x1, need 40x8" in str(it.run.too_small.content)
        await it.pilot.resize_terminal(*WIDE)
        await it.sees(it.run.table, "gpqa_diamond")
        await it.until(lambda: it.run.focused is it.run.table, "the focus to come back")
        await it.press("tab")
        await it.pilot.resize_terminal(1, 1)
        await it.pilot.resize_terminal(*WIDE)
        await it.until(lambda: it.run.focused is it.run.log_pane, "the focus to come back to the pane")


async def test_below_16_rows_there_is_the_table_or_the_pane(scene: Scene, opened: Opener) -> None:
    run = scene.run(engine=True)
    scene.log(run, 0, LOG)
    async with opened(run, size=(80, 12)) as it:
        assert (it.run.table.display, it.run.panes.display) == (True, False)
        await it.press("tab")
        assert (it.run.table.display, it.run.panes.display) == (False, True)
        await it.sees(it.run.log_pane, "line 200")
        await it.press("tab")
        assert it.run.table.display


async def test_every_tab_shows_every_task(scene: Scene, opened: Opener) -> None:
    run = scene.run(engine=True)
    async with opened(run) as it:
        for number, tab in enumerate(TABS, 1):
            await it.press(str(number))
            assert it.run.panes.tab == tab
            assert it.run.half == "pane"
            for index in range(len(NIGHTLY)):
                it.run.table.move_to(f"{ID}.{index}")
                await it.pilot.pause()
            await it.until(lambda: text_of(it.run.panes.pane).strip(), f"something in {tab}")
        await it.press("1", "escape")
        assert it.run.half == "table"


async def test_the_log_is_the_selected_tasks_and_earlier_attempts_are_walked(scene: Scene, opened: Opener) -> None:
    run = scene.run(engine=True)
    scene.log(run, 2, "newest attempt\n")
    earlier = run.paths.job("ifbench").attempt(1) / "logs"
    earlier.mkdir(parents=True)
    (earlier / "stdout.log").write_text("first attempt\n")
    async with opened(run) as it:
        await it.sees(it.run.log_pane, "No output yet.")
        await it.press("j", "j")
        await it.sees(it.run.log_pane, "newest attempt")
        await it.press("left_square_bracket")
        await it.sees(it.run.log_pane, "first attempt")
        assert "attempt 1 of 2" in text_of(it.run.head)
        await it.press("right_square_bracket")
        await it.sees(it.run.log_pane, "newest attempt")
        await it.press("left_square_bracket", "j")
        assert it.run.panes.attempt is None


async def test_enter_gives_the_log_the_whole_height_and_escape_takes_it_back(scene: Scene, opened: Opener) -> None:
    async with opened(scene.run(engine=True)) as it:
        usual = it.run.panes.size.height
        await it.press("enter")
        assert not it.run.table.display
        assert it.run.panes.size.height > usual
        await it.press("escape")
        assert it.run.table.display
        assert (it.run.panes.size.height, it.run.half) == (usual, "table")
        heights = []
        for _ in range(3):
            await it.press("z")
            heights.append(it.run.table.size.height)
        assert heights[0] >= heights[2]
        assert heights[1] > heights[2]


async def test_filter_narrows_the_table_and_is_taken_back(scene: Scene, opened: Opener) -> None:
    async with opened(scene.run(engine=True)) as it:
        await it.press("slash", *"mmlu")
        assert {row.task for row in it.run.table.visible_rows} == {"mmlu", "mmlu_pro"}
        assert it.footer == {"enter": "keep", "esc": "clear"}
        await it.press("enter", "asterisk")
        assert it.run.table.marked == {f"{ID}.1", f"{ID}.11"}
        await it.press("escape")
        assert len(it.run.table.visible_rows) == len(NIGHTLY)


async def test_search_finds_counts_and_walks(scene: Scene, opened: Opener) -> None:
    run = scene.run(engine=True)
    scene.log(run, 0, LOG)
    async with opened(run) as it:
        await it.press("tab", "slash", *"needle")
        await it.until(lambda: it.run.log_pane.status.hits == 4, "all hits")
        await it.press("enter", "N")
        first = it.run.log_pane.status.hit
        await it.press("n")
        assert it.run.log_pane.status.hit != first
        assert it.footer["n"] == "next"
        await it.press("l", "g")
        await it.sees(it.run.log_pane, "line 50 needle")
        assert "line 51" not in text_of(it.run.log_pane)
        await it.press("l", "escape")
        await it.until(lambda: it.run.log_pane.status.hits == 0, "the end of the search")


async def test_a_search_in_another_pane_is_that_panes(scene: Scene, opened: Opener) -> None:
    async with opened(scene.run(engine=True)) as it:
        await it.press("4")
        await it.sees(it.run.panes.pane, "docker run")
        await it.press("slash", *"docker", "enter")
        assert "of" in str(it.run.prompt.query_one("#prompt-status", Static).content)


async def test_going_to_a_line(scene: Scene, opened: Opener) -> None:
    run = scene.run(engine=True)
    scene.log(run, 0, LOG)
    async with opened(run) as it:
        await it.sees(it.run.log_pane, "line 200")
        await it.press("tab", "ctrl+g", "3", "enter")
        await it.sees(it.run.log_pane, "12:00:03 INFO  line 3")
        assert not it.run.prompt.is_open


async def test_a_deleted_directory_is_told_and_comes_back(scene: Scene, opened: Opener) -> None:
    run = scene.run(engine=True)
    kept = scene.root / "kept"
    async with opened(run) as it:
        run.paths.root.rename(kept)
        await it.sees(it.run.notice, "This run cannot be read any more")
        assert "docker" not in text_of(it.run.header)
        await it.sees(it.run.header, "cannot be read")
        assert {"K", "R", "r"} & set(it.footer) == set()
        await it.press("enter")
        assert it.run.panes.display
        kept.rename(run.paths.root)
        await it.until(lambda: not it.run.snapshot.damaged, "the run again")
    shutil.rmtree(scene.output)


async def test_docker_away_is_one_grey_and_its_return_is_told(scene: Scene, opened: Opener) -> None:
    run = scene.run(engine=True)
    jobs = {f"{ID}.{index}": task for index, task in enumerate(NIGHTLY)}
    async with opened(run) as it:
        scene.live(run, jobs, "Docker does not answer at unix:///x: it is not running. Start it.")
        await it.sees(it.run.header, "Docker has been out of reach since")
        await it.sees(it.run.notice, "Start it.")
        scene.live(run, jobs, "Docker does not answer at unix:///x")
        await it.sees(it.run.notice, "sudo systemctl start docker")
        assert it.footer["ctrl+r"] == "try now"
        assert it.footer["enter"] == "saved log"
        await it.press("ctrl+r")
        await it.until(lambda: "Docker still does not answer." in it.told, "the answer")
        scene.change(run, 0, "failed", exit_code=1)
        scene.live(run, jobs)
        await it.until(lambda: "Docker answers again: 1 task ended in the meantime." in it.told, "the return")
        assert it.told[0] == "Docker is out of reach. Tasks are shown as last seen."
        await it.sees(it.run.header, "nightly is running")


async def test_a_run_without_engine_offers_to_resume_and_says_why_it_cannot(scene: Scene, opened: Opener) -> None:
    async with opened(scene.run()) as it:
        await it.sees(it.run.header, "has lost its engine")
        assert " on " not in text_of(it.run.header)
        await it.sees(it.run.notice, f"evaldock resume {ID}")
        assert it.footer["ctrl+r"] == "resume run"
        await it.press("ctrl+r")
        await it.until(lambda: it.told, "what came of it")
        assert "Docker does not answer at unix:///nonexistent" in it.told[-1]
        await it.sees(it.run.header, "has lost its engine")


async def test_an_engine_that_is_on_its_way_is_not_called_lost(scene: Scene, opened: Opener) -> None:
    run = scene.run(tasks=(Task("a"),))
    async with opened(run, start=True) as it:
        assert "has lost its engine" not in text_of(it.run.header)
        await it.until(lambda: it.told, "that it did not come")
        assert "Docker does not answer at unix:///nonexistent" in it.told[-1]
        await it.sees(it.run.header, "has lost its engine")
        await it.sees(it.run.notice, "Docker does not answer at unix:///nonexistent")


async def test_what_fails_and_how_it_ends_is_told_once(scene: Scene, opened: Opener) -> None:
    tasks = tuple(Task(f"t{n}", "running", 3) for n in range(5))
    run = scene.run(tasks=tasks, engine=True)
    async with opened(run) as it:
        scene.change(run, 0, "failed", exit_code=2)
        await it.until(lambda: len(it.told) == 1, "one word")
        scene.change(run, 1, "succeeded", score=score(0.5, None, 3))
        for index in (2, 3, 4):
            scene.change(run, index, "failed", exit_code=2)
        await it.until(lambda: any("The run has ended: 1 of 5 succeeded." in told for told in it.told), "the end")
        await it.press("E")
        assert it.dialog == "EventLog"


async def test_a_thousand_tasks(scene: Scene, opened: Opener) -> None:
    tasks = tuple(Task(f"task_{n}", "running" if n < 16 else "queued", 5) for n in range(1000))
    async with opened(scene.run(tasks=tasks, engine=True), size=(120, 36)) as it:
        await it.press("G")
        assert it.run.row is not None
        assert it.run.row.task == "task_999"
        await it.press("slash", *"task_77", "enter")
        assert len(it.run.table.visible_rows) == 11


async def test_choices_are_remembered(scene: Scene, opened: Opener) -> None:
    run = scene.run(engine=True)
    async with opened(run) as it:
        await it.press("T", "down", "enter")
        await it.press("S", "o")
        await it.press("w", "q", "y")
    memory = load_memory(scene.env)
    assert (memory.theme, memory.sort, memory.wrap) == ("light", "score", True)
    async with opened(run) as it:
        assert it.app.theme == "evaldock-light"
        assert it.run.table.sorted_by[0] == "score"
        assert it.run.log_pane.status.wrap


async def test_a_theme_that_is_not_taken_leaves_the_old_one(scene: Scene, opened: Opener) -> None:
    async with opened(scene.run(engine=True), look=Appearance(theme="contrast")) as it:
        await it.press("T", "up")
        assert it.app.theme == "evaldock-mono"
        await it.press("escape")
        assert it.app.theme == "evaldock-contrast"


async def test_the_palette_does_what_it_names(scene: Scene, opened: Opener) -> None:
    async with opened(scene.run(engine=True)) as it:
        await it.press("colon", *"timeline", "enter")
        await it.until(lambda: it.run.panes.tab == "Timeline", "the tab")


async def test_keys_are_the_users(scene: Scene, opened: Opener) -> None:
    settings = Settings()
    settings = replace(settings, keys={**settings.keys, "kill": ("X",), "down": ("u", "down"), "follow": ("F2", "f")})
    async with opened(scene.run(engine=True), settings=settings) as it:
        assert it.footer["X"] == "kill"
        await it.press("K")
        assert it.dialog == ""
        await it.press("u", "X")
        assert it.dialog == "KillDialog"
        assert "mmlu_pro" in text_of(it.app.screen.query("Sheet").first())


async def test_mistakes_in_the_config_file_are_told(scene: Scene, opened: Opener) -> None:
    folder = scene.root / "config/evaldock"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("theme: pink\n")
    async with opened(scene.run(engine=True), settings=load_settings(scene.env)) as it:
        assert "there is no theme `pink`" in it.told[0]


@pytest.mark.parametrize("theme", ["dark", "light", "mono", "contrast"])
async def test_every_theme_in_ascii_draws_ascii(scene: Scene, opened: Opener, theme: str) -> None:
    run = scene.run(engine=True)
    async with opened(run, look=Appearance(theme=theme, ascii=True)) as it:
        for widget in (it.run.header, it.run.run_line, it.run.table, it.run.head, it.run.vitals, it.run.footer):
            assert text_of(widget).isascii(), widget


async def test_a_key_right_behind_tab_is_for_the_other_half(scene: Scene, opened: Opener) -> None:
    run = scene.run(engine=True)
    scene.log(run, 0, LOG)
    async with opened(run) as it:
        it.app.simulate_key("tab")
        it.app.simulate_key("slash")
        await it.until(lambda: it.run.prompt.is_open, "the prompt")
        assert it.run.prompt.purpose == "search"


async def test_what_comes_in_one_chunk_with_the_key_of_a_prompt_is_typed_into_it(scene: Scene, opened: Opener) -> None:
    async with opened(scene.run(engine=True)) as it:
        marked = it.run.table.marked
        for key in ("slash", *"mmlu_x", "backspace", "backspace", "enter", "j"):
            it.app.simulate_key(key)
        await it.until(lambda: it.run.prompt.is_open and not it.run.prompt.is_typed_into, "the end of typing")
        assert it.run.prompt.text == "mmlu"
        await it.until(lambda: {row.task for row in it.run.table.visible_rows} == {"mmlu", "mmlu_pro"}, "the filter")
        assert it.run.table.marked == marked
