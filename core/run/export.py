"""The scores of a run as a file: JSON or CSV, by the file's suffix."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import cast

from .access import RequestRefused
from .atomic import write_atomic
from .events import Json
from .store import Run

COLUMNS: tuple[str, ...] = (
    *("run", "config", "model", "task", "state", "attempt"),
    *("metric", "value", "stderr", "n", "validity", "why"),
)


def score_rows(run: Run) -> list[Json]:
    """One object a job in plan order, with the keys `COLUMNS`; None where there is no score. Raises RunDamaged."""
    rows: list[Json] = []
    for view in run.views():
        score = cast(Json, view["score"] or {})
        base = {"run": run.invocation, "config": run.plan.config_name, "model": run.plan.model_id}
        own = {key: view[key] for key in ("task", "state", "attempt")}
        rows.append({**base, **own, **{key: score.get(key) for key in COLUMNS[6:]}})
    return rows


def export_scores(run: Run, path: Path) -> int:
    """Write the scores to `path` (`.csv` or `.json`); how many jobs have one. Raises RequestRefused, RunDamaged."""
    rows = score_rows(run)
    if path.suffix not in (".csv", ".json"):
        raise RequestRefused(f"{path} must end in .csv or .json: the suffix says what is written.")
    if path.exists():
        raise RequestRefused(f"{path} is there already; nothing was written over it.")
    text = _text(rows, path.suffix)
    try:
        write_atomic(path, text.encode("utf-8"), mode=0o644)
    except OSError as error:
        raise RequestRefused(f"{path} cannot be written: {error.strerror}.") from error
    return sum(row["value"] is not None for row in rows)


def scores_text(run: Run, suffix: str) -> str:
    """The scores as the text of a `.csv` or `.json` file. Raises RunDamaged."""
    return _text(score_rows(run), suffix)


def _text(rows: list[Json], suffix: str) -> str:
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n" if suffix == ".json" else _csv(rows)


def _csv(rows: list[Json]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
