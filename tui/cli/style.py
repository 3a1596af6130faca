"""What the terminal behind a stream can show: colour, glyphs, width."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

_GLYPHS = {
    "queued": ("·", "."),
    "pulling": ("↓", "v"),
    "starting": ("◇", "^"),
    "running": ("►", ">"),
    "stopping": ("◌", "~"),
    "succeeded": ("✓", "+"),
    "failed": ("✗", "x"),
    "killed": ("■", "#"),
    "lost": ("?", "?"),
    "skipped": ("–", "-"),
    "invalid": ("!", "!"),
}
_COLOURS = {
    "queued": "2",
    "pulling": "36",
    "starting": "36",
    "running": "36",
    "stopping": "33",
    "succeeded": "32",
    "failed": "1;31",
    "killed": "33",
    "lost": "33",
    "skipped": "2",
    "invalid": "33",
    "dim": "2",
    "bold": "1",
}
# Foregrounds for telling interleaved logs apart; red, green and yellow mean states and are left out.
_PREFIX_COLOURS = ("36", "35", "34", "96", "95", "94")


@dataclass(frozen=True)
class Style:
    """How to write to one stream.

    `width` is in cells, None when the stream is not a terminal (then nothing is cut). `live` says that a line
    may be rewritten in place.
    """

    colour: bool = False
    ascii: bool = False
    width: int | None = None
    live: bool = False

    def paint(self, text: str, what: str) -> str:
        """`text` in the colour of a state (or `dim`, `bold`), unchanged without colour."""
        code = _COLOURS.get(what, "")
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and code else text

    def prefix(self, text: str, index: int) -> str:
        """`text` in the colour of the job at `index`, for interleaved logs."""
        code = _PREFIX_COLOURS[index % len(_PREFIX_COLOURS)]
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text

    def glyph(self, state: str) -> str:
        """The one-cell mark of a state."""
        return _GLYPHS.get(state, ("?", "?"))[self.ascii]

    def state(self, state: str, *, invalid: bool = False) -> str:
        """Glyph and word; an invalid score takes the place of the tick, so a row never says two things."""
        mark = self.glyph("invalid" if invalid else state)
        return f"{mark} {state}"

    @property
    def ellipsis(self) -> str:
        """The sign for what was cut out."""
        return "~" if self.ascii else "…"

    @property
    def plus_minus(self) -> str:
        """The sign before a standard error."""
        return "+-" if self.ascii else "±"


def style_of(stream: TextIO, env: Mapping[str, str] | None = None) -> Style:
    """What `stream` can show, by its encoding, whether it is a terminal, NO_COLOR, TERM and the locale."""
    env = os.environ if env is None else env
    tty = stream.isatty()
    smart = tty and env.get("TERM", "") != "dumb"
    return Style(
        colour=smart and not env.get("NO_COLOR"),
        ascii=_needs_ascii(stream, env),
        width=shutil.get_terminal_size().columns if tty else None,
        live=smart,
    )


def _needs_ascii(stream: TextIO, env: Mapping[str, str]) -> bool:
    # In CJK locales some of the marks are of ambiguous width and would shift the columns.
    locale = env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG") or ""
    if locale[:2] in ("zh", "ja", "ko"):
        return True
    try:
        "".join(pair[0] for pair in _GLYPHS.values()).encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return False
