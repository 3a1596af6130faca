"""All keys, made from the registry of actions; and what the signs mean."""

from __future__ import annotations

from collections.abc import Sequence

from ..actions import Action, Keys, key_name
from ..draw.line import Span, cut_end
from ..glyphs import state_glyph, state_role
from ..widgets.dress import app_of, glyphs_of
from .dialog import BLANK, Dialog, Row, row

_KEYS = 11
_STATES = (
    *("queued", "pulling", "starting", "running", "stopping"),
    *("succeeded", "failed", "killed", "lost", "skipped"),
)
_TWO_COLUMNS = 116


class HelpScreen(Dialog[None]):
    """An overlay with the keys as the user has them."""

    stay_label = "close"
    wide = 150

    def __init__(self, actions: Sequence[Action], keys: Keys | None = None) -> None:
        super().__init__()
        self._actions, self._own = tuple(actions), keys or {}

    @property
    def title_row(self) -> Row:
        """The heading."""
        return row(Span("Keys", "bright", bold=True))

    def rows(self, width: int) -> list[Row]:
        """The groups, in two columns where there is room."""
        groups = list(dict.fromkeys(action.group for action in self._actions))
        blocks = [self._group(group, width if width < _TWO_COLUMNS - 6 else width // 2 - 2) for group in groups]
        blocks.append(self._signs())
        if width < _TWO_COLUMNS - 6:
            return [one for block in blocks for one in (*block, BLANK)]
        return _side_by_side(blocks, width // 2)

    def _group(self, group: str, width: int) -> list[Row]:
        rows = [row(Span(group, "text", bold=True))]
        for action in self._actions:
            if action.group == group:
                keys = " ".join(key_name(key) for key in self._own.get(action.id, action.keys))
                rows.append(
                    row(
                        Span(keys.ljust(_KEYS), "accent", bold=True),
                        Span(cut_end(action.help, width - _KEYS, glyphs_of(self.sheet).ellipsis)),
                    )
                )
        return rows

    def _signs(self) -> list[Row]:
        glyphs = glyphs_of(self.sheet)
        rows = [row(Span("Signs", "text", bold=True))]
        for state in _STATES:
            sign = Span(state_glyph(glyphs, state).ljust(_KEYS), state_role(state), bold=True)
            rows.append(row(sign, Span(state)))
        told = "succeeded, but its score is doubtful: PROGRESS says why"
        rows.append(row(Span(glyphs.invalid.ljust(_KEYS), "warn", bold=True), Span(told)))
        mouse = "Hold shift to select text with the mouse as the terminal does."
        return [*rows, BLANK, row(mouse), row(f"Theme {app_of(self).theme.removeprefix('evaldock-')}.")]

    def action_enter(self) -> None:
        """Close."""
        self.action_stay()


def _side_by_side(blocks: Sequence[list[Row]], column: int) -> list[Row]:
    half = sum(len(block) + 1 for block in blocks) / 2
    left: list[Row] = []
    right: list[Row] = []
    for block in blocks:
        side = left if len(left) + len(block) / 2 <= half else right
        side += [*block, BLANK]
    rows: list[Row] = []
    for place in range(max(len(left), len(right))):
        one = left[place].left if place < len(left) else ()
        used = sum(span.width for span in one)
        other = right[place].left if place < len(right) else ()
        rows.append(Row((*one, Span(" " * max(1, column - used)), *other)))
    return rows
