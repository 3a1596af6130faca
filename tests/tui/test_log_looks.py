"""How the log pane looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from evaldock.tui.log import times as log_times
from textual.pilot import Pilot

from .log_app import BAR, LOG, LogApp, until

LOOKS = {
    "wide": ((140, 16), "dark", False),
    "small_light": ((80, 12), "light", False),
    "mono_ascii": ((100, 14), "mono", True),
}
COLOURED = """\x1b[32m2026-11-23 03:58:09.120\x1b[0m | \x1b[1mINFO    \x1b[0m | \x1b[36mjudge:ask:12\x1b[0m - answered
[03:58:09] \x1b[1;33mWARNING\x1b[0m slow: \x1b[7m 12.4 s \x1b[0m of \x1b[38;5;244m30 s\x1b[0m, \x1b[41mlast try\x1b[0m
"""


@pytest.fixture
def app(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> LogApp:
    """A log with everything in it, in a theme."""
    monkeypatch.setattr(log_times, "now", lambda: "03:58:07")
    path = tmp_path / "stdout.log"
    path.write_text(LOG + COLOURED + BAR)
    _, theme, ascii = LOOKS[request.param]
    return LogApp(path, theme, ascii=ascii)


def looks(test: Any) -> Any:
    """The test, for each look."""
    return pytest.mark.parametrize(
        ("app", "size"), [(name, size) for name, (size, _, _) in LOOKS.items()], indirect=["app"], ids=LOOKS.keys()
    )(test)


async def searched(app: LogApp) -> None:
    """Both kinds of matches are there."""
    app.pane.search("retry|timed out", regex=True)
    await until(lambda: app.pane.status.hits == 3 and app.pane.status.shown and not app.pane.status.searching)


@looks
def test_a_search(app: LogApp, size: tuple[int, int], snap_compare: Any) -> None:
    async def search(_pilot: Pilot[None]) -> None:
        await searched(app)

    assert snap_compare(app, terminal_size=size, run_before=search)


@looks
def test_times_and_a_marker_in_a_wrapped_log(app: LogApp, size: tuple[int, int], snap_compare: Any) -> None:
    async def look(_pilot: Pilot[None]) -> None:
        pane = app.pane
        pane.toggle_timestamps()
        pane.toggle_wrap()
        pane.add_marker()
        assert app.path is not None
        with app.path.open("a") as file:
            file.write(
                "\n03:58:08 INFO  worker-2  sample 121  " + "a line that is longer than the screen is wide " * 4 + "\n"
            )
        await until(lambda: pane.status.lines == 12)

    assert snap_compare(app, terminal_size=size, run_before=look)


@looks
def test_only_matching_lines(app: LogApp, size: tuple[int, int], snap_compare: Any) -> None:
    async def search(_pilot: Pilot[None]) -> None:
        await searched(app)
        app.pane.filter_mode(True)
        app.pane.next_hit(1)

    assert snap_compare(app, terminal_size=size, run_before=search)
