"""Dialogs: enter and escape are safe, each deed has its own key, and what is told is true."""

from __future__ import annotations

import asyncio

import pytest
from evaldock.tui.draw.line import Span, spans_width
from evaldock.tui.screens.dialog import wrapped
from evaldock.tui.screens.overrides import OverridesDialog
from evaldock.tui.screens.rerun import RerunChoice, RerunDialog
from hypothesis import example, given
from hypothesis import strategies as st
from textual.widgets import TextArea

from .dialogs import DIALOGS, DialogApp
from .pictures import ROWS, PartsApp

SAFE = ("kill", "kill_one_now", "rerun", "quit", "delete", "events", "help", "sort")


def text_of(app: DialogApp) -> str:
    """What stands on the sheet."""
    sheet = app.screen.sheet  # type: ignore[attr-defined]
    return "\n".join(sheet.render_line(y).text.rstrip() for y in range(sheet.size.height))


@pytest.mark.parametrize("name", SAFE)
@pytest.mark.parametrize("key", ["enter", "escape", "n", "q"])
async def test_enter_escape_n_and_q_do_nothing(name: str, key: str) -> None:
    app = DialogApp(name)
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.press(key)
        assert app.result is None


@pytest.mark.parametrize(
    ("name", "key", "result"),
    [
        ("kill", "y", "stop"),
        ("kill_one_now", "y", "now"),
        ("quit", "y", "leave"),
        ("quit", "K", "kill"),
        ("delete", "y", True),
        ("sort", "t", ("task", False)),
        ("sort", "o", ("score", False)),
        ("rerun", "y", RerunChoice((ROWS[7].job, ROWS[8].job))),
        ("rerun", "p", RerunChoice((ROWS[7].job, ROWS[8].job), preview=True)),
    ],
)
async def test_each_deed_has_its_key(name: str, key: str, result: object) -> None:
    app = DialogApp(name)
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.press(key)
        assert app.result == result


@pytest.mark.parametrize("name", sorted({"kill", "kill_one_now", "delete"}))
async def test_what_destroys_wants_a_y_and_nothing_else(name: str) -> None:
    app = DialogApp(name)
    async with app.run_test(size=(100, 40)) as pilot:
        for key in [*map(chr, range(ord("!"), ord("~") + 1)), "space", "tab", "ctrl+k", "ctrl+d"]:
            if key != "y":
                await pilot.press(key)
        assert app.result in ("still open", None)


async def test_kill_says_what_is_kept_and_that_others_go_on() -> None:
    app = DialogApp("kill")
    async with app.run_test(size=(140, 42)):
        text = text_of(app)
        assert "1,842 of 12,032 samples kept" in text
        assert "no container yet" in text
        assert "SIGKILL after 10 s" in text
        assert "other tasks keep running" in text


async def test_a_rerun_names_reasons_and_warns_of_the_hopeless() -> None:
    app = DialogApp("rerun")
    async with app.run_test(size=(140, 42)):
        text = text_of(app)
        assert "out of memory" in text
        assert "as attempt 3" in text
        assert "both would fail again" in text


async def test_a_theme_is_worn_while_it_is_looked_at_and_taken_off_again() -> None:
    app = DialogApp("theme")
    async with app.run_test(size=(100, 40)) as pilot:
        before = "evaldock-light"
        await pilot.press("down")
        assert app.theme == "evaldock-mono"
        await pilot.press("escape")
        assert (app.theme, app.result) == (before, None)


async def test_typing_narrows_the_commands() -> None:
    app = DialogApp("commands")
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.press(*"pause queue")
        assert "pause queue" in text_of(app)
        assert "Nothing fits" not in text_of(app)
        await pilot.press("enter")
        assert app.result == "pause"


async def test_a_dialog_that_is_too_tall_scrolls() -> None:
    app = DialogApp("help")
    async with app.run_test(size=(80, 12)) as pilot:
        first = text_of(app)
        await pilot.press("pagedown")
        assert text_of(app) != first
        assert "esc" in text_of(app).splitlines()[-1]


