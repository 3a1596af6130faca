"""What runs scored, as rows: the figure of each task, or all figures of a metric. JSON, CSV or Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Sequence

from ..base.narrow import Json
from ..base.sanitize import clean_line, json_text
from ..catalog.measure import Unit
from ..run.figures import read_figures
from ..run.status import JobStatus
from ..run.store import Run
from .ci import Ci, interval_by
from .compare.side import Side, single_sides
from .repeated import Repeated, repeats_in
from .tree import Figure, MetricTree, tree_apart

_MEASURED = ("unit", "direction", "repeats", "low", "high", "ci", "evidence")
COLUMNS: tuple[str, ...] = (
    *("run", "config", "model", "job", "task", "state", "attempt"),
    *("metric", "value", "stderr", "n", "validity", "why", "tokens", "seconds"),
    *_MEASURED,
    *("repeat", "run_sd", "pass_at_k", "maj_at_k", "external"),
)
"""The keys of a row, in the order of the columns of a CSV file."""


def score_rows(
    run: Run, jobs: Collection[str] | None = None, metric: str | None = None, ci: Ci | None = None
) -> list[Json]:
    """Rows of `jobs` (default: all) in plan order, with the keys `COLUMNS`; None for what there is not.

    One row a job with the figure that it is known by, and after the repeats of a task one for all of them together
    (`repeat` is 0 there, `job` the first and last of them); with `metric` a row for each figure whose name holds that
    text, whatever its case. With `ci` the intervals are by that method, and None where it cannot tell.

    Raises RunDamaged.
    """
    chosen = [status for status in run.statuses() if jobs is None or status.job in jobs]
    if metric:
        return [row for status in chosen for row in _figures(run, status, metric)]
    together = {one.jobs[-1]: one for one in repeats_in(run, [status.job for status in chosen])}
    asked = {} if ci is None else _asked(run, [status.job for status in chosen], ci)
    rows: list[Json] = []
    for status in chosen:
        rows.append(_row(run, status) | asked.get(status.job, {}))
        if (repeated := together.get(status.job)) is not None:
            if len(repeated.jobs) > 1:
                rows.append(_together(rows, repeated) | (_by(repeated.side, ci) if ci is not None else {}))
            else:
                rows[-1] |= _repeats(repeated)
    return rows


def tree_of(run: Run, job: str) -> MetricTree:
    """All figures that the newest attempt of a job wrote. Raises RunDamaged, KeyError."""
    spec = run.job(job)
    return tree_apart(spec, run.paths.job(spec.dir_name).artifacts)


def as_json(rows: Sequence[Json]) -> str:
    """The rows as a JSON array, ending in a newline."""
    return json_text(list(rows), indent=2) + "\n"


def as_csv(rows: Sequence[Json]) -> str:
    """The rows as CSV with a head."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows({key: cell(value) for key, value in row.items()} for row in rows)
    return out.getvalue()


def cell(value: object) -> object:
    """`value` as a cell of a CSV file: text is on one line and steers no terminal, and
    what a spreadsheet would take for a formula begins with an apostrophe."""
    if not isinstance(value, str):
        return value
    text = clean_line(value)
    if not text.startswith(("=", "+", "-", "@")):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def _row(run: Run, status: JobStatus) -> Json:
    figure = status.score.to_json() if status.score is not None else {}
    figures = read_figures(run, status.job, status.attempt)
    tokens = figures.tokens_in + figures.tokens_out if figures is not None else None
    return {
        "run": run.invocation,
        "config": run.plan.config_name,
        "model": run.plan.model_id,
        "job": status.job,
        "task": status.task,
        "state": status.state.value,
        "attempt": status.attempt,
        "metric": figure.get("metric", ""),
        **{key: figure.get(key) for key in ("value", "stderr", "n")},
        "validity": figure.get("validity", ""),
        "why": figure.get("why", ""),
        "tokens": tokens,
        "seconds": status.seconds,
        **{key: figure.get(key) for key in _MEASURED},
        "repeat": status.repeat or None,
        **dict.fromkeys(("run_sd", "pass_at_k", "maj_at_k")),
        "external": status.external or None,
    }


def _together(rows: Sequence[Json], repeated: Repeated) -> Json:
    """The row of all repeats of a task; `rows` hold those of the single ones."""
    singles = [row for row in rows if row["job"] in repeated.jobs]
    first = next((row for row in singles if row["value"] is not None), singles[0])
    score = repeated.score
    figure = score.to_json()
    tokens = [row["tokens"] for row in singles if isinstance(row["tokens"], int)]
    seconds = [row["seconds"] for row in singles if isinstance(row["seconds"], (int, float))]
    return {
        **first,
        "job": f"{repeated.jobs[0]}-{repeated.jobs[-1].rpartition('.')[2]}",
        "attempt": None,
        **{key: figure[key] for key in ("metric", "value", "stderr", "n", "validity", "why", *_MEASURED)},
        "tokens": sum(tokens) if tokens else None,
        "seconds": sum(seconds) if seconds else None,
        "external": repeated.external or None,
        **_repeats(repeated),
        "repeat": 0,
    }


def _asked(run: Run, jobs: Collection[str], ci: Ci) -> dict[str, Json]:
    return {side.job: _by(side, ci) for side in single_sides(run, jobs) if side.score is not None}


def _by(side: Side | None, ci: Ci) -> Json:
    evidence, score = (side.evidence, side.score) if side is not None else (None, None)
    found = interval_by(evidence, Unit(score.unit), ci) if evidence is not None and score is not None else None
    if found is None:
        return {"low": None, "high": None, "ci": ""}
    return {"low": found.low, "high": found.high, "ci": found.method.value}


def _repeats(repeated: Repeated) -> Json:
    return {
        "run_sd": repeated.spread.deviation if repeated.spread else None,
        "pass_at_k": repeated.pass_at_k,
        "maj_at_k": repeated.majority,
    }


def _figures(run: Run, status: JobStatus, metric: str) -> list[Json]:
    base = _row(run, status)
    return [
        {**base, **_measured(figure)}
        for node in tree_of(run, status.job).nodes
        for figure in node.figures
        if metric.lower() in figure.name.lower()
    ]


def _measured(figure: Figure) -> Json:
    ends = figure.interval
    return {
        "metric": figure.name,
        **({"why": figure.note} if figure.note else {}),
        **{key: getattr(figure, key) for key in ("value", "stderr", "n", "repeats", "evidence")},
        **({} if figure.primary else {"external": None}),
        "unit": figure.unit.value,
        "direction": figure.direction.value,
        "low": ends.low if ends else None,
        "high": ends.high if ends else None,
        "ci": ends.method.value if ends else "",
    }
