"""Before the dashboard is left while tasks run: leave them running, go on to kill them, or stay."""

from __future__ import annotations

from typing import Literal

from ..draw.line import Span
from ..view.snapshot import Snapshot
from .dialog import BLANK, Choice, Dialog, Row, row

Way = Literal["leave", "kill"]


class QuitDialog(Dialog[Way]):
    """The run is an engine's and not the dashboard's: leaving is always possible."""

    stay_label = "stay"
    wide = 68

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self._snapshot = snapshot

    @property
    def _live(self) -> int:
        return sum(task.live for task in self._snapshot.rows)

    @property
    def title_row(self) -> Row:
        """The question."""
        live, queued = self._live, self._snapshot.counts.get("queued", 0)
        if live:
            return row(Span(f"Leave while {live} {'task runs' if live == 1 else 'tasks run'}?", "bright", bold=True))
        return row(Span(f"Leave while {queued} {'task waits' if queued == 1 else 'tasks wait'}?", "bright", bold=True))

    def rows(self, width: int) -> list[Row]:
        """What each way means."""
        snapshot, live = self._snapshot, self._live
        rows = [
            row(_key("y", "accent"), _name("leave"), "the run continues without this window"),
            row(" " * 12, "come back with ", Span(f"evaldock attach {snapshot.invocation[:4]}", "text")),
        ]
        if snapshot.read_only:
            return rows
        grace = max((task.kill_grace for task in snapshot.rows), default=10.0)
        queued = snapshot.counts.get("queued", 0)
        parts = [f"stop {live} {'task' if live == 1 else 'tasks'}, {grace:g} s grace"] if live else []
        parts += [f"drop {queued} queued"] if queued else []
        return [*rows, BLANK, row(_key("K", "bad"), _name("kill ..."), ", and ".join(parts))]

    def choices(self) -> list[Choice]:
        """Both are listed above; here they are only keys."""
        return []

    def on_mount(self) -> None:
        """The keys of the rows."""
        super().on_mount()
        self.bind_choice(Choice("y", "leave", "go('leave')"))
        if not self._snapshot.read_only:
            self.bind_choice(Choice("K", "kill", "go('kill')"))

    def action_go(self, way: Way) -> None:
        """Leave, or have the caller ask about killing."""
        self.dismiss(way)


def _key(key: str, role: str) -> Span:
    return Span(f"{key}  ", "bad" if role == "bad" else "accent", bold=True)


def _name(name: str) -> Span:
    return Span(name.ljust(9), "bright")
