"""What would run, before it does: the dry run as a screen, with its checks made on a thread.

Opening it sends nothing and starts nothing: a config may be somebody else's, and name any address and any variable. The
screen says what the checks would send where, and a key makes them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import Resize
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from ...core.plan.view import JobPreview
from ...core.preflight.model import Check
from ..actions import Keys, bindings, default_keys, key_name
from ..draw.line import Line, Span, spans_width
from ..view.columns import MARGIN, RIGHT
from ..view.preview import (
    Preview,
    check_lines,
    command_lines,
    config_lines,
    failing,
    headline,
    override_lines,
    send_lines,
    sight_lines,
)
from ..widgets.dress import app_of, glyphs_of, palette_of
from ..widgets.footer import Footer
from ..widgets.lines_pane import LinesPane


@dataclass(frozen=True)
class Checks:
    """`make(heard, quiet)` makes the checks and tells of each as it is known; it blocks, and is called on a thread.

    Quiet ones send nothing and start nothing. `sends` are the phrases that say what the others do.
    """

    make: Callable[[Callable[[Check], None], bool], object]
    sends: tuple[str, ...] = ()


_TWO_COLUMNS = 110


class PreviewScreen(Screen[tuple[str, ...]], inherit_bindings=False):
    """Gives the jobs that are to be run, none when it is left.

    `run_label` names that ("" when it can only be looked at). With `partly`, what fails for some tasks
    keeps only these.
    """

    AUTO_FOCUS: ClassVar[str | None] = None
    DEFAULT_CSS = """
    PreviewScreen { background: $background; layout: vertical; }
    PreviewScreen Horizontal { height: 1fr; margin: 1 0; }
    PreviewScreen #left { width: 54%; }
    PreviewScreen #right { width: 1fr; }
    PreviewScreen Input {
        display: none; height: 1; border: none; padding: 0 3; background: $panel; color: $foreground;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("back", "retry", "copy", "copy_command", "earlier", "later", call="{id}"),
        *bindings("find", "next_hit", "previous_hit", "next_pane", call="{id}"),
        Binding("enter", "run", "run", show=False),
        Binding("q", "back", "back", show=False),
    ]

    def __init__(
        self,
        preview: Preview,
        checks: Checks | None = None,
        *,
        run_label: str = "",
        partly: bool = False,
        keys: Keys | None = None,
    ) -> None:
        super().__init__()
        self._preview, self._made_by, self._run_label, self._partly = preview, checks, run_label, partly
        self._keys = {**default_keys(), **(keys or {})}
        self._place = 0
        self._checks: list[Check] = []
        self._checking = False
        self._quiet = True
        self._changes_only = False
        self._head = PreviewHead()
        self._left = LinesPane(id="left")
        self._rule = VerticalRule()
        self._right = LinesPane(margin=2, id="right")
        self._prompt = Input(placeholder="search", select_on_focus=False)
        self._footer = Footer()

    def compose(self) -> ComposeResult:
        """Header, two halves, search line, footer."""
        yield self._head
        with Horizontal():
            yield self._left
            yield self._rule
            yield self._right
        yield self._prompt
        yield self._footer

    def on_mount(self) -> None:
        """Show what is known, and find out what can be told without asking anybody else."""
        self._left.focus()
        self._check()

    def on_resize(self, _event: Resize) -> None:
        """One column where two have no room."""
        self._refresh()

    # What is shown

    @property
    def _job(self) -> JobPreview:
        return self._preview.jobs[self._place]

    @property
    def _two(self) -> bool:
        return self.size.width >= _TWO_COLUMNS

    def _refresh(self) -> None:
        preview, glyphs, key = self._preview, glyphs_of(self), self._key
        width = self.size.width * 54 // 100 if self._two else self.size.width
        left = check_lines(self._checks, glyphs, width - 6, checking=self._checking) if self._made_by else []
        left += send_lines(self._not_sent, key("retry"), width - 6)
        parts = [
            left,
            sight_lines(preview.plan, width - 6),
            override_lines(preview.plan, self._job),
            command_lines(self._job, key("copy_command"), width - 6),
        ]
        rest = self.size.width - width if self._two else width
        config = config_lines(preview.plan, changes_only=self._changes_only, key=key("next_pane"), width=rest - 8)
        if not self._two:
            parts.append(config)
        self._rule.display = self._right.display = self._two
        self._left.styles.width = "54%" if self._two else "1fr"
        self._left.show([line for part in parts if part for line in (*part, ())])
        self._right.show(config)
        place = f"{self._place + 1}/{len(preview.jobs)}" if len(preview.jobs) > 1 else ""
        self._head.show(headline(preview, self._place, self._checks, checking=self._checking), place)
        self._show_footer()

    @property
    def _not_sent(self) -> tuple[str, ...]:
        """What a key would send, as long as nobody pressed it."""
        return self._made_by.sends if self._made_by is not None and self._quiet else ()

    def _key(self, action: str) -> str:
        return key_name(self._keys[action][0])

    def _show_footer(self) -> None:
        label = "check the endpoint" if self._not_sent else "check again"
        items = [(self._key("retry"), label)] if self._made_by else []
        items += [(self._key("copy_command"), "copy command")]
        items += [(self._key("next_pane"), "all of it" if self._changes_only else "changes only")]
        items += [(self._key("find"), "search")]
        if self._place + 1 < len(self._preview.jobs):
            items.append((self._key("later"), "next task"))
        if self._place:
            items.append((self._key("earlier"), "previous task"))
        self._footer.show(items, [*self._run_keys(), (self._key("back"), "back")])

    def _run_keys(self) -> list[tuple[str, str]]:
        """What enter does; a deed that is blocked is told without a key."""
        bad, able, all_of_them = failing(self._checks), len(self._able), len(self._preview.jobs)
        if not self._run_label or (self._checking and not bad):
            return []
        blocked = ("", f"blocked by {bad} {'check' if bad == 1 else 'checks'}")
        if self._checking or not able:
            return [blocked]
        if able < all_of_them:
            return [("", f"{all_of_them - able} blocked"), ("enter", f"{self._run_label}: {able} of {all_of_them}")]
        return [("enter", self._run_label)]

    @property
    def _able(self) -> tuple[str, ...]:
        """The jobs that nothing speaks against, as far as was looked."""
        bad = [check for check in self._checks if check.state == "fail"]
        if bad and not (self._partly and all(check.tasks for check in bad)):
            return ()
        blocked = {task for check in bad for task in check.tasks}
        return tuple(job.id for job in self._preview.jobs if job.task not in blocked)

    # What the keys do

    @work(thread=True, exclusive=True)
    def _look(self) -> None:
        if self._made_by is not None:
            self._made_by.make(lambda check: app_of(self).call_from_thread(self._heard, check), self._quiet)
        app_of(self).call_from_thread(self._looked)

    def _heard(self, check: Check) -> None:
        self._checks.append(replace(check))
        self._refresh()

    def _looked(self) -> None:
        self._checking = False
        self._refresh()

    def action_retry(self) -> None:
        """Make all checks, those too that send something."""
        self._quiet = False
        self._check()

    def _check(self) -> None:
        self._checks = []
        self._checking = self._made_by is not None
        self._refresh()
        if self._made_by is not None:
            self._look()

    def action_copy(self) -> None:
        """Copy the docker command."""
        self.action_copy_command()

    def action_copy_command(self) -> None:
        """Copy the docker command; secrets are in it by name only."""
        app_of(self).copy_to_clipboard(self._job.command)
        app_of(self).notify("Copied the docker command.", markup=False)

    def action_next_pane(self) -> None:
        """All of the config, or only what was changed."""
        self._changes_only = not self._changes_only
        self._refresh()

    def action_later(self) -> None:
        """The next task."""
        self._place = min(self._place + 1, len(self._preview.jobs) - 1)
        self._refresh()

    def action_earlier(self) -> None:
        """The task before."""
        self._place = max(0, self._place - 1)
        self._refresh()

    def action_run(self) -> None:
        """Run it, as far as nothing speaks against it."""
        if self._run_label and not self._checking and self._able:
            self.dismiss(self._able)

    def action_find(self) -> None:
        """Type what to look for."""
        self._prompt.display = True
        self.set_focus(self._prompt, scroll_visible=False)  # at once: what is typed next belongs there

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look for it while it is typed."""
        for pane in (self._left, self._right):
            pane.search(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The search stays; keys are keys again."""
        event.stop()
        self._left.focus()

    def action_next_hit(self) -> None:
        """The next match: first in the left half, then in the right one."""
        _ = self._left.next_hit(1) or self._right.next_hit(1)

    def action_previous_hit(self) -> None:
        """The match before."""
        _ = self._right.next_hit(-1) or self._left.next_hit(-1)

    def action_back(self) -> None:
        """End the search, or leave."""
        if self._prompt.display:
            self._prompt.value = ""
            self._prompt.display = False
            self._left.focus()
        else:
            self.dismiss(())

    async def on_footer_pressed(self, event: Footer.Pressed) -> None:
        """A key in the footer was clicked."""
        for action, keys in self._keys.items():
            if event.key in map(key_name, keys) and hasattr(self, f"action_{action}"):
                await self.run_action(action)
        if event.key == "enter":
            self.action_run()


