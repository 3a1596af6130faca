"""The colours that a log brings along, put into those of the theme. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from rich.color import Color
from rich.style import Style

from ..theme import Palette, Role, mix

Ink = int | str | None
"""A colour: one of the sixteen (0..15), `#rrggbb`, or none."""

_CODES = re.compile(r"\x1b\[([0-9;:]*)m")
_ROLES: tuple[Role, ...] = ("dim", "bad", "ok", "warn", "accent", "accent", "accent", "text")
_MAGENTA = 5
_GROUND_SHARE = 0.65
_LEAST_CONTRAST = 4.5


@dataclass(frozen=True, slots=True)
class Pen:
    """How the terminal would write. Blinking and hidden text are not kept: a nuisance the one, a trap the other."""

    ink: Ink = None
    ground: Ink = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False
    reverse: bool = False


PLAIN = Pen()
_SWITCHES: dict[int, dict[str, bool]] = {
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"underline": True},
    7: {"reverse": True},
    9: {"strike": True},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"underline": False},
    27: {"reverse": False},
    29: {"strike": False},
}


def split(text: str) -> tuple[str, list[tuple[int, Pen]]]:
    """A text that holds no escape sequences but colours, as its characters and where which pen begins."""
    if "\x1b" not in text:
        return text, []
    plain: list[str] = []
    pens: list[tuple[int, Pen]] = []
    pen, at, length = PLAIN, 0, 0
    for match in _CODES.finditer(text):
        plain.append(text[at : match.start()])
        length += match.start() - at
        at = match.end()
        pen = _changed(pen, match[1])
        pens.append((length, pen))
    plain.append(text[at:])
    return "".join(plain), pens


def _changed(pen: Pen, codes: str) -> Pen:
    numbers = iter([int(code) if code and len(code) < 5 else 0 for code in re.split("[;:]", codes)])
    for number in numbers:
        if number == 0:
            pen = PLAIN
        elif number in _SWITCHES:
            pen = replace(pen, **_SWITCHES[number])
        elif number in (38, 48):
            ink = _extended(numbers)
            pen = replace(pen, ink=ink) if number == 38 else replace(pen, ground=ink)
        elif 30 <= number <= 39 or 90 <= number <= 97:
            pen = replace(pen, ink=_one_of_sixteen(number, 30))
        elif 40 <= number <= 49 or 100 <= number <= 107:
            pen = replace(pen, ground=_one_of_sixteen(number, 40))
    return pen


def _one_of_sixteen(number: int, base: int) -> Ink:
    number -= base
    return None if number == 9 else number if number < 8 else number - 60 + 8


def _extended(numbers: Iterator[int]) -> Ink:
    match next(numbers, 0):
        case 5:
            index = next(numbers, 0)
            return index if index < 16 else Color.from_ansi(min(index, 255)).get_truecolor().hex
        case 2:
            red, green, blue = (min(255, next(numbers, 0)) for _ in range(3))
            return f"#{red:02x}{green:02x}{blue:02x}"
        case _:
            return None


@lru_cache(maxsize=1024)
def style_of(pen: Pen, palette: Palette, role: Role, bold: bool, on: Role) -> Style:
    """The style of text that would have `role` without the pen."""
    # Reversed blanks would show where parts of a line begin.
    usual = palette.colour("text" if pen.reverse else role)
    ink = _colour(pen.ink, palette) or usual
    ground = palette.colour(on)
    paper = _colour(pen.ground, palette)
    if paper is not None:
        paper = mix(paper, ground, _GROUND_SHARE)
    if pen.reverse:
        ink, paper = paper or ground, ink
    if pen.dim:
        ink = palette.colour("dim") if pen.ink is None else mix(ink, paper or ground, 0.35)
    paper = paper or ground
    far = max((palette.colour("bright"), palette.colour("bg")), key=lambda colour: contrast(colour, paper))
    ink = readable(ink, paper, far)
    return Style(
        color=ink,
        bgcolor=paper,
        bold=(pen.bold or bold) or None,
        italic=pen.italic or None,
        underline=pen.underline or None,
        strike=pen.strike or None,
    )


def _colour(ink: Ink, palette: Palette) -> str | None:
    if ink is None:
        return None
    if isinstance(ink, str):
        # A theme without hues stays without.
        red, green, blue = Color.parse(palette.colour("accent")).get_truecolor()
        return palette.colour("text") if red == green == blue else ink
    if ink % 8 == _MAGENTA:
        return mix(palette.colour("accent"), palette.colour("bad"), 0.5)
    return palette.colour("dim" if ink == 8 else "bright" if ink == 15 else _ROLES[ink % 8])


@lru_cache(maxsize=1024)
def readable(ink: str, ground: str, towards: str) -> str:
    """`ink`, mixed towards another colour as far as it takes to be read on `ground`."""
    for tenths in range(10):
        colour = mix(ink, towards, tenths / 10)
        if contrast(colour, ground) >= _LEAST_CONTRAST:
            return colour
    return towards if contrast(towards, ground) >= contrast(ink, ground) else ink


def contrast(one: str, other: str) -> float:
    """The contrast of two colours after WCAG 2: 1 (none) to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@lru_cache(maxsize=1024)
def _luminance(colour: str) -> float:
    parts = (value / 255 for value in Color.parse(colour).get_truecolor())
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
