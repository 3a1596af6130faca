"""The history of messages: nothing important lives for five seconds only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..draw.line import Span
from .dialog import Dialog, Row, row, wrapped

if TYPE_CHECKING:
    from ..messages import Said
    from ..theme import Role

_ROLES: dict[str, Role] = {"information": "text", "warning": "warn", "error": "bad"}
_INDENT = 10


class EventLog(Dialog[None]):
    """Every sentence with its time, the newest first."""

    stay_label = "back"
    wide = 100

    def __init__(self, told: Sequence[Said]) -> None:
        super().__init__()
        self._told = tuple(told)

    @property
    def title_row(self) -> Row:
        """The heading."""
        return row(Span("Messages", "bright", bold=True))

    def rows(self, width: int) -> list[Row]:
        """A sentence may take several rows."""
        rows: list[Row] = []
        for one in reversed(self._told):
            role = _ROLES[one.severity]
            lines = wrapped([Span(one.text, role)], width - _INDENT)
            time = f"{one.at:%H:%M:%S}  "
            rows += [row(time if n == 0 else " " * _INDENT, *line.left) for n, line in enumerate(lines)]
        return rows or [row("No messages yet.")]
