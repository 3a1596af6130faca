"""Taking text out of the log pane: what is copied is what is in the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from evaldock.tui.log import copy as log_copy
from evaldock.tui.widgets.log_pane import LogPane
from textual.events import MouseMove
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.selection import Selection

from .log_app import BAR, LOG, LogApp, many, until


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "stdout.log"
    path.write_text(LOG)
    return path


async def drag(pilot: Pilot[None], start: tuple[int, int], end: tuple[int, int]) -> None:
    """Select with the mouse, from a cell up to another and with it."""
    await pilot.mouse_down(LogPane, offset=start)
    await pilot.hover(LogPane, offset=end)
    await pilot.mouse_up(LogPane, offset=end)
    await pilot.pause()


async def test_the_mouse_selects_characters(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(100, 12)) as pilot:
        await drag(pilot, (12, 0), (15, 0))
        assert app.pane.copy_text() == "INFO"
        await drag(pilot, (18, 2), (10, 1))
        assert app.pane.copy_text() == LOG.splitlines()[1][7:] + "\n" + LOG.splitlines()[2][:16]
        assert app.screen.get_selected_text() == app.pane.copy_text()


async def test_margins_and_what_is_below_belong_to_the_text_beside_them(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(100, 12)) as pilot:
        await drag(pilot, (0, 0), (90, 1))
        assert app.pane.copy_text() == "\n".join(LOG.splitlines()[:2])
        await drag(pilot, (0, 6), (40, 11))
        assert app.pane.copy_text() == "\n".join(LOG.splitlines()[6:])
        app.pane.toggle_timestamps()
        await drag(pilot, (5, 1), (20, 1))
        assert app.pane.copy_text() == LOG.splitlines()[1][:8]


async def test_a_second_click_takes_the_line(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(100, 12)) as pilot:
        await pilot.click(LogPane, offset=(20, 3), times=2)
        assert app.pane.copy_text() == LOG.splitlines()[3]
        await pilot.click(LogPane, offset=(20, 3))
        assert app.pane.text_selection is None


async def test_bars_tabs_and_rewritten_lines_are_copied_as_printed(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    path.write_text(f"a\tb\x1b[31mred\x1b[0m\x07\nold\rnew\n{BAR}\n")
    app = LogApp(path)
    async with app.run_test(size=(120, 5)) as pilot:
        assert app.pane.copy_text() == f"a\tbred\nnew\n{BAR}"
        await drag(pilot, (3, 0), (119, 2))
        assert app.pane.copy_text() == f"a\tbred\nnew\n{BAR}"
        await drag(pilot, (4, 0), (12, 0))
        assert app.pane.copy_text() == "\tbr"


async def test_a_selection_sideways_counts_characters_and_not_cells(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    path.write_text("漢" * 20 + "".join(chr(97 + n % 26) for n in range(100)) + "\n")
    app = LogApp(path)
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.press("right", "right")
        # 32 cells are out of sight: 16 wide characters. Four of them are left, then comes "a".
        await drag(pilot, (3 + 8, 0), (3 + 10, 0))
        assert app.pane.copy_text() == "abc"


async def test_a_selection_in_a_wrapped_line(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    text = "".join(chr(97 + n % 26) for n in range(200))
    path.write_text(text + "\n")
    app = LogApp(path)
    async with app.run_test(size=(60, 8)) as pilot:
        app.pane.toggle_wrap()
        await drag(pilot, (3 + 5, 1), (3 + 2, 2))
        assert app.pane.copy_text() == text[55 + 5 : 110 + 3]


async def test_a_selection_stays_with_its_lines_while_the_log_grows(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(100, 9)) as pilot:
        await drag(pilot, (3, 7), (10, 7))
        many(log, 4)
        await until(lambda: app.rows()[-1] == "line 3")
        assert app.pane.copy_text() == "03:58:06"
        app.pane.search("worker")
        app.pane.filter_mode(True)
        assert app.pane.text_selection is None


def move(app: LogApp, x: int, y: int, dy: int) -> None:
    """The mouse comes to a cell, from `dy` rows above it. (A pilot's mouse comes from nowhere.)"""
    app.screen._forward_event(MouseMove(app.pane, x, y, 0, dy, 1, False, False, False, screen_x=x, screen_y=y))


async def test_dragging_over_the_edge_scrolls(log: Path) -> None:
    many(log, 100)
    app = LogApp(log)
    async with app.run_test(size=(100, 8)) as pilot:
        await pilot.mouse_down(LogPane, offset=(3, 6))
        move(app, 3, 0, -6)
        # It scrolls on by itself: a slow look may miss any one line.
        await until(lambda: app.rows()[0] in {f"line {n}" for n in range(51)})
        await pilot.mouse_up(LogPane, offset=(3, 0))
        assert app.pane.copy_text().splitlines()[-2:] == ["line 97", "l"]
        assert not app.pane.status.following


async def test_much_is_copied_up_to_a_limit(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many(log, 5000)
    monkeypatch.setattr(log_copy, "LARGEST", 1000)
    app = LogApp(log)
    async with app.run_test(size=(100, 9)) as pilot:
        await pilot.press("g")
        found = app.pane.get_selection(Selection(Offset(3, 0), Offset(2, 4000)))
        assert found is not None
        lines = found[0].splitlines()
        assert lines[0] == LOG.splitlines()[0][3:]
        assert lines[1:5] == LOG.splitlines()[1:5]
        assert 900 <= len(found[0]) <= 1000


async def test_all_of_a_log_is_what_is_on_screen(log: Path) -> None:
    many(log, 500)
    app = LogApp(log)
    async with app.run_test(size=(100, 4)):
        app.pane.text_select_all()
        assert app.pane.copy_text() == "line 496\nline 497\nline 498\nline 499"
