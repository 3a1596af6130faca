"""A scene with runs, and the dashboard opened on it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest
from evaldock.core.run.store import Run
from evaldock.tui.app import EvaldockApp
from evaldock.tui.dashboard import DashboardExit
from evaldock.tui.screens.base import DashboardScreen
from evaldock.tui.screens.home import HomeScreen
from evaldock.tui.screens.run import RunScreen
from evaldock.tui.settings import Appearance, Settings
from textual.pilot import Pilot
from textual.widget import Widget

from .scene import Scene

PATIENCE = 20.0  # seconds until something must have happened
WIDE = (140, 42)


class Opened:
    """The dashboard as it is looked at."""

    def __init__(self, app: EvaldockApp, pilot: Pilot[DashboardExit]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def base(self) -> DashboardScreen:
        """The topmost screen that is no dialog."""
        found = self.app.base
        assert found is not None
        return found

    @property
    def run(self) -> RunScreen:
        """The run screen."""
        assert isinstance(self.base, RunScreen)
        return self.base

    @property
    def home(self) -> HomeScreen:
        """The list of runs."""
        assert isinstance(self.base, HomeScreen)
        return self.base

    @property
    def dialog(self) -> str:
        """The class of the screen on top, "" when it is no dialog."""
        top = self.app.screen
        return "" if isinstance(top, DashboardScreen) else type(top).__name__

    @property
    def told(self) -> list[str]:
        """All sentences told so far."""
        return [told.text for told in self.app.said]

    @property
    def footer(self) -> dict[str, str]:
        """Key -> name, as the footer has them."""
        left, right = self.base.footer_items()
        return dict([*left, *right])

    async def press(self, *keys: str) -> None:
        """Press keys and let what they do be done."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"waited in vain for {what}; told: {self.told}"
            await self.pilot.pause(0.01)

    async def sees(self, widget: Widget, text: str) -> None:
        """Wait until a widget shows a text."""
        await self.until(lambda: text in text_of(widget), f"{text!r} in {text_of(widget)!r}")


def text_of(widget: Widget) -> str:
    """What a widget draws, without colours."""
    return "\n".join(widget.render_line(y).text.rstrip() for y in range(widget.size.height))


class Opener(Protocol):
    """Opens the dashboard on a run, or on the list of runs without one."""

    def __call__(
        self,
        run: Run | None = None,
        *,
        start: bool = False,
        size: tuple[int, int] = WIDE,
        look: Appearance | None = None,
        settings: Settings | None = None,
        **env: str,
    ) -> AbstractAsyncContextManager[Opened]: ...


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine of these tests is a lock that is held: it takes no request, however long one waits."""
    monkeypatch.setattr("evaldock.core.control.start._PATIENCE", 0.1)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.close()


@pytest.fixture
def opened(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Opener:
    for name, value in scene.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)

    @asynccontextmanager
    async def opening(
        run: Run | None = None,
        *,
        start: bool = False,
        size: tuple[int, int] = WIDE,
        look: Appearance | None = None,
        settings: Settings | None = None,
        **env: str,
    ) -> AsyncIterator[Opened]:
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        app = EvaldockApp(look or Appearance(), env={**scene.env, **env}, settings=settings or Settings())
        if run is not None:
            app.begin_with(run, start=start)
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.pause()
            yield Opened(app, pilot)

    return opening


def requests_of(run: Run) -> set[str]:
    """The requests that lie open, by name."""
    return {path.name for path in run.paths.requests.iterdir()}


@pytest.fixture(autouse=True)
def colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Screens are tested in colour, whatever the terminal or the CI system of whoever runs the tests prefers."""
    monkeypatch.delenv("NO_COLOR", raising=False)
