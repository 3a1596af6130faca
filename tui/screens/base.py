"""What the screens have in common: keys through the registry, and a footer of what is possible now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.screen import Screen

from ..actions import BY_ID, key_name
from ..commands.command import Commands

if TYPE_CHECKING:
    from ...core.run.store import Run
    from ..app import EvaldockApp

_RIGHT = ("help", "quit")


class DashboardScreen(Screen[None], inherit_bindings=False):
    """A whole screen. A subclass fills `commands` before it is shown, and says what its footer offers."""

    AUTO_FOCUS: ClassVar[str | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.commands: Commands = {}

    @property
    def dashboard(self) -> EvaldockApp:
        """The app, by its own type."""
        from ..app import EvaldockApp

        return cast(EvaldockApp, self.app)

    @property
    def shown_run(self) -> Run | None:
        """The run on screen, None on the list of runs."""
        return None

    def footer_order(self) -> Sequence[str]:
        """Ids of the actions that the footer offers now, the most important first."""
        raise NotImplementedError

    def leave(self) -> None:
        """The way out; asks when something would be left behind."""
        self.dashboard.leave()

    def kill_everything(self) -> None:
        """Out at once: kill what runs, where that is allowed."""
        self.dashboard.leave()

    def action_do(self, action: str) -> None:
        """A key was pressed."""
        self.do(action)

    def do(self, action: str) -> None:
        """Do what the action means here, or say why it cannot be done now. Nothing where it means nothing."""
        command = self.commands.get(action)
        if command is None:
            return
        if self.dashboard.read_only and BY_ID[action].changes:
            self.dashboard.tell("Read-only: nothing is changed from here.", "warning")
        elif command.label():
            command.do()
        elif why := command.why_not():
            self.dashboard.tell(why)

    def label(self, action: str) -> str:
        """What the footer calls it now; "" while it is not possible."""
        command = self.commands.get(action)
        if command is None or (self.dashboard.read_only and BY_ID[action].changes):
            return ""
        return command.label()

    def offered(self) -> list[tuple[str, str]]:
        """(action id, name) of all that is possible now, in the order of the registry."""
        return [(action, name) for action in BY_ID if (name := self.label(action))]

    def footer_items(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """(key, name) for the left and the right end of the footer."""
        return self._named(self.footer_order()), self._named(_RIGHT)

    def _named(self, actions: Sequence[str]) -> list[tuple[str, str]]:
        keys = self.dashboard.settings.keys
        return [(key_name(keys[action][0]), name) for action in actions if (name := self.label(action))]
