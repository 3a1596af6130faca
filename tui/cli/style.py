"""What the terminal behind a stream can show: colour, glyphs, width."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from ..glyphs import ASCII, UNICODE, Glyphs, draws_wide, state_glyph, state_role

# Escape codes of the roles that texts of the command line have, and of one more.
_COLOURS = {"dim": "2", "accent": "36", "ok": "32", "warn": "33", "bad": "1;31", "bold": "1"}
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
        """`text` in the colour of a role or a state (or `bold`), unchanged without colour."""
        code = _COLOURS.get(what) or _COLOURS[state_role(what)] if what else ""
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and code else text

    def prefix(self, text: str, index: int) -> str:
        """`text` in the colour of the job at `index`, for interleaved logs."""
        code = _PREFIX_COLOURS[index % len(_PREFIX_COLOURS)]
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text

    @property
    def glyphs(self) -> Glyphs:
        """The signs that the stream can show."""
        return ASCII if self.ascii else UNICODE

    def glyph(self, state: str) -> str:
        """The one-cell mark of a state."""
        return state_glyph(self.glyphs, state)

    def state(self, state: str, *, invalid: bool = False) -> str:
        """Glyph and word; an invalid score takes the place of the tick, so a row never says two things."""
        return f"{state_glyph(self.glyphs, state, invalid=invalid)} {state}"

    @property
    def ellipsis(self) -> str:
        """The sign for what was cut out."""
        return self.glyphs.ellipsis

    @property
    def plus_minus(self) -> str:
        """The sign before a standard error."""
        return self.glyphs.plus_minus


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
    if draws_wide(env):
        return True
    try:
        "".join(vars(UNICODE).values()).encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return False
