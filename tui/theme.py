"""The colours: one table of roles per theme, as Textual themes for style sheets and as a palette for drawing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from rich.color import Color
from rich.style import Style
from textual.theme import Theme

Role = Literal[
    "bg", "raised", "cursor", "tint", "rule", "trough", "dim", "text", "bright", "accent", "ok", "bad", "warn"
]
"""What a colour means; where it may be used is the same in every theme."""

ROLES: tuple[Role, ...] = (
    *("bg", "raised", "cursor", "tint", "rule", "trough"),
    *("dim", "text", "bright", "accent", "ok", "bad", "warn"),
)

_COLOURS: dict[str, tuple[str, ...]] = {
    "dark": (
        *("#11151b", "#1e2530", "#232d3a", "#1f3a4d", "#303a48", "#3b4656"),
        *("#8c98a9", "#c6cdd8", "#f2f5f9", "#6cb8e8", "#86c58a", "#f27f80", "#e3b35c"),
    ),
    "light": (
        *("#fbfaf7", "#ffffff", "#e6e9ec", "#cfe4f3", "#cfd2d3", "#b9bfc4"),
        *("#5b6470", "#333a43", "#0d1218", "#0b639a", "#25702c", "#b3262f", "#835300"),
    ),
    "mono": (
        *("#141414", "#242424", "#2e2e2e", "#3a3a3a", "#3c3c3c", "#4a4a4a"),
        *("#979797", "#c8c8c8", "#ffffff", "#d4d4d4", "#c8c8c8", "#ffffff", "#ececec"),
    ),
    "contrast": (
        *("#000000", "#1a1a1a", "#262b33", "#003a5c", "#6b7480", "#6b7480"),
        *("#c9ced6", "#f2f2f2", "#ffffff", "#7fd0ff", "#8fe08f", "#ff9a9a", "#ffd27a"),
    ),
}


def _luminance(colour: str) -> float:
    red, green, blue = Color.parse(colour).get_truecolor()
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


def make_theme(name: str, colours: dict[Role, str]) -> Theme:
    """A Textual theme from one colour (`#rrggbb`) for each role."""
    return Theme(
        name=name,
        primary=colours["accent"],
        accent=colours["accent"],
        secondary=colours["accent"],
        foreground=colours["text"],
        background=colours["bg"],
        surface=colours["bg"],
        panel=colours["raised"],
        success=colours["ok"],
        warning=colours["warn"],
        error=colours["bad"],
        dark=_luminance(colours["bg"]) < 0.5,
        variables={
            **{f"evaldock-{role}": colours[role] for role in ROLES},
            "text": colours["bright"],
            "text-muted": colours["dim"],
            "border": colours["rule"],
            "border-blurred": colours["rule"],
            "block-cursor-background": colours["cursor"],
            "block-cursor-foreground": colours["bright"],
            "scrollbar": colours["trough"],
            "scrollbar-hover": colours["dim"],
            "scrollbar-active": colours["accent"],
            "scrollbar-background": colours["bg"],
            "scrollbar-background-hover": colours["bg"],
            "scrollbar-background-active": colours["bg"],
            "scrollbar-corner-color": colours["bg"],
        },
    )


def _roles(values: tuple[str, ...]) -> dict[Role, str]:
    return dict(zip(ROLES, values, strict=True))


THEMES: dict[str, Theme] = {
    f"evaldock-{name}": make_theme(f"evaldock-{name}", _roles(values)) for name, values in _COLOURS.items()
}
"""The themes that evaldock ships, by name."""


@dataclass(frozen=True)
class Palette:
    """The styles of one theme. Styles are cached: drawing asks for them for every piece of every line."""

    colours: tuple[str, ...]

    def colour(self, role: Role) -> str:
        """The colour of a role, `#rrggbb`."""
        return self.colours[ROLES.index(role)]

    def style(self, role: Role, *, on: Role | None = "bg", bold: bool = False) -> Style:
        """Text in `role` on the ground `on` (None: whatever ground it is put on)."""
        return _style(self.colour(role), None if on is None else self.colour(on), bold)

    def faded(self, role: Role, share: float, *, on: Role = "bg", bold: bool = False) -> Style:
        """As `style`, with the colour mixed towards the ground: `share` of it is ground."""
        colour = self.colour(role)
        return _style(mix(colour, self.colour(on), share) if share else colour, self.colour(on), bold)

    def ground(self, role: Role = "bg") -> Style:
        """A ground alone."""
        return _style(None, self.colour(role), False)

    def on(self, style: Style, ground: Role) -> Style:
        """`style` on another ground."""
        return style + self.ground(ground)


@cache
def _style(colour: str | None, ground: str | None, bold: bool) -> Style:
    return Style(color=colour, bgcolor=ground, bold=bold or None)


@cache
def mix(colour: str, other: str, share: float) -> str:
    """`colour` with `share` (0..1) of `other` in it, `#rrggbb`."""
    pairs = zip(Color.parse(colour).get_truecolor(), Color.parse(other).get_truecolor(), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


_palettes: dict[str, Palette] = {}


def palette(theme: Theme) -> Palette:
    """The palette of a theme; a theme that is not evaldock's has its roles guessed from Textual's variables."""
    known = _palettes.get(theme.name)
    if known is None or known.colours != _colours_of(theme):
        known = _palettes[theme.name] = Palette(_colours_of(theme))
    return known


def _colours_of(theme: Theme) -> tuple[str, ...]:
    variables = theme.variables
    if "evaldock-bg" in variables:
        return tuple(variables[f"evaldock-{role}"] for role in ROLES)
    background = theme.background or ("#11151b" if theme.dark else "#fbfaf7")
    foreground = theme.foreground or ("#c6cdd8" if theme.dark else "#333a43")
    bright = "#ffffff" if theme.dark else "#000000"
    guessed: dict[Role, str] = {
        "bg": background,
        "raised": theme.panel or mix(background, foreground, 0.08),
        "cursor": mix(background, foreground, 0.12),
        "tint": mix(background, theme.primary, 0.3),
        "rule": mix(background, foreground, 0.2),
        "trough": mix(background, foreground, 0.28),
        "dim": mix(foreground, background, 0.35),
        "text": foreground,
        "bright": mix(foreground, bright, 0.6),
        "accent": theme.accent or theme.primary,
        "ok": theme.success or theme.primary,
        "bad": theme.error or theme.primary,
        "warn": theme.warning or theme.primary,
    }
    return tuple(guessed[role] for role in ROLES)
