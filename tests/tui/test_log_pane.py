"""The log pane over real files that grow, are cut, replaced and removed, and hold any bytes."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from evaldock.core.logs.line_index import BLOCK
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console
from textual.geometry import Size

from .log_app import BAR, LOG, LogApp, many, until


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "stdout.log"
    path.write_text(LOG)
    return path


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
            file.write(b"\rgpqa:   1%|#         |\r" + BAR.encode())
            file.flush()
            await until(lambda: "61%" in app.rows()[8])
            row = app.rows()[8]
            assert "1%|#" not in row
            # Ten cells were printed, sixty fit. 121 of 198 are 73 of 120 half cells.
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


async def test_sideways_goes_as_far_as_lines_do_and_following_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    path.write_text("x" * 20 + "y" * 80 + "\n")
    app = LogApp(path)
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.press("right", "right")
        assert app.rows()[0] == "y" * 55
        for _ in range(20):
            await pilot.press("right")
        assert app.rows()[0] == "y" * (100 - (100 - 55 // 2))
        many(path, 9)
        await until(lambda: app.pane.status.lines == 10)
        assert app.rows() == [""] * 5
        for _ in range(20):
            await pilot.press("left")
        assert app.rows()[-1] == "line 8"


async def test_wide_characters_are_cut_where_a_cell_is(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    path.write_text("漢字" * 60 + "\n")
    app = LogApp(path)
    async with app.run_test(size=(60, 3)) as pilot:
        assert app.rows()[0] == "漢字" * 13 + "漢"
        await pilot.press("right")
        assert app.rows()[0].startswith("漢字")
        app.pane.toggle_wrap()
        assert "".join(app.rows()) == ("漢字" * 60)[2 * 27 :]


async def test_a_line_gone_to_is_marked_and_copied(log: Path) -> None:
    many(log, 500)
    app = LogApp(log)
    async with app.run_test(size=(100, 9)):
        app.pane.go_to(300)
        place = app.rows().index("line 291")
        assert app.edge() == " " * place + "◂" + " " * (8 - place)
        assert app.pane.copy_text() == "line 291"
        assert not app.pane.status.following
        app.pane.go_to(10**9)
        assert app.rows()[-1] == "line 499"
        app.pane.toggle_follow()
        assert app.edge() == " " * 9
        assert app.pane.copy_text().splitlines() == app.rows()


async def test_a_removed_file_is_told_and_can_be_read_on(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(100, 9)) as pilot:
        log.unlink()
        await until(lambda: app.pane.status.gone)
        await pilot.press("g")
        assert app.rows()[0].startswith("03:57:41")
        log.write_text("back\n")
        await until(lambda: app.rows()[0] == "back")
        assert not app.pane.status.gone


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
async def test_what_may_not_be_read_is_told(log: Path) -> None:
    log.chmod(0)
    app = LogApp(log)
    async with app.run_test(size=(100, 9)):
        assert app.rows()[0] == "stdout.log cannot be read: permission denied."
        log.chmod(0o600)
        await until(lambda: app.rows()[0].startswith("03:57:41"))


async def test_a_file_that_is_replaced_while_held_is_followed_from_its_end(log: Path) -> None:
    many(log, 100)
    app = LogApp(log)
    async with app.run_test(size=(100, 5)) as pilot:
        await pilot.press("g")
        app.pane.add_marker()
        many(log.with_name("new"), 50, text="new")
        log.with_name("new").rename(log)
        await until(lambda: app.rows()[-1] == "new 49")
        assert app.pane.status.following


async def test_another_file_begins_as_if_it_were_the_first(log: Path) -> None:
    many(log, 100)
    other = log.with_name("other.log")
    many(other, 100, text="other")
    app = LogApp(log)
    async with app.run_test(size=(100, 5)) as pilot:
        await pilot.press("g", "right")
        app.pane.open(other)
        assert app.rows()[-1] == "other 99"
        assert app.pane.status.following
        app.pane.open(None, why_empty="There is no task to show.")
        assert app.rows()[0] == "There is no task to show."


async def test_any_size_and_any_colours(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(100, 9)) as pilot:
        for width, height in ((1, 1), (4, 2), (200, 60), (30, 3)):
            await pilot.resize_terminal(width, height)
            assert app.pane.size == Size(width, height)
            assert all(app.pane.render_line(y).cell_length == width for y in range(height))
        before = app.pane.render_line(0)
        app.use_theme("light")
        await pilot.pause()
        assert app.pane.render_line(0) != before


async def test_nothing_is_drawn_for_a_tab_that_is_not_shown(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(100, 20)) as pilot:
        app.pane.display = False
        await pilot.pause()
        many(log, 5)
        await until(lambda: app.pane._view.count() == 13)
        app.pane.display = True
        await until(lambda: "line 4" in app.rows())


async def test_times_are_told_to_the_second_and_kept_few(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    many(path, 3)
    app = LogApp(path)
    async with app.run_test(size=(100, 20)):
        app.pane.toggle_timestamps()
        for n in range(10):
            many(path, 1, 3 + n)
            await until(lambda n=n: app.pane.status.lines == 4 + n or f"line {3 + n}" in "".join(app.rows()))
        rows = app.rows()
        assert rows[:3] == ["line 0", "line 1", "line 2"]
        assert all(re.fullmatch(r"\d\d:\d\d:\d\d  line \d+", row) for row in rows[3:13])
        assert len(app.pane._view._seen._times) < 10


_SGR = re.compile(r"\x1b\[[0-9;]*m")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from([b"\x1b]52;c;aGk=\x07", b"\x1b[2J", b"\r", b"\n"]))))
async def test_whatever_bytes_a_log_holds_only_colours_reach_the_driver(tmp_path: Path, parts: list[bytes]) -> None:
    path = tmp_path / "stdout.log"
    path.write_bytes(b"".join(parts))
    app = LogApp(path)
    console = Console(color_system="truecolor", force_terminal=True)
    async with app.run_test(size=(40, 6)) as pilot:
        app.pane.toggle_timestamps()
        app.pane.add_marker()
        app.pane.search("a")
        app.pane.toggle_wrap()
        await pilot.press("g")
        for y in range(6):
            strip = app.pane.render_line(y)
            assert strip.cell_length == 40
            sent = _SGR.sub("", strip.render(console))
            assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", sent)


@pytest.mark.parametrize("words", [(300, 1, 300), (1, 300, 1)], ids=["middle", "ends"])
async def test_a_wrapped_log_gives_way_to_one_whose_lines_have_other_lengths(
    tmp_path: Path, words: tuple[int, ...]
) -> None:
    first, second = tmp_path / "first.log", tmp_path / "second.log"
    first.write_text("".join(f"first {'word ' * n}\n" for n in words))
    second.write_text("".join(f"second {'word ' * (301 - n)}\n" for n in words))
    app = LogApp(first)
    async with app.run_test(size=(60, 12)) as pilot:
        app.pane.toggle_wrap()
        for path in (second, first, second):
            app.pane.open(path)
            await pilot.press("g")
            assert app.rows()[0].startswith(path.stem)
            await pilot.press("j", "j", "k", "G")
