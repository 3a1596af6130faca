"""One row of the list of runs, and the heading that it stands under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from ...core.base.clock import parse_iso
from ...core.base.narrow import Json
from ...core.base.sanitize import clean_line
from ...core.run.events import JobState
from ...core.run.score import Score
from .row import clean_score

_WORST = (JobState.FAILED, JobState.LOST, JobState.KILLED, JobState.SKIPPED)


@dataclass(frozen=True, slots=True)
class RunRow:
    """What the list shows of a run; texts are clean.

    `state` is running, interrupted (open, but no engine works on it), succeeded, failed, killed, lost or skipped.
    `counts` maps a job's state to a number. `created` is local time. `seconds` is how long engines were at work on it.
    """

    invocation: str
    state: str
    config: str
    model: str
    counts: Mapping[str, int]
    scores: tuple[tuple[str, Score], ...]
    created: datetime | None
    seconds: float
    workers: int
    run_dir: str

    @property
    def total(self) -> int:
        """How many tasks there are."""
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        """How many of them have ended."""
        return sum(number for state, number in self.counts.items() if JobState(state).terminal)

    @property
    def open(self) -> bool:
        """Whether something is still to be done."""
        return self.state in ("running", "interrupted")

    @property
    def words(self) -> str:
        """All that a filter may match, in lower case."""
        tasks = " ".join(task for task, _ in self.scores)
        return f"{self.state} {self.invocation} {self.config} {self.model} {tasks}".lower()


def run_row(summary: Json) -> RunRow:
    """The row for an object of `Run.summary`."""
    counts = cast("dict[str, int]", summary["counts"])
    created = parse_iso(str(summary["created"]))
    scores = ((tree, clean_score(Score.from_json(tree))) for tree in cast("list[Json]", summary["scores"]))
    return RunRow(
        invocation=str(summary["invocation"]),
        state=_state(str(summary["state"]), counts),
        config=clean_line(str(summary["config"])),
        model=clean_line(str(summary["model"])),
        counts=counts,
        scores=tuple((clean_line(str(tree["task"])), score) for tree, score in scores if score is not None),
        created=created.astimezone() if created else None,
        seconds=float(int(cast(float, summary["seconds"]))),
        workers=cast(int, summary["workers"]),
        run_dir=str(summary["run_dir"]),
    )


def _state(said: str, counts: Mapping[str, int]) -> str:
    if said != "failed":
        return said
    return next((state.value for state in _WORST if counts.get(state.value)), said)


def heading(created: datetime | None, today: date) -> str:
    """What a run of that day stands under: `Today`, `Yesterday`, `Last 7 days`, `Last 30 days`, `October 2026`."""
    if created is None:
        return "No date"
    days = (today - created.date()).days
    if days <= 0:
        return "Today"
    if days == 1:
        return "Yesterday"
    if days < 7:
        return "Last 7 days"
    return "Last 30 days" if days < 30 else f"{created:%B %Y}"
