"""Before tasks run again: why they ended, as which attempt, and with what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..draw import numbers
from ..draw.cells import cell_len, cut_middle, padded
from ..draw.line import Span
from ..glyphs import state_glyph, state_role
from ..view.row import TaskRow
from ..view.words import reason_words
from ..widgets.dress import app_of, glyphs_of
from .dialog import BLANK, Choice, Dialog, Row, row, wrapped
from .overrides import Check, OverridesDialog, Present

_LISTED = 8


@dataclass(frozen=True)
class RerunChoice:
    """The jobs that are to run again, the overrides (`KEY=VALUE`) for them, and whether they are to be seen first."""

    jobs: tuple[str, ...]
    overrides: tuple[str, ...] = ()
    preview: bool = False


class RerunDialog(Dialog[RerunChoice]):
    """Asks how. `check` looks at overrides while they are written; `overrides` are those to begin with.

    `present` are the parameters that the tasks run by now, as overrides; it is called on a thread.
    """

    stay_label = "cancel"
    wide = 78

    def __init__(
        self,
        rows: Sequence[TaskRow],
        *,
        check: Check | None = None,
        present: Present | None = None,
        overrides: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self._tasks, self._check, self._present, self._overrides = tuple(rows), check, present, tuple(overrides)

    @property
    def title_row(self) -> Row:
        """The question."""
        number = len(self._tasks)
        failed = "failed " if number > 1 and all(task.state == "failed" for task in self._tasks) else ""
        what = self._tasks[0].task if number == 1 else f"{number} {failed}tasks"
        return row(Span(f"Rerun {what}?", "bright", bold=True))

    def rows(self, width: int) -> list[Row]:
        """The tasks, what speaks against it, what is kept, what is changed."""
        rows = [self._row_of(task, width) for task in self._tasks[:_LISTED]]
        if len(self._tasks) > _LISTED:
            rows.append(row(self._rest()))
        if warning := self._warning():
            sign = Span(f"{glyphs_of(self.sheet).invalid} ", "warn", bold=True)
            rows += [BLANK, *wrapped([sign, Span(warning, "warn")], width)]
        kept = [Span("Earlier attempts stay in ", "dim"), Span("attempts/", "text")]
        rows += [BLANK, *wrapped([*kept, Span(", scores are never overwritten.", "dim")], width)]
        if self._overrides:
            rows += [BLANK, row("with"), *(row("  ", Span(text, "text")) for text in self._overrides)]
        return rows

    def _row_of(self, task: TaskRow, width: int) -> Row:
        glyphs = glyphs_of(self.sheet)
        room = max(8, min(20, width - 46))
        role = state_role(task.state)
        if task.score is not None:
            why = f"score {numbers.score(task.score.value)}"
        else:
            long, short = reason_words(task)
            why = long if cell_len(long) <= width - room - 18 else short
        return row(
            Span(f"{state_glyph(glyphs, task.state)} ", role, bold=True),
            Span(padded(cut_middle(task.task, room, glyphs.ellipsis), room), "bright"),
            Span(f"  {why}", role if task.state == "failed" else "text"),
            right=[Span(f"as attempt {task.attempt + 1}", "dim")],
        )

    def _rest(self) -> str:
        hidden = self._tasks[_LISTED:]
        reasons = Counter(reason_words(task)[1] or task.state for task in hidden)
        told = ", ".join(f"{why} {glyphs_of(self.sheet).times}{number}" for why, number in reasons.most_common(3))
        return f"and {len(hidden)} more: {told}"

    def _warning(self) -> str:
        if self._overrides:
            return ""
        good = sum(task.score is not None and task.score.validity == "valid" for task in self._tasks)
        if good:
            return f"{'It has' if len(self._tasks) == 1 else f'{good} of them have'} a valid score already."
        unrecoverable = [task for task in self._tasks if task.reason in ("image_not_found", "oom", "unauthorized")]
        if len(unrecoverable) == len(self._tasks) > 0:
            they = "it" if len(unrecoverable) == 1 else "both" if len(unrecoverable) == 2 else "all"
            return f"Unless something was changed since, {they} would fail again."
        return ""

    def choices(self) -> list[Choice]:
        """As it was, with changes, or looked at first."""
        name = "rerun with these" if self._overrides else "rerun as is"
        return [
            Choice("y", name, "rerun(False)"),
            Choice("e", "edit overrides", "edit"),
            Choice("p", "preview", "rerun(True)"),
        ]

    def action_rerun(self, preview: bool) -> None:
        """Run them again, or show what would run."""
        self.dismiss(RerunChoice(tuple(task.job for task in self._tasks), self._overrides, preview))

    def action_edit(self) -> None:
        """Write overrides."""

        def written(overrides: tuple[str, ...] | None) -> None:
            if overrides is not None:
                self._overrides = overrides
                self.again()

        app_of(self).push_screen(OverridesDialog(self._overrides, self._check, self._present), written)
