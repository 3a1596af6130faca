"""What a widget draws with: the app's palette and signs, or the usual ones in an app that has none."""

from __future__ import annotations

from typing import cast

from textual.app import App
from textual.widget import Widget

from ..glyphs import UNICODE, Glyphs
from ..theme import Palette, palette


def app_of(widget: Widget) -> App[object]:
    """The widget's app, with a type."""
    return cast("App[object]", widget.app)  # pyright: ignore[reportUnknownMemberType]


def palette_of(widget: Widget) -> Palette:
    """The palette of the theme that is on."""
    app = app_of(widget)
    found = getattr(app, "palette", None)
    return found if isinstance(found, Palette) else palette(app.current_theme)


def glyphs_of(widget: Widget) -> Glyphs:
    """The signs that the terminal can show."""
    found = getattr(app_of(widget), "glyphs", None)
    return found if isinstance(found, Glyphs) else UNICODE


def animated(widget: Widget) -> bool:
    """Whether anything may move by itself."""
    return app_of(widget).animation_level != "none"
