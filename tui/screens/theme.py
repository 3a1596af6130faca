"""The colours to choose from, worn while the cursor is on them."""

from __future__ import annotations

from collections.abc import Sequence

from ..widgets.dress import app_of
from .chooser import Chooser, Option

_NOTES = {
    "dark": "the usual one",
    "light": "for bright rooms",
    "mono": "no colour at all",
    "contrast": "as much contrast as there is",
}


class ThemeDialog(Chooser):
    """Gives the short name of a theme. Leaving without one puts the old colours back."""

    heading = "Colours"
    wide = 56

    def __init__(self, names: Sequence[str], current: str) -> None:
        self._worn = current
        short = current.removeprefix("evaldock-")
        super().__init__([Option(name, name, _NOTES.get(name, "your own")) for name in names], short)

    def moved(self) -> None:
        """Wear what the cursor is on."""
        if self.entry is not None:
            app_of(self).theme = f"evaldock-{self.entry.result}"

    def action_stay(self) -> None:
        """As it was."""
        app_of(self).theme = self._worn
        super().action_stay()
