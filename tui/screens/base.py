"""What the screens have in common: keys through the registry, and a footer of what is possible now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import SuspendNotSupported
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from ..actions import BY_ID, key_name
from ..commands.command import Commands
from ..dashboard import Dashboard
from ..view.run_layout import LEAST
from ..widgets.footer import Footer
from ..widgets.prompt import Prompt

if TYPE_CHECKING:
    from ...core.run.store import Run
    from ..commands.preview import Prepared


class DashboardScreen(Screen[None], inherit_bindings=False):
    """A whole screen. A subclass fills `commands` before it is shown, and says what its footer offers."""

    AUTO_FOCUS: ClassVar[str | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.commands: Commands = {}
        self.prompt = Prompt()
        self.too_small = Static("", id="too-small", markup=False)
        # What the parts were last given, so that nothing is laid out again without need.
        self.fitted: object = None
        self._had_focus: Widget | None = None

    @property
    def dashboard(self) -> Dashboard:
        """The app, by its own type."""
        return cast("Dashboard", self.app)  # pyright: ignore[reportUnknownMemberType]

    @property
    def shown_run(self) -> Run | None:
        """The run on screen, None on the list of runs."""
        return None

    def footer_order(self) -> Sequence[str]:
        """Ids of the actions that the footer offers now, the most important first."""
        raise NotImplementedError

    def footer_right(self) -> Sequence[str]:
        """The same for its right end."""
        return ("help", "quit")

    def leave(self) -> None:
        """The way out; asks when something would be left behind."""
        self.dashboard.leave()

    def look_again(self) -> None:
        """Read anew at once: something was asked for."""

    def ask(self, work: Callable[[], str]) -> None:
        """Do something on a thread, tell what came of it, and look at once."""

        def done(text: str) -> None:
            self.dashboard.tell(text)
            self.look_again()

        self.dashboard.ask(work, done)

    def outside(self, work: Callable[[], str]) -> None:
        """Give the terminal to another program until it ends."""
        try:
            with self.dashboard.suspend():
                text = work()
        except SuspendNotSupported:
            text = "This terminal cannot be handed to another program."
        self.dashboard.tell(text)

    def show_preview(
        self,
        made: Prepared,
        run_label: str,
        answered: Callable[[tuple[str, ...] | None], None],
        *,
        partly: bool = False,
    ) -> None:
        """Open a preview that was prepared; `answered` gets the jobs that are to be run, which may be some `partly`."""
        from .preview import PreviewScreen

        preview, checks = made
        keys = self.dashboard.settings.keys
        shown = PreviewScreen(preview, checks, run_label=run_label, partly=partly, keys=keys)
        self.dashboard.push_screen(shown, answered)

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

    def place(self, widget: Widget, rows: int, above: int = 0) -> None:
        """Give a widget so many rows, with blank ones above it; none hides it."""
        widget.display = rows > 0
        widget.styles.height = rows
        widget.styles.margin = (above, 0, 0, 0)

    def fit_too_small(self, width: int, height: int) -> bool:
        """Show only a calm line where the terminal has no room for more; whether that is so."""
        small = width < LEAST[0] or height < LEAST[1]
        if small:
            self.fitted = None
            # What is hidden loses the focus.
            self._had_focus = self.focused or self._had_focus
            self.too_small.update(f"terminal too small (have {width}x{height}, need {LEAST[0]}x{LEAST[1]})")
            for part in self.children:
                if not part.has_class("-textual-system"):
                    part.display = False
        else:
            self.prompt.display = self.prompt.is_open
            if self._had_focus is not None:
                self.call_after_refresh(self.set_focus, self._had_focus, scroll_visible=False)
                self._had_focus = None
        self.too_small.display = small
        return small

    @on(Footer.Pressed)
    def _footer_pressed(self, event: Footer.Pressed) -> None:
        for action, keys in self.dashboard.settings.keys.items():
            if event.key == key_name(keys[0]) and action in self.commands:
                self.do(action)
                return

    def footer_items(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """(key, name) for the left and the right end of the footer."""
        if self.prompt.is_open and self.prompt.is_typed_into:
            return self.prompt.hints()
        return self._named(self.footer_order()), self._named(self.footer_right())

    def _named(self, actions: Sequence[str]) -> list[tuple[str, str]]:
        keys = self.dashboard.settings.keys
        return [(key_name(keys[action][0]), name) for action in actions if (name := self.label(action))]
