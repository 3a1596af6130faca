"""The log pane over real files that grow, are cut, replaced and removed, and hold any bytes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from evaldock.core.run.line_index import BLOCK
from evaldock.tui.theme import THEMES
from evaldock.tui.widgets.log_pane import LogPane
from textual.app import App, ComposeResult

LOG = """03:57:41 INFO  simple_evals  loaded gpqa_diamond: 198 questions, 4 choices, seed 42
03:57:52 INFO  worker-2  sample 112  exact match = 1   latency 388 ms
03:57:58 WARN  worker-1  429 Too Many Requests, retry 1 of 5 in 2.0 s
03:58:02 ERROR worker-4  judge timed out after 30 s, will retry
           Traceback (most recent call last):
             File "/opt/simple_evals/judge.py", line 88, in grade
03:58:04 INFO  worker-3  sample 118  exact match = 0   latency 640 ms
03:58:06 INFO  worker-1  sample 120  exact match = 1   latency 405 ms
"""
BAR = b"gpqa_diamond:  61%|" + "█".encode() * 30 + b"          | 121/198 [12:41<08:02,  6.27s/it]"


class LogApp(App[None], inherit_bindings=False):
    """A log pane alone."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, path: Path | None) -> None:
        super().__init__()
        self.path = path
        self.register_theme(THEMES["evaldock-dark"])
        self.theme = "evaldock-dark"

    def compose(self) -> ComposeResult:
        yield LogPane()

    def on_mount(self) -> None:
        self.pane.open(self.path, why_empty="no stdout.log yet: the container has not started")
        self.pane.focus()

    @property
    def pane(self) -> LogPane:
        return self.query_one(LogPane)

    def rows(self) -> list[str]:
        return [self.pane.render_line(y).text[:-1].strip() for y in range(self.pane.size.height)]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "stdout.log"
    path.write_text(LOG)
    return path


def many(path: Path, count: int, start: int = 0) -> None:
    with path.open("a") as file:
        file.writelines(f"line {n}\n" for n in range(start, start + count))


async def until(condition: Callable[[], object]) -> None:
    """Wait for what a thread or a process brings about."""
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.01)


async def test_the_end_is_shown_and_followed(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(100, 5)):
        assert app.rows()[-1].startswith("03:58:06 INFO")
        many(log, 3)
        await until(lambda: app.rows()[-1] == "line 2")
        assert app.pane.status.following


async def test_going_up_holds_and_counts_what_comes(log: Path) -> None:
    many(log, 100)
    app = LogApp(log)
    async with app.run_test(size=(100, 5)) as pilot:
        await pilot.press("k")
        before = app.rows()
        many(log, 7, 100)
        await until(lambda: app.pane.status.paused_new == 7)
        assert app.rows() == before
        await pilot.press("G")
        assert app.rows()[-1] == "line 106"
        assert (app.pane.status.following, app.pane.status.paused_new) == (True, 0)


async def test_a_large_file_shows_its_end_at_once_and_keeps_its_place_when_numbers_are_known(tmp_path: Path) -> None:
    path = tmp_path / "big.log"
    many(path, BLOCK)
    app = LogApp(path)
    async with app.run_test(size=(100, 6)) as pilot:
        assert app.rows()[-1] == f"line {BLOCK - 1}"
        await pilot.press("k", "k")
        held = app.rows()
        await until(lambda: app.pane.status.lines == BLOCK)
        assert app.rows() == held
        app.pane.go_to(1234)
        assert "line 1233" in app.rows()
        await pilot.press("g")
        assert app.rows()[0] == "line 0"


async def test_a_progress_bar_without_a_newline_is_one_live_line(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(120, 12)):
        with log.open("ab") as file:
            file.write(b"\rgpqa:   1%|#         |\r" + BAR)
            file.flush()
            await until(lambda: "61%" in app.rows()[8])
            row = app.rows()[8]
            assert "1%|#" not in row
            # Ten cells and forty were printed; sixty are free. 121 of 198 are 73 half cells of 120.
            assert "━" * 36 + "╸" + "─" * 23 in row
            assert "█" in app.pane.copy_text()


