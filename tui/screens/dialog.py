"""What all dialogs have in common: a sheet on a raised ground, its keys in a band below, and one grammar.

`y` does what the dialog asks about; enter, escape, `n` and `q` never do.

The screen behind fades and stays live.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from rich.cells import cell_len, chop_cells
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Click, MouseScrollDown, MouseScrollUp, Resize
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget

from ..draw.line import Line, Span, cut_end, spans_width
from ..widgets.dress import app_of, glyphs_of, palette_of

if TYPE_CHECKING:
    from ..theme import Role

T = TypeVar("T")

_PADDING = 3
_GAP = 3


@dataclass(frozen=True)
class Row:
    """A line of a dialog: spans from the left edge, others up to the right one. `chosen` puts the cursor on it."""

    left: tuple[Span, ...] = ()
    right: tuple[Span, ...] = ()
    chosen: bool = False


@dataclass(frozen=True)
class Choice:
    """A key of the band: what it does, and the action of the dialog that it calls."""

    key: str
    label: str
    action: str
    role: Role = "accent"


BLANK = Row()


def row(*spans: Span | str, right: Sequence[Span] = (), chosen: bool = False) -> Row:
    """A row of spans; a bare text is dim."""
    return Row(tuple(Span(one, "dim") if isinstance(one, str) else one for one in spans), tuple(right), chosen)


def wrapped(spans: Sequence[Span], width: int) -> list[Row]:
    """Running text in rows of at most `width` cells, broken at blanks; a longer word is broken where it must."""
    rows: list[Row] = []
    line: list[Span] = []
    used = 0
    for word in _words(spans, width):
        size = spans_width(word)
        if used and used + 1 + size > width:
            rows.append(Row(tuple(line)))
            line, used = [], 0
        if used:
            line.append(Span(" ", word[0].role))
            used += 1
        line += word
        used += size
    return [*rows, Row(tuple(line))] if line else rows


def _words(spans: Sequence[Span], width: int) -> Iterator[list[Span]]:
    """What stands between blanks, which may be pieces of several spans."""
    word: list[Span] = []
    for span in spans:
        for number, piece in enumerate(span.text.split(" ")):
            if number and word:
                yield word
                word = []
            # A piece without any width comes back as no part at all.
            for part in chop_cells(piece, max(1, width)) or [piece] * bool(piece):
                if word and spans_width(word) + cell_len(part) > width:
                    yield word
                    word = []
                word.append(Span(part, span.role, span.bold))
    if word:
        yield word


class Dialog(ModalScreen[T | None], Generic[T], inherit_bindings=False):
    """A dialog whose result is None unless something was chosen.

    A subclass gives `title_row`, `rows`, `choices` and, in `stay_label`, the name of the safe choice: enter and escape
    are it, unless enter does something harmless, which `enter_label` then names.
    """

    deed: Role = "accent"
    wide = 74
    AUTO_FOCUS: ClassVar[str | None] = None
    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 62%; }
    Dialog Sheet { background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stay", "back", show=False),
        Binding("enter", "enter", "back", show=False),
        Binding("q,n", "stay", "back", show=False),
        Binding("down,j", "scroll(1)", "down", show=False),
        Binding("up,k", "scroll(-1)", "up", show=False),
        Binding("pagedown", "scroll(10)", "page down", show=False),
        Binding("pageup", "scroll(-10)", "page up", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.sheet = Sheet(self)

    @property
    def title_row(self) -> Row:
        """The question."""
        raise NotImplementedError

    def rows(self, width: int) -> Sequence[Row]:
        """What stands under the question, in `width` cells."""
        return ()

    def choices(self) -> Sequence[Choice]:
        """The keys of the band, from the left."""
        return ()

    stay_label = "back"
    enter_label = ""

    def compose(self) -> ComposeResult:
        """The sheet alone."""
        yield self.sheet

    def on_mount(self) -> None:
        """Every choice is a key."""
        for choice in self.choices():
            self.bind_choice(choice)
        self.sheet.fit()

    def bind_choice(self, choice: Choice) -> None:
        """Let the key of a choice call its action."""
        self._bindings.bind(choice.key, choice.action, choice.label, show=False)

    def on_resize(self, _event: Resize) -> None:
        """The sheet follows the terminal."""
        self.sheet.fit()

    def again(self) -> None:
        """Draw anew: something changed."""
        self.sheet.fit()

    def action_enter(self) -> None:
        """Enter is the safe choice unless a subclass says otherwise."""
        self.action_stay()

    def action_stay(self) -> None:
        """Close without doing anything."""
        self.dismiss(None)

    def action_scroll(self, lines: int) -> None:
        """Show what does not fit."""
        self.sheet.scroll_by(lines)


class Sheet(Widget):
    """Draws a dialog: a line in the colour of the deed, the rows, and a band with the keys."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Sheet { width: auto; height: auto; }"

    def __init__(self, dialog: Dialog[T]) -> None:
        super().__init__()
        self._dialog = dialog
        self._rows: list[Row] = []
        self._top = 0
        self._tight = False

    @property
    def inner(self) -> int:
        """Cells between the paddings."""
        return max(10, self.styles.width.value if self.styles.width is not None else 10) - 2 * _PADDING  # type: ignore[return-value]

    def fit(self) -> None:
        """Take the size that the rows need, as far as the terminal has it."""
        screen = app_of(self).size
        width = max(24, min(self._dialog.wide, screen.width - 2))
        inner = width - 2 * _PADDING
        self._rows = [self._dialog.title_row, BLANK, *self._dialog.rows(inner)]
        # Blank rows around the parts are given up first.
        self._tight = len(self._rows) + 7 > screen.height
        height = min(len(self._rows) + (3 if self._tight else 7), screen.height)
        self.styles.width, self.styles.height = width, max(3, height)
        self._top = min(self._top, self._hidden())
        self.refresh(layout=True)

    def keep_in_sight(self, place: int) -> None:
        """Scroll so that row `place` of the dialog's rows is seen."""
        place, room = place + 2, self._room()
        self._top = max(0, min(max(self._top, place - room + 1), place, self._hidden()))
        self.refresh()

    def scroll_by(self, lines: int) -> None:
        """Move what is seen."""
        self._top = max(0, min(self._top + lines, self._hidden()))
        self.refresh()

    def _room(self) -> int:
        height = int(self.styles.height.value) if self.styles.height is not None else 3
        return max(1, height - (3 if self._tight else 7))

    def _hidden(self) -> int:
        return max(0, len(self._rows) - self._room())

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """The wheel scrolls."""
        event.stop()
        self.scroll_by(3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """The wheel scrolls."""
        event.stop()
        self.scroll_by(-3)

    async def on_click(self, event: Click) -> None:
        """A click on a key presses it; one on a row is the dialog's affair."""
        keys_at = self.size.height - (1 if self._tight else 2)
        if event.y == keys_at:
            for choice, x in self._placed():
                if x <= event.x < x + len(choice.key) + 1 + len(choice.label):
                    await self._dialog.run_action(choice.action)
                    return
            if event.x >= self.size.width - _PADDING - spans_width(self._safe()):
                self._dialog.action_stay()
            return
        clicked = getattr(self._dialog, "clicked", None)
        place = event.y - (1 if self._tight else 2) + self._top - 2
        if clicked is not None and 0 <= place < len(self._rows) - 2:
            clicked(place)

    def render_line(self, y: int) -> Strip:
        """One line of the sheet."""
        palette, glyphs, width, height = palette_of(self), glyphs_of(self), self.size.width, self.size.height
        if y == 0:
            return Line(palette, on="raised").add(glyphs.top * width, self._dialog.deed).strip(width)
        band = 1 if self._tight else 3
        if y >= height - band:
            return self._band(y - (height - band), width)
        first = 1 if self._tight else 2
        place = self._top + y - first
        if not first <= y < first + self._room() or place >= len(self._rows):
            return Line(palette, on="raised").strip(width)
        return self._row(self._rows[place], width)

    def _row(self, row: Row, width: int) -> Strip:
        line = Line(palette_of(self), on="cursor" if row.chosen else "raised", limit=width)
        if row.chosen:
            line.add(" ").add(glyphs_of(self).cursor, "accent")
        line.pad_to(_PADDING)
        room = width - 2 * _PADDING
        left = _cut(row.left, room, glyphs_of(self).ellipsis)
        return line.spans(left).right(row.right, width - _PADDING).strip(width)

    def _band(self, y: int, width: int) -> Strip:
        # A little lighter than the sheet: the last thing that is read.
        line = Line(palette_of(self), on="cursor", limit=width)
        if y != (0 if self._tight else 1):
            return line.strip(width)
        for choice, x in self._placed():
            line.pad_to(x).add(choice.key, choice.role, bold=True).add(f" {choice.label}", "text")
        return line.right(self._safe(), width - _PADDING).strip(width)

    def _safe(self) -> list[Span]:
        label = Span(f" {self._dialog.stay_label}", "text")
        if self._dialog.enter_label:
            enter = [Span("enter", "bright", bold=True), Span(f" {self._dialog.enter_label}   ", "text")]
            return [*enter, Span("esc", "bright", bold=True), label]
        both = [Span("enter", "bright", bold=True), Span(" or ", "dim"), Span("esc", "bright", bold=True), label]
        used = sum(len(choice.key) + len(choice.label) + 1 + _GAP for choice in self._dialog.choices())
        room = int(self.size.width) - 2 * _PADDING - used
        return both if spans_width(both) <= room else [Span("esc", "bright", bold=True), label]

    def _placed(self) -> list[tuple[Choice, int]]:
        placed: list[tuple[Choice, int]] = []
        x = _PADDING
        for choice in self._dialog.choices():
            placed.append((choice, x))
            x += len(choice.key) + 1 + len(choice.label) + _GAP
        return placed


def _cut(spans: Sequence[Span], width: int, ellipsis: str) -> list[Span]:
    kept: list[Span] = []
    for span in spans:
        room = width - spans_width(kept)
        kept.append(Span(cut_end(span.text, max(0, room), ellipsis), span.role, span.bold))
        if span.width > room:
            break
    return kept
