"""The task table under the hand: cursor, marks, filter, order, mouse; only what changed is drawn again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from evaldock.tui.theme import THEMES
from evaldock.tui.view.row import TaskRow
from evaldock.tui.widgets.task_table import TaskTable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from .pictures import BLANK, QUEUE, ROWS, PartsApp

MANY = tuple(replace(ROWS[n % 4], job=f"aa.{n}", index=n, task=f"task_{n}") for n in range(1000))


class TableApp(App[None], inherit_bindings=False):
    """A table alone, and what it said."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, rows: tuple[TaskRow, ...] = ROWS) -> None:
        super().__init__()
        self.rows = rows
        self.said: list[object] = []
        self.register_theme(THEMES["evaldock-dark"])
        self.theme = "evaldock-dark"

    def compose(self) -> ComposeResult:
        yield TaskTable()

    def on_mount(self) -> None:
        self.table.show(self.rows, queue=QUEUE)
        self.table.focus()

    @property
    def table(self) -> TaskTable:
        return self.query_one(TaskTable)

    def lines(self) -> list[str]:
        """What stands on the screen."""
        return [self.table.render_line(y).text.rstrip() for y in range(self.table.size.height)]

    def on_task_table_opened(self, message: TaskTable.Opened) -> None:
        self.said.append(("opened", message.job))

    def on_task_table_marks_changed(self, message: TaskTable.MarksChanged) -> None:
        self.said.append(("marked", sorted(message.jobs)))


async def test_the_cursor_moves_and_stays_on_its_task() -> None:
    app = TableApp()
    async with app.run_test(size=(140, 20)) as pilot:
        await pilot.press("j", "j", "k")
        assert app.table.cursor_job == ROWS[1].job
        # Its task ends, and rows would change places: a key was pressed just now, so they wait.
        ended = replace(ROWS[1], state="succeeded")
        app.table.show((ROWS[0], ended, *ROWS[2:]), queue=QUEUE)
        assert [row.job for row in app.table.visible_rows][1] == ended.job
        app.table.sort_by("state")
        assert app.table.cursor_job == ended.job
        assert [row.job for row in app.table.visible_rows][1] != ended.job
        await pilot.press("G")
        assert app.table.cursor_row is app.table.visible_rows[-1]
        await pilot.press("g", "enter")
        assert app.said == [("opened", app.table.visible_rows[0].job)]


async def test_what_is_out_of_sight_is_counted() -> None:
    app = TableApp(MANY)
    async with app.run_test(size=(100, 12)) as pilot:
        assert app.lines()[-1].endswith("990 more below ↓")
        await pilot.press("pagedown", "pagedown")
        assert app.lines()[-1].strip() == "11 above ↑   979 more below ↓"
        await pilot.press("G")
        assert app.lines()[-1].strip() == "990 above ↑"
        assert "task_999" in app.lines()[-2]


async def test_marks_follow_jobs_and_leave_with_them() -> None:
    app = TableApp()
    async with app.run_test(size=(140, 20)):
        app.table.toggle_mark()
        app.table.toggle_mark()
        assert app.table.marked == {ROWS[0].job, ROWS[1].job}
        app.table.set_filter("failed")
        app.table.mark_all()
        assert len(app.table.marked) == 4
        app.table.show(ROWS[:1])
        assert app.table.marked == {ROWS[0].job}
        app.table.clear_marks()
        assert not app.table.marked


async def test_a_filter_shows_what_fits_and_says_so_when_nothing_does() -> None:
    app = TableApp()
    async with app.run_test(size=(140, 20)):
        app.table.set_filter("succeeded mm")
        assert [row.task for row in app.table.visible_rows] == ["mmlu"]
        assert '"succeeded mm"' in app.lines()[0]
        app.table.set_filter("nothing at all")
        assert app.lines()[1].strip() == "No task fits the filter."
        assert app.table.cursor_job is None
        app.table.set_filter("")
        assert app.table.cursor_job == ROWS[0].job


async def test_a_click_chooses_sorts_and_marks() -> None:
    app = TableApp()
    async with app.run_test(size=(140, 20)) as pilot:
        await pilot.click(TaskTable, offset=(30, 3))
        assert app.table.cursor_job == ROWS[2].job
        await pilot.click(TaskTable, offset=(1, 4))
        assert app.table.marked == {ROWS[3].job}
        await pilot.click(TaskTable, offset=(17, 0))
        assert app.table.sorted_by == ("task", False)
        await pilot.click(TaskTable, offset=(17, 0))
        assert app.table.sorted_by == ("task", True)
        await pilot.click(TaskTable, offset=(30, 2), times=2)
        assert app.said[-1] == ("opened", app.table.visible_rows[1].job)


async def test_only_lines_that_changed_are_drawn_again() -> None:
    app = TableApp(MANY)
    async with app.run_test(size=(140, 20)) as pilot:
        await pilot.pause()
        drawn: list[int] = []
        original = app.table.render_line

        def counting(y: int) -> object:
            drawn.append(y)
            return original(y)

        app.table.render_line = counting  # type: ignore[method-assign,assignment]
        app.table.show(MANY)
        await pilot.pause()
        assert drawn == []
        shown = app.table.visible_rows[4]
        app.table.show(tuple(replace(row, seconds=9999.0) if row is shown else row for row in MANY))
        await pilot.pause()
        assert 5 in drawn
        assert not set(drawn) & {1, 2, 3, 4, 6, 7}


async def test_nothing_has_a_colour_while_nobody_knows() -> None:
    app = TableApp()
    async with app.run_test(size=(140, 20)):
        app.table.show(ROWS, stale=True)
        styles = [segment.style for y in range(1, 17) for segment in app.table.render_line(y) if segment.text.strip()]
        hues = {style.color.name for style in styles if style and style.color}
        assert hues == {"#8c98a9", "#3b4656", "#f2f5f9"} - ({"#f2f5f9"} if not app.table.marked else set())


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(task=st.text(max_size=60), detail=st.text(max_size=60), width=st.integers(30, 220))
async def test_no_name_breaks_a_line(task: str, detail: str, width: int) -> None:
    from evaldock.core.base.sanitize import clean_line
    from evaldock.tui.glyphs import UNICODE
    from evaldock.tui.theme import palette
    from evaldock.tui.view.columns import columns
    from evaldock.tui.widgets.task_line import Pencil, RowLook

    row = replace(BLANK, task=clean_line(task), detail=clean_line(detail), state="failed", reason="start_failed")
    strip = Pencil(palette(THEMES["evaldock-dark"]), UNICODE, columns(width), row, RowLook(cursor=True)).draw()
    assert strip.cell_length == width
    assert not [character for character in strip.text if ord(character) < 32]


@pytest.mark.parametrize(
    ("name", "size", "theme", "ascii"),
    [
        ("140x42", (140, 42), "dark", False),
        ("120x36", (120, 36), "dark", False),
        ("100x30", (100, 30), "dark", False),
        ("80x24", (80, 24), "dark", False),
        ("200x50", (200, 50), "dark", False),
        ("64x20", (64, 20), "dark", False),
        ("light", (140, 42), "light", False),
        ("mono_ascii", (120, 36), "mono", True),
    ],
)
def test_the_parts_look_as_they_did(
    snap_compare: object, name: str, size: tuple[int, int], theme: str, ascii: bool
) -> None:
    assert snap_compare(PartsApp(theme, ascii=ascii), terminal_size=size)  # type: ignore[operator]
