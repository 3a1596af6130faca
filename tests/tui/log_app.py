"""A log pane alone in an app, for the tests of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from evaldock.tui.glyphs import ASCII, UNICODE
from evaldock.tui.theme import THEMES, palette
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
BAR = "gpqa_diamond:  61%|██████▏   | 121/198 [12:41<08:02,  6.27s/it]"


class LogApp(App[None], inherit_bindings=False):
    """A log pane alone."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, path: Path | None, theme: str = "dark", *, ascii: bool = False) -> None:
        super().__init__()
        self.path = path
        for made in THEMES.values():
            self.register_theme(made)
        self.glyphs = ASCII if ascii else UNICODE
        self.use_theme(theme)

    def use_theme(self, theme: str) -> None:
        """Change the colours."""
        self.theme = f"evaldock-{theme}"
        self.palette = palette(THEMES[self.theme])

    def compose(self) -> ComposeResult:
        """Nothing but the pane."""
        yield LogPane()

    def on_mount(self) -> None:
        """Show the file."""
        self.pane.open(self.path, why_empty="no stdout.log yet: the container has not started")
        self.pane.focus()

    @property
    def pane(self) -> LogPane:
        """The pane."""
        return self.query_one(LogPane)

    def rows(self) -> list[str]:
        """What is on screen, without the margins and the marks at the right edge."""
        return [self.pane.render_line(y).text[:-1].strip() for y in range(self.pane.size.height)]

    def edge(self) -> str:
        """The marks at the right edge."""
        return "".join(self.pane.render_line(y).text[-1:] for y in range(self.pane.size.height))


def many(path: Path, count: int, start: int = 0, text: str = "line") -> None:
    """Append `count` numbered lines."""
    with path.open("a") as file:
        file.writelines(f"{text} {n}\n" for n in range(start, start + count))


async def until(condition: Callable[[], object]) -> None:
    """Wait for what a thread or a process brings about."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)
