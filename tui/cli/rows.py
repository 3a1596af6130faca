"""Job status objects (those of `status --json`) as texts for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..draw import numbers
from ..draw.cells import cell_len, padded
from ..view.reasons import REASONS
from .style import Style
from .table import Cell, Column, render

if TYPE_CHECKING:
    from ...core.run.status import JobStatus

_STATUS = (
    Column("JOB", give_up=8),
    Column("STATE"),
    Column("TASK", least=18),
    Column("TRY", right=True, give_up=2),
    Column("PROGRESS", right=True, give_up=7),
    Column("REQ", right=True, give_up=3),
    Column("REQ/S", right=True, give_up=4),
    Column("TIME", right=True, give_up=6),
    Column("LEFT", right=True, give_up=5),
    Column("SCORE"),
    Column("REASON", least=22),
    Column("LOG", give_up=1),
)
_FINAL = (
    Column("TASK", least=18),
    Column("STATE"),
    Column("SCORE"),
    Column("N", right=True),
    Column("TIME", right=True),
    Column("REASON", least=22),
    Column("LOG", give_up=1),
)


def plain(text: object) -> str:
    """`text` on one line and without anything that could steer a terminal."""
    from ...core.base.sanitize import clean_line

    return clean_line(str(text))


def reason(row: JobStatus) -> str:
    """Why the job is where it is: its own words when it has some, with the exit code; else ''."""
    detail = plain(row.detail or row.note)
    if row.state == "succeeded":
        return plain(row.score.why if row.score and row.score.why else detail)
    words = detail or REASONS.get(row.reason or "", (plain(row.reason or ""),))[0]
    code = row.exit_code
    if code is None or row.state not in ("failed", "killed", "lost") or f"{code}" in words:
        return words
    return f"{words}, exit {code}" if words else f"exit {code}"


def score(row: JobStatus, style: Style) -> str:
    """`0.781 ±0.011`, with `! invalid` or `! suspect` behind it when the requests under it do not bear it."""
    found = row.score
    if found is None:
        return ""
    text = f"{found.value:.3f}"
    if found.stderr is not None:
        text += f" {style.plus_minus}{found.stderr:.3f}"
    return text if found.validity == "valid" else f"{text} ! {found.validity}"


def is_invalid(row: JobStatus) -> bool:
    """Whether the job succeeded with a score that means nothing."""
    return row.score is not None and not row.score.valid


def requests(row: JobStatus) -> str:
    """How many requests the task has sent; empty when nobody counts."""
    return "" if row.requests is None else f"{row.requests.sent:,}"


def rate(row: JobStatus) -> str:
    """Answers a second of late, of a job that runs."""
    found = row.requests.rate if row.requests is not None else None
    return "" if found is None else numbers.rate_parts(found)[0]


def left(row: JobStatus) -> str:
    """About how long a job that runs still takes."""
    return numbers.elapsed(row.progress.left if row.progress is not None else None)


def progress(row: JobStatus) -> str:
    """`121/198 61%`; empty when nothing is known."""
    return "" if row.progress is None else numbers.progress(row.progress.done, row.progress.total)


def status_table(rows: Sequence[JobStatus], style: Style, run_dir: str) -> list[str]:
    """The table of `status`; log paths are absolute when there is room, else as seen from `run_dir`."""
    full = [_status_cells(row, style, "") for row in rows]
    natural = max(map(cell_len, render(_STATUS, full, Style())))
    if style.width is None or natural <= style.width:
        return render(_STATUS, full, style)
    return render(_STATUS, [_status_cells(row, style, run_dir) for row in rows], style)


def _status_cells(row: JobStatus, style: Style, run_dir: str) -> list[Cell]:
    attempt = row.attempt
    return [
        Cell(row.job),
        _state_cell(row, style),
        Cell(plain(row.title)),
        Cell(str(attempt) if attempt > 1 else ""),
        Cell("" if row.state == "succeeded" else progress(row)),
        Cell(requests(row)),
        Cell(rate(row)),
        Cell(numbers.elapsed(row.lasted)),
        Cell(left(row)),
        Cell(score(row, style), "dim" if is_invalid(row) else ""),
        Cell("  ".join(filter(None, (reason(row), *(f"-o {plain(text)}" for text in row.overrides or ()))))),
        Cell(_shortened(row.log, run_dir), "dim"),
    ]


def final_table(rows: Sequence[JobStatus], style: Style, run_dir: str) -> list[str]:
    """The table at the end of a headless run; log paths as seen from `run_dir`."""
    return render(_FINAL, [_final_cells(row, style, run_dir) for row in rows], style)


def _final_cells(row: JobStatus, style: Style, run_dir: str) -> list[Cell]:
    samples = row.score.n if row.score is not None else None
    return [
        Cell(plain(row.title)),
        _state_cell(row, style),
        Cell(score(row, style), "dim" if is_invalid(row) else ""),
        Cell("" if samples is None else f"{samples:,}"),
        Cell(numbers.elapsed(row.lasted)),
        Cell(reason(row)),
        Cell(_shortened(row.log, run_dir), "dim"),
    ]


def _state_cell(row: JobStatus, style: Style) -> Cell:
    invalid = is_invalid(row)
    return Cell(style.state(row.state, invalid=invalid), "invalid" if invalid else row.state)


def _shortened(log: object, run_dir: str) -> str:
    text = str(log or "")
    return text.removeprefix(run_dir).lstrip("/") if run_dir and text.startswith(run_dir) else text


def transition(row: JobStatus, at: str, style: Style, task_width: int) -> str:
    """One line of the headless log: `11:04:05  ✓ succeeded  ifeval  00:41  score 0.781 ±0.011`."""
    invalid = is_invalid(row)
    state = style.paint(style.state(row.state, invalid=invalid).ljust(11), "invalid" if invalid else row.state)
    parts = [style.paint(numbers.clock(at), "dim"), state, padded(plain(row.title), task_width)]
    if row.attempt > 1:
        parts.append(f"try {row.attempt}")
    if row.state in ("succeeded", "failed", "killed", "lost"):
        parts.append(numbers.elapsed(row.lasted))
    if row.score is not None:
        parts.append(f"score {score(row, style)}")
    parts.append(reason(row))
    return "  ".join(part for part in parts if part).rstrip()


def counts(rows: Sequence[JobStatus]) -> str:
    """`2 running, 1 queued, 3 succeeded`: the states in the order of a job's life, those that are there."""
    order = (
        *("running", "starting", "pulling", "stopping", "queued"),
        *("succeeded", "failed", "killed", "lost", "skipped"),
    )
    found = [(sum(row.state == state for row in rows), state) for state in order]
    return ", ".join(f"{number} {state}" for number, state in found if number)


def live_figures(rows: Sequence[JobStatus], limit: int = 3) -> str:
    """What the first few live jobs are doing: `ifeval 121/198 61%, mmlu pulling`."""
    live = [row for row in rows if row.state in ("pulling", "starting", "running", "stopping")]
    texts = [f"{plain(row.title)} {_going(row) or _doing(row)}" for row in live[:limit]]
    more = [f"{len(live) - limit} more"] if len(live) > limit else []
    return ", ".join(texts + more)


def _going(row: JobStatus) -> str:
    """`121/198 61%, 4.2/s, 00:18 left`."""
    parts = [progress(row), f"{rate(row)}/s" if rate(row) else "", f"{left(row)} left" if left(row) else ""]
    return ", ".join(part for part in parts if part) if parts[0] else ""


def _doing(row: JobStatus) -> str:
    return f"{row.state} {plain(row.detail or row.note) or numbers.elapsed(row.lasted)}".strip()
