"""The dialogs over the run screen's parts: to look at and to take snapshots of.

python -m tests.tui.dialogs DIRECTORY
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from evaldock.tui.actions import ACTIONS, BY_ID
from evaldock.tui.messages import Said
from evaldock.tui.screens.commands import CommandsDialog
from evaldock.tui.screens.delete import DeleteRunDialog
from evaldock.tui.screens.dialog import Dialog
from evaldock.tui.screens.events import EventLog
from evaldock.tui.screens.help import HelpScreen
from evaldock.tui.screens.kill import KillDialog
from evaldock.tui.screens.quit import QuitDialog
from evaldock.tui.screens.rerun import RerunDialog
from evaldock.tui.screens.sort import SortMenu
from evaldock.tui.screens.theme import ThemeDialog

from .pictures import MOMENT, ROWS, PartsApp

_AT = datetime(2026, 11, 23, 3, 58, 6, tzinfo=UTC)
TOLD = (
    Said(_AT, "Killed mmlu_pro."),
    Said(_AT.replace(minute=59), "winogrande failed: out of memory at 16 GiB, exit 137.", "warning"),
    Said(_AT.replace(second=9, minute=59), "Docker does not answer at unix:///var/run/docker.sock: it is not running. "
         "Start it (sudo systemctl start docker, or open Docker Desktop) and try again.", "error"),
)  # fmt: skip

DIALOGS: dict[str, Callable[[], Dialog[object]]] = {
    "kill": lambda: KillDialog([ROWS[1], ROWS[4]], grace=10, others=5),
    "kill_one_now": lambda: KillDialog([ROWS[0]], grace=10, others=6, now=True),
    "kill_many": lambda: KillDialog(
        [replace(ROWS[0], task=f"a_task_with_a_long_name_{n}") for n in range(40)], grace=5
    ),
    "rerun": lambda: RerunDialog([ROWS[7], ROWS[8]]),
    "rerun_with": lambda: RerunDialog([ROWS[9]], overrides=("evaluation.overrides={config.params.temperature: 0.2}",)),
    "quit": lambda: QuitDialog(MOMENT),
    "sort": lambda: SortMenu("score", True),
    "theme": lambda: ThemeDialog(("dark", "light", "mono", "contrast", "mine"), "evaldock-light"),
    "commands": lambda: CommandsDialog([(name, BY_ID[name].label) for name in BY_ID]),
    "events": lambda: EventLog(TOLD),
    "help": lambda: HelpScreen(ACTIONS),
    "delete": lambda: DeleteRunDialog("nightly", "4f2a9c1e", "/home/me/evals/20261123_024600-4f2a9c1e", 16, "1.2 GiB"),
}  # type: ignore[dict-item]


class DialogApp(PartsApp):
    """A dialog over the parts of the run screen; `result` is what it gave."""

    # At small sizes the parts do not fit: whether they are scrolled to the focus in time is no matter of dialogs.
    CSS = f"{PartsApp.CSS} Screen {{ overflow: hidden; }}"

    def __init__(self, name: str, theme: str = "dark", *, ascii: bool = False) -> None:
        super().__init__(theme, ascii=ascii)
        self.dialog = name
        self.result: object = "still open"

    def on_mount(self) -> None:
        super().on_mount()

        def closed(result: object) -> None:
            self.result = result

        self.push_screen(DIALOGS[self.dialog](), closed)


async def _draw(folder: Path) -> None:
    for name in DIALOGS:
        for suffix, size, theme, ascii in (
            ("", (140, 42), "dark", False),
            ("-80x24", (80, 24), "light", False),
            ("-60x12", (60, 12), "mono", True),
        ):
            app = DialogApp(name, theme, ascii=ascii)
            async with app.run_test(size=size) as pilot:
                await pilot.pause()
                (folder / f"{name}{suffix}.svg").write_text(app.export_screenshot(), encoding="utf-8")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(_draw(target))
