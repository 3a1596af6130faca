"""Searching in the log pane: matches are counted, gone to, shown alone, and never hold up the screen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from evaldock.core.logs.line_index import BLOCK

from .log_app import LOG, LogApp, many, until


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "stdout.log"
    path.write_text(LOG)
    return path


def counted(app: LogApp) -> bool:
    """Whether the search is through."""
    return not app.pane.status.searching


async def test_search_counts_matches_and_goes_to_them(log: Path) -> None:
    many(log, 500)
    log.write_text(log.read_text() + LOG)
    app = LogApp(log)
    async with app.run_test(size=(100, 10)) as pilot:
        await pilot.press("g")
        app.pane.search("worker-")
        await until(lambda: app.pane.status.hits == 10 and counted(app))
        assert (app.pane.status.hit, app.pane.status.hit_shown, app.pane.status.shown) == (1, 1, 5)
        assert app.edge().rstrip() == " ◂╴╴  ╴╴"
        app.pane.next_hit(1)
        assert app.pane.status.hit == 2
        for _ in range(4):
            app.pane.next_hit(1)
        assert app.pane.status.hit == 6
        assert "sample 112" in app.pane.copy_text()
        app.pane.next_hit(-1)
        assert app.pane.status.hit == 5
        app.pane.search("")
        assert (app.pane.status.hits, app.pane.status.pattern, app.edge().strip()) == (0, "", "")


async def test_behind_the_last_match_comes_the_first(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(100, 20)):
        app.pane.search("exact")
        await until(lambda: app.pane.status.hits == 3 and app.pane.status.hit == 1 and counted(app))
        app.pane.next_hit(-1)
        assert app.pane.status.hit == 3
        app.pane.next_hit(1)
        assert app.pane.status.hit == 1


async def test_from_the_end_of_a_log_the_nearest_match_above_is_gone_to(log: Path) -> None:
    many(log, 3 * BLOCK // 10)
    app = LogApp(log)
    async with app.run_test(size=(100, 10)):
        await until(lambda: app.pane.status.lines)
        app.pane.search("LINE 17")
        await until(lambda: counted(app))
        assert app.pane.status.hits == 0
        app.pane.search("timed out")
        await until(lambda: app.pane.status.hit == 1)
        assert "ERROR" in app.pane.copy_text()
        assert not app.pane.status.following


async def test_several_matches_in_a_line_are_gone_through_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    path.write_text("aXbXc\nX\n")
    app = LogApp(path)
    async with app.run_test(size=(100, 10)):
        app.pane.search("X")
        await until(lambda: app.pane.status.hits == 3 and counted(app))
        seen = []
        for _ in range(4):
            seen.append((app.pane.status.hit, app.pane.copy_text()))
            app.pane.next_hit(1)
        assert seen == [(1, "aXbXc"), (2, "aXbXc"), (3, "X"), (1, "aXbXc")]


async def test_what_is_no_expression_is_told_and_what_is_one_found(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(100, 10)):
        app.pane.search("(", regex=True)
        assert "not a regular expression" in app.pane.status.problem
        app.pane.search(r"sample \d+", regex=True)
        await until(lambda: app.pane.status.hits == 3 and counted(app))
        assert app.pane.status.problem == ""
        await until(lambda: app.edge().count("╴") == 2)


async def test_an_expression_without_end_does_not_hold_up_the_screen(log: Path) -> None:
    with log.open("a") as file:
        file.write("a" * 80 + "\n")
    app = LogApp(log)
    async with app.run_test(size=(100, 12)) as pilot:
        app.pane.search("(a+)+b", regex=True)
        await until(lambda: "too long" in app.pane.status.problem)
        assert app.rows()[8] == "a" * 80
        await pilot.press("g")
        assert app.rows()[0].startswith("03:57:41")


async def test_a_match_out_of_sight_at_the_right_is_scrolled_to(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    path.write_text("short needle\n" + "x" * 300 + "needle" + "y" * 300 + "\n")
    app = LogApp(path)
    async with app.run_test(size=(60, 4)):
        app.pane.search("needle")
        await until(lambda: app.pane.status.hits == 2 and app.pane.status.hit == 1)
        assert app.rows()[0] == "short needle"
        app.pane.next_hit(1)
        assert re.fullmatch("x+needley+", app.rows()[1])
        app.pane.next_hit(-1)
        assert app.rows()[0] == "short needle"


async def test_a_match_behind_what_is_drawn_of_a_line_is_shown_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    line = "".join(f"{n:06d} " for n in range(13_000))
    path.write_text("first\n" + line + "needle " + line + "\nlast\n")
    app = LogApp(path)
    async with app.run_test(size=(80, 4)):
        app.pane.search("needle")
        await until(lambda: app.pane.status.hit == 1)
        assert "012999 needle 000000" in app.rows()[1]
        assert app.pane.copy_text() == line + "needle " + line
        app.pane.search("")
        assert app.rows()[0] == "first"


async def test_a_match_in_a_wrapped_line_is_brought_to_the_screen(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    path.write_text("x" * 2000 + "needle" + "y" * 1000 + "\n")
    app = LogApp(path)
    async with app.run_test(size=(60, 6)) as pilot:
        app.pane.toggle_wrap()
        await pilot.press("g")
        app.pane.search("needle")
        await until(lambda: app.pane.status.hit == 1)
        assert "needle" in "".join(app.rows())
        assert (app.pane.status.shown, app.pane.status.hit_shown) == (1, 1)
        assert app.edge().count("◂") == 1


async def test_only_matching_lines_are_shown_and_new_ones_join(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(100, 10)):
        app.pane.search("latency")
        await until(lambda: app.pane.status.hits == 3 and app.pane.status.hit)
        app.pane.filter_mode(True)
        assert [row for row in app.rows() if row] == [row for row in LOG.splitlines() if "latency" in row]
        with log.open("a") as file:
            file.write("one more latency\nand not this\n")
        await until(lambda: "one more latency" in app.rows())
        assert "and not this" not in app.rows()
        app.pane.filter_mode(False)
        assert "and not this" in "\n".join(app.rows())


async def test_matching_lines_are_followed_where_the_log_is(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    many(path, 3000)
    app = LogApp(path)
    async with app.run_test(size=(100, 5)) as pilot:
        app.pane.search("line 1")
        await until(lambda: counted(app) and app.pane.status.hit_lines == 1111)
        app.pane.filter_mode(True)
        await pilot.press("G")
        assert app.rows()[-1] == "line 1999"
        many(path, 2, 10000)
        await until(lambda: app.rows()[-1] == "line 10001")
        await pilot.press("k")
        many(path, 3, 10002)
        await until(lambda: app.pane.status.paused_new == 3)
        assert app.rows()[-1] == "line 10000"


async def test_the_first_of_many_matching_lines_stays_while_others_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    many(path, 10 * BLOCK)
    app = LogApp(path)
    async with app.run_test(size=(100, 6)):
        await until(lambda: app.pane.status.lines == 10 * BLOCK)
        app.pane.go_to(5 * BLOCK)
        app.pane.search("7 ")  # nothing: numbers stand at the end of lines
        app.pane.search("7")
        await until(lambda: app.pane.status.hit)
        app.pane.filter_mode(True)
        top = app.rows()[0]
        await until(lambda: counted(app))
        assert app.rows()[0] == top
        assert app.pane.status.hit_lines == sum("7" in str(n) for n in range(10 * BLOCK))


async def test_nothing_matches(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(100, 10)):
        app.pane.search("no such text")
        app.pane.filter_mode(True)
        assert app.rows()[0] == "Searching."
        await until(lambda: app.rows()[0] == "No line matches.")
        app.pane.next_hit(1)
        assert app.pane.status.hit == 0


async def test_markers_are_seen_between_matching_lines_too(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(100, 20)):
        app.pane.add_marker()
        many(log, 2, text="more latency")
        app.pane.search("latency")
        await until(lambda: app.pane.status.hit_lines == 5)
        app.pane.filter_mode(True)
        assert [bool(re.match(r"\d\d:\d\d:\d\d ─", row)) for row in app.rows()[:6]] == [0, 0, 0, 1, 0, 0]


async def test_a_search_stays_with_the_pane_but_does_not_move_another_file(log: Path) -> None:
    other = log.with_name("other.log")
    other.write_text(LOG + "the end\n")
    many(other, 30)
    app = LogApp(log)
    async with app.run_test(size=(100, 6)):
        app.pane.search("worker")
        await until(lambda: app.pane.status.hits == 5)
        app.pane.open(other)
        await until(lambda: app.pane.status.hits == 5 and counted(app))
        assert app.rows()[-1] == "line 29"
        assert app.pane.status.following
        app.pane.next_hit(-1)
        assert app.pane.status.hit == 5