async def test_a_click_presses_a_key_of_the_band() -> None:
    app = DialogApp("kill")
    async with app.run_test(size=(140, 42)) as pilot:
        sheet = app.screen.sheet  # type: ignore[attr-defined]
        await pilot.click(sheet, offset=(4, sheet.size.height - 2))
        assert app.result == "stop"


class OverridesApp(PartsApp):
    """The editor of overrides over the run screen."""

    def __init__(self, dialog: OverridesDialog | None = None) -> None:
        super().__init__()
        self.dialog = dialog
        self.result: object = "still open"

    def on_mount(self) -> None:
        super().on_mount()

        def check(lines: tuple[str, ...]) -> str:
            return "" if all("=" in line for line in lines) else "An override is KEY=VALUE."

        def closed(result: object) -> None:
            self.result = result

        self.push_screen(self.dialog or OverridesDialog(("a.b=1",), check), closed)


async def until(condition: object) -> None:
    """Wait for work on a thread that the dialog started."""
    async with asyncio.timeout(10):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.01)


async def test_overrides_are_looked_at_before_they_are_given() -> None:
    app = OverridesApp()
    async with app.run_test(size=(100, 30)) as pilot:
        dialog = app.screen
        assert isinstance(dialog, OverridesDialog)
        dialog.query_one(TextArea).text = "a.b=1\nnonsense"
        await until(lambda: dialog.problem)
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert app.result == "still open"
        dialog.query_one(TextArea).text = "a.b=1\n\n c.d=2 "
        await until(lambda: not dialog.problem)
        await pilot.press("ctrl+s")
        await until(lambda: app.result != "still open")
        assert app.result == ("a.b=1", "c.d=2")


async def test_what_holds_now_stands_there_and_is_no_override() -> None:
    def check(lines: tuple[str, ...]) -> str:
        return ""

    app = OverridesApp(OverridesDialog(("top_p=0.5",), check, lambda: ("temperature=0.6", "top_p=0.9")))
    async with app.run_test(size=(100, 30)) as pilot:
        area = app.screen.query_one(TextArea)
        await until(lambda: area.text == "temperature=0.6\ntop_p=0.5")
        area.text = "temperature=0.6\ntop_p=0.5\nexecution.timeout=2h"
        await pilot.press("ctrl+s")
        await until(lambda: app.result != "still open")
        assert app.result == ("top_p=0.5", "execution.timeout=2h")


async def test_overrides_come_back_into_the_rerun() -> None:
    app = DialogApp("rerun")
    async with app.run_test(size=(100, 40)) as pilot:
        rerun = app.screen
        assert isinstance(rerun, RerunDialog)
        await pilot.press("e")
        app.screen.query_one(TextArea).text = "a.b=1"
        await pilot.press("ctrl+s")
        await until(lambda: app.screen is rerun)
        await pilot.pause()
        assert "a.b=1" in text_of(app)
        await pilot.press("y")
        assert app.result == RerunChoice((ROWS[7].job, ROWS[8].job), ("a.b=1",))


@given(
    st.lists(st.text(alphabet=st.characters(exclude_categories=("C",)), max_size=30), max_size=5), st.integers(1, 40)
)
@example(["\u0301"], 1)  # of no width by itself
@example(["a\u0301"], 1)
def test_running_text_fits_and_loses_no_word(texts: list[str], width: int) -> None:
    rows = wrapped([Span(text) for text in texts], width)
    # A character that is two cells wide needs two cells.
    assert all(spans_width(row.left) <= max(2, width) for row in rows)
    shown = "".join(span.text for row in rows for span in row.left).replace(" ", "")
    assert shown == "".join(texts).replace(" ", "")


@pytest.mark.parametrize("name", list(DIALOGS))
@pytest.mark.parametrize(
    ("size", "theme", "ascii"),
    [((140, 42), "dark", False), ((80, 24), "light", False), ((60, 12), "mono", True)],
    ids=["wide", "small_light", "tiny_mono_ascii"],
)
def test_dialogs_look_as_they_did(
    snap_compare: object, name: str, size: tuple[int, int], theme: str, ascii: bool
) -> None:
    assert snap_compare(DialogApp(name, theme, ascii=ascii), terminal_size=size)  # type: ignore[operator]