class PreviewHead(Widget):
    """A sentence over a rule."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "PreviewHead { height: 2; background: $background; }"

    def __init__(self) -> None:
        super().__init__()
        self._spans: list[Span] = []
        self._about: list[Span] = []

    def show(self, spans: list[Span], place: str) -> None:
        """Show a sentence, and which of several tasks it is about."""
        about = [Span("dry run, nothing is started", "dim"), Span(f"   {place}" if place else "", "text")]
        if (spans, about) != (self._spans, self._about):
            self._spans, self._about = spans, about
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The sentence, or the rule."""
        palette, width = palette_of(self), self.size.width
        line = Line(palette, limit=width).pad_to(MARGIN)
        if y:
            return line.add(glyphs_of(self).rule * max(0, width - MARGIN - RIGHT), "rule").strip(width)
        about = self._about if MARGIN + spans_width(self._spans) + spans_width(self._about) + 5 <= width else []
        return line.spans(self._spans).right(about, width - RIGHT).strip(width)


class VerticalRule(Widget):
    """The rule between the two halves."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "VerticalRule { width: 3; background: $background; }"

    def render_line(self, y: int) -> Strip:
        """One piece of it."""
        return Line(palette_of(self)).add(" ").add(glyphs_of(self).vertical, "rule").strip(self.size.width)
