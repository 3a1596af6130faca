"""What the list of runs shows while there is none: how to begin."""

from __future__ import annotations

from textual.strip import Strip
from textual.widget import Widget

from ..draw.line import Line, Span, spans_width
from ..glyphs import Glyphs
from .dress import glyphs_of, palette_of

_LINES = 13


class HomeEmpty(Widget):
    """A few lines in the middle of the screen."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "HomeEmpty { height: 1fr; background: $background; }"

    def __init__(self) -> None:
        super().__init__()
        self._keys: tuple[str, str] = ("+", "F")

    def show(self, new_run: str, find_runs: str) -> None:
        """The keys as the user has them."""
        self._keys = (new_run, find_runs)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One of the lines, in the middle."""
        width, height = self.size
        lines = _lines(glyphs_of(self), *self._keys)
        longest = max(spans_width(line) for line in lines)
        line = Line(palette_of(self), limit=width).pad_to(max(3, (width - longest) // 2))
        place = y - max(0, (height - _LINES) // 2 - 1)
        return line.spans(lines[place] if 0 <= place < len(lines) else ()).strip(width)


def _lines(glyphs: Glyphs, new_run: str, find_runs: str) -> list[tuple[Span, ...]]:
    def key(name: str, what: str, how: str) -> tuple[Span, ...]:
        return (Span(f"{name:<4}", "accent", bold=True), Span(f"{what:<28}", "text"), Span(how, "dim"))

    def command(text: str, what: str) -> tuple[Span, ...]:
        return (Span(f"{text:<32}", "text"), Span(what, "dim"))

    return [
        (Span(glyphs.heavy_rule * 6, "accent"),),
        (),
        (Span("Start an evaluation against your endpoint", "bright", bold=True),),
        (Span("Any server that speaks the OpenAI API will do, on this machine too.", "dim"),),
        (),
        key(new_run, "new run from a config", "looked at before it starts"),
        key(find_runs, "look for runs in a folder", "evaldock ls runs --scan DIR"),
        (),
        (Span("or from the shell", "dim"),),
        command("evaldock run my.yaml", "-o target.api_endpoint.url=..."),
        command("evaldock ls tasks", "what there is to run"),
        command("evaldock demo", "a real model, three benchmarks"),
    ]