async def test_cut_replaced_and_removed(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(100, 5)):
        log.write_text("anew\n")
        await until(lambda: app.rows()[0] == "anew")
        other = log.with_name("other")
        other.write_text("another file\n")
        other.rename(log)
        await until(lambda: app.rows()[0] == "another file")
        log.unlink()
        # What was there can be read on; a new file takes its place.
        assert app.rows()[0] == "another file"
        log.write_text("back\n")
        await until(lambda: app.rows()[0] == "back")


async def test_what_is_not_there_yet_is_told_and_then_shown(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    app = LogApp(path)
    async with app.run_test(size=(100, 5)):
        assert app.rows()[0] == "no stdout.log yet: the container has not started"
        path.write_text("here\n")
        await until(lambda: app.rows()[0] == "here")


async def test_a_link_is_not_followed(log: Path) -> None:
    link = log.with_name("link.log")
    link.symlink_to(log)
    app = LogApp(link)
    async with app.run_test(size=(100, 5)):
        assert "no ordinary file" in app.rows()[0]


async def test_search_counts_matches_and_goes_to_them(log: Path) -> None:
    many(log, 500)
    log.write_text(log.read_text() + LOG)
    app = LogApp(log)
    async with app.run_test(size=(100, 10)) as pilot:
        await pilot.press("g")
        app.pane.search("worker-")
        await until(lambda: app.pane.status.hits == 10 and not app.pane.status.searching)
        assert app.pane.status.hit == 1
        app.pane.next_hit(1)
        assert app.pane.status.hit == 2
        for _ in range(4):
            app.pane.next_hit(1)
        assert app.pane.status.hit == 6
        assert "sample 112" in app.pane.copy_text()
        app.pane.next_hit(-1)
        assert app.pane.status.hit == 5
        app.pane.search("")
        assert (app.pane.status.hits, app.pane.status.pattern) == (0, "")


async def test_a_bad_expression_is_refused_and_a_good_one_found(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(100, 10)):
        app.pane.search("(", regex=True)
        assert "not a regular expression" in app.pane.status.problem
        app.pane.search(r"sample \d+", regex=True)
        await until(lambda: app.pane.status.hits == 3)


async def test_only_matching_lines_are_shown_and_new_ones_join(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(100, 10)):
        app.pane.search("latency")
        await until(lambda: app.pane.status.hits == 3)
        app.pane.filter_mode(True)
        assert [row for row in app.rows() if row] == [row for row in LOG.splitlines() if "latency" in row]
        with log.open("a") as file:
            file.write("one more latency\nand not this\n")
        await until(lambda: "one more latency" in app.rows())
        assert "and not this" not in app.rows()
        app.pane.filter_mode(False)
        assert "and not this" in "\n".join(app.rows())


async def test_wrapping_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    path.write_text("".join(chr(97 + n % 26) for n in range(300)) + "\nlast\n")
    app = LogApp(path)
    async with app.run_test(size=(60, 12)) as pilot:
        assert len([row for row in app.rows() if row]) == 2
        app.pane.toggle_wrap()
        rows = [row for row in app.rows() if row]
        assert "".join(rows[:-1]) == path.read_text().splitlines()[0]
        app.pane.toggle_wrap()
        await pilot.press("right")
        assert app.rows()[0].startswith(chr(97 + 16))


async def test_a_marker_and_times_are_of_this_view_only(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(100, 20)):
        app.pane.add_marker()
        many(log, 1)
        await until(lambda: "line 0" in app.rows())
        assert re.match(r"\d\d:\d\d:\d\d ─+$", app.rows()[8])
        app.pane.toggle_timestamps()
        assert re.match(r"\d\d:\d\d:\d\d  line 0$", app.rows()[9])
        assert app.rows()[0].startswith("03:57:41 INFO")
        assert "─" not in app.pane.copy_text()


async def test_the_mouse_selects_text(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(100, 12)) as pilot:
        await pilot.mouse_down(LogPane, offset=(3, 0))
        await pilot.hover(LogPane, offset=(11, 1))
        await pilot.mouse_up(LogPane, offset=(11, 1))
        await pilot.pause()
        copied = app.pane.copy_text()
        assert copied.startswith("03:57:41 INFO  simple_evals")
        assert copied.splitlines()[1].startswith("03:57:52")
