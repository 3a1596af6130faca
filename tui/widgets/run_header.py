"""The header of a run: a sentence at the left, Docker and the clock at the right."""

from __future__ import annotations

from textual.strip import Strip
from textual.widget import Widget

from ..draw import numbers
from ..draw.line import Line, Span, spans_width
from ..glyphs import Glyphs
from ..view.columns import MARGIN, RIGHT
from ..view.sentence import header_sentence
from ..view.snapshot import Snapshot
from .dress import glyphs_of, palette_of

_BETWEEN = 3


class RunHeader(Widget):
    """One line that says what the run is doing."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "RunHeader { height: 1; background: $background; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._snapshot: Snapshot | None = None
        self._drawn: tuple[Span, ...] = ()

    def show(self, snapshot: Snapshot) -> None:
        """Show this moment; repaints only when the words change."""
        self._snapshot = snapshot
        if self._spans() != self._drawn:
            self.refresh()

    def _spans(self) -> tuple[Span, ...]:
        if self._snapshot is None:
            return ()
        room = self.size.width - MARGIN - RIGHT
        glyphs = glyphs_of(self)
        right = _right(self._snapshot, glyphs, room)
        left = header_sentence(self._snapshot, room - spans_width(right) - _BETWEEN, glyphs)
        gap = room - spans_width(left) - spans_width(right)
        return (*left, Span(" " * max(0, gap), "dim"), *(right if gap > 0 else ()))

    def render_line(self, y: int) -> Strip:
        """The sentence between the two margins."""
        self._drawn = self._spans()
        return Line(palette_of(self), limit=self.size.width).pad_to(MARGIN).spans(self._drawn).strip(self.size.width)


def _right(snapshot: Snapshot, glyphs: Glyphs, room: int) -> list[Span]:
    spans: list[Span] = []
    if snapshot.read_only and room >= 60:
        spans += [Span("read-only", "dim"), Span("   ", "dim")]
    if snapshot.endpoint and room >= 90:
        spans += [Span("endpoint ", "dim"), Span(glyphs.failed, "warn", bold=True), Span("   ", "dim")]
    if not snapshot.finished and not snapshot.damaged and room >= 50 and snapshot.docker:
        good = snapshot.docker == "ok"
        sign, role = (glyphs.dot, "ok") if good else (glyphs.failed, "bad")
        version = ".".join(snapshot.docker_version.split(".")[:2])
        spans += [Span(f"docker {version} " if version and room >= 150 else "docker ", "dim")]
        spans += [Span(sign if good or room < 90 else f"{sign} no answer", role, bold=not good), Span("   ", "dim")]
    if snapshot.elapsed is not None:
        spans.append(Span(numbers.elapsed(snapshot.elapsed), "text"))
    return spans
