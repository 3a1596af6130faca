"""Job status objects (those of `status --json`) as texts for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from . import formats
from .style import Style
from .table import Cell, Column, render

Row = Mapping[str, Any]
"""One object of `Run.views()`: what `status --json` prints for a job."""

_REASONS = {
    "exit_nonzero": "the task failed",
    "oom": "out of memory",
    "signal": "ended by a signal",
    "image_not_found": "image not found",
    "pull_auth": "no access to the image",
    "pull_network": "registry out of reach",
    "disk_full": "disk full",
    "start_failed": "container did not start",
    "port_conflict": "port in use",
    "daemon_stopped": "Docker was stopped",
    "host_reboot": "the machine restarted",
    "no_results": "no results written",
    "no_valid_requests": "no request succeeded",
    "unauthorized": "the endpoint refuses the API key",
    "interceptor": "ended by an interceptor",
    "timeout": "out of time",
    "user": "on request",
    "removed": "container was removed",
    "docker_unavailable": "Docker out of reach",
    "interrupted": "interrupted",
}
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


def _inner(row: Row, key: str) -> Mapping[str, Any]:
    return row.get(key) or cast(Mapping[str, Any], {})


def reason(row: Row) -> str:
    """Why the job is where it is: its own words when it has some, with the exit code; else ''."""
    if row["state"] == "succeeded":
        return plain(_inner(row, "score").get("why") or row.get("detail") or "")
    detail = plain(row.get("detail") or "")
    words = detail or _REASONS.get(row.get("reason") or "", plain(row.get("reason") or ""))
    code = row.get("exit_code")
    if code is None or row["state"] not in ("failed", "killed", "lost") or f"{code}" in words:
        return words
    return f"{words}, exit {code}" if words else f"exit {code}"


def score(row: Row, style: Style) -> str:
    """`0.781 ±0.011`, with `! invalid` or `! suspect` behind it when the requests under it do not bear it."""
    found = row.get("score")
    if not found:
        return ""
    text = "-" if found.get("value") is None else f"{found['value']:.3f}"
    if found.get("stderr") is not None:
        text += f" {style.plus_minus}{found['stderr']:.3f}"
    return text if found["validity"] == "valid" else f"{text} ! {found['validity']}"


def is_invalid(row: Row) -> bool:
    """Whether the job succeeded with a score that means nothing."""
    found = row.get("score")
    return bool(found) and found["validity"] == "invalid"


def requests(row: Row) -> str:
    """How many requests the task has sent; empty when nobody counts."""
    found = row.get("requests")
    return "" if not found else f"{found.get('sent') or 0:,}"


def rate(row: Row) -> str:
    """Answers a second of late, of a job that runs."""
    found = _inner(row, "requests").get("rate")
    return "" if found is None else formats.rate(found)


def left(row: Row) -> str:
    """About how long a job that runs still takes."""
    return formats.elapsed(_inner(row, "progress").get("left"))


def progress(row: Row) -> str:
    """`121/198 61%`; empty when nothing is known."""
    found = _inner(row, "progress")
    return formats.progress(found.get("done"), found.get("total"))


def status_table(rows: Sequence[Row], style: Style, run_dir: str) -> list[str]:
    """The table of `status`; log paths are absolute when there is room, else as seen from `run_dir`."""
    full = [_status_cells(row, style, "") for row in rows]
    natural = max(map(len, render(_STATUS, full, Style())))
    if style.width is None or natural <= style.width:
        return render(_STATUS, full, style)
    return render(_STATUS, [_status_cells(row, style, run_dir) for row in rows], style)


def _status_cells(row: Row, style: Style, run_dir: str) -> list[Cell]:
    attempt = row["attempt"]
    return [
        Cell(row["job"]),
        _state_cell(row, style),
        Cell(plain(row["task"])),
        Cell(str(attempt) if attempt > 1 else ""),
        Cell("" if row["state"] == "succeeded" else progress(row)),
        Cell(requests(row)),
        Cell(rate(row)),
        Cell(formats.elapsed(row.get("seconds"))),
        Cell(left(row)),
        Cell(score(row, style), "dim" if is_invalid(row) else ""),
        Cell("  ".join(filter(None, (reason(row), *(f"-o {plain(text)}" for text in row.get("overrides") or ()))))),
        Cell(_shortened(row.get("log"), run_dir), "dim"),
    ]


def final_table(rows: Sequence[Row], style: Style, run_dir: str) -> list[str]:
    """The table at the end of a headless run; log paths as seen from `run_dir`."""
    return render(_FINAL, [_final_cells(row, style, run_dir) for row in rows], style)


def _final_cells(row: Row, style: Style, run_dir: str) -> list[Cell]:
    samples = _inner(row, "score").get("n")
    return [
        Cell(plain(row["task"])),
        _state_cell(row, style),
        Cell(score(row, style), "dim" if is_invalid(row) else ""),
        Cell("" if samples is None else f"{samples:,}"),
        Cell(formats.elapsed(row.get("seconds"))),
        Cell(reason(row)),
        Cell(_shortened(row.get("log"), run_dir), "dim"),
    ]


def _state_cell(row: Row, style: Style) -> Cell:
    invalid = is_invalid(row)
    return Cell(style.state(row["state"], invalid=invalid), "invalid" if invalid else row["state"])


def _shortened(log: object, run_dir: str) -> str:
    text = str(log or "")
    return text.removeprefix(run_dir).lstrip("/") if run_dir and text.startswith(run_dir) else text


def transition(row: Row, at: str, style: Style, task_width: int) -> str:
    """One line of the headless log: `11:04:05  ✓ succeeded  ifeval  00:41  score 0.781 ±0.011`."""
    invalid = is_invalid(row)
    state = style.paint(style.state(row["state"], invalid=invalid).ljust(11), "invalid" if invalid else row["state"])
    parts = [style.paint(formats.clock(at), "dim"), state, plain(row["task"]).ljust(task_width)]
    if row["attempt"] > 1:
        parts.append(f"try {row['attempt']}")
    if row["state"] in ("succeeded", "failed", "killed", "lost"):
        parts.append(formats.elapsed(row.get("seconds")))
    if row.get("score"):
        parts.append(f"score {score(row, style)}")
    parts.append(reason(row))
    return "  ".join(part for part in parts if part).rstrip()


def counts(rows: Sequence[Row]) -> str:
    """`2 running, 1 queued, 3 succeeded`: the states in the order of a job's life, those that are there."""
    order = (
        *("running", "starting", "pulling", "stopping", "queued"),
        *("succeeded", "failed", "killed", "lost", "skipped"),
    )
    found = [(sum(row["state"] == state for row in rows), state) for state in order]
    return ", ".join(f"{number} {state}" for number, state in found if number)


def live_figures(rows: Sequence[Row], limit: int = 3) -> str:
    """What the first few live jobs are doing: `ifeval 121/198 61%, mmlu pulling`."""
    live = [row for row in rows if row["state"] in ("pulling", "starting", "running", "stopping")]
    texts = [f"{plain(row['task'])} {_going(row) or _doing(row)}" for row in live[:limit]]
    more = [f"{len(live) - limit} more"] if len(live) > limit else []
    return ", ".join(texts + more)


def _going(row: Row) -> str:
    """`121/198 61%, 4.2/s, 00:18 left`."""
    parts = [progress(row), f"{rate(row)}/s" if rate(row) else "", f"{left(row)} left" if left(row) else ""]
    return ", ".join(part for part in parts if part) if parts[0] else ""


def _doing(row: Row) -> str:
    time = formats.elapsed(row.get("seconds"))
    return f"{row['state']} {plain(row['detail'])}".strip() if row.get("detail") else f"{row['state']} {time}".strip()
