"""What the proxy counted of one attempt's requests, as a frozen value: the faces' form of `requests.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from ..base.atomic import read_head
from ..base.narrow import as_items, as_text, as_tree, as_whole
from .store import Run

FIGURES_FILE = "requests.json"
_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class RequestFigures:
    """Counters of one attempt.

    Every request ended as `ok`, `failed` or `cancelled` (the harness hung up). `by_status` counts what the harness was
    answered, `attempts` what the endpoint did each time that it was asked, retries included (status 0: no answer).
    `unanswered` requests failed and no later one with the same content made good for them. `cut` answers were cut off
    by the token limit, `empty` ones are blank although they were not, `thought` of those hold reasoning alone; of
    `unended` ones nothing says why they ended. `latency` and `first_token` map 50, 90, 95, 99 to seconds. `buckets` are
    (upper end in seconds, count), each beginning where the one before it ends. `rates` are the answers in each of the
    last 60 seconds, newest last. `fatal` says why the job cannot succeed. `at` and `first_at` are UTC ISO 8601 or "".
    """

    attempt: int | None = None
    at: str = ""
    first_at: str = ""
    sent: int = 0
    in_flight: int = 0
    ok: int = 0
    failed: int = 0
    cancelled: int = 0
    retried: int = 0
    cached: int = 0
    unanswered: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cut: int = 0
    empty: int = 0
    thought: int = 0
    unended: int = 0
    by_status: tuple[tuple[int, int], ...] = ()
    attempts: tuple[tuple[int, int], ...] = ()
    finish_reasons: tuple[tuple[str, int], ...] = ()
    latency: tuple[tuple[int, float], ...] = ()
    first_token: tuple[tuple[int, float], ...] = ()
    buckets: tuple[tuple[float, int], ...] = ()
    rates: tuple[int, ...] = ()
    last_errors: tuple[str, ...] = ()
    fatal: str = ""


def read_figures(run: Run, job_id: str, attempt: int) -> RequestFigures | None:
    """The newest figures of an attempt: from the live file while it runs, else from what is kept. None: no such.

    Raises KeyError for a job that the run does not have.
    """
    view = run.state().jobs[job_id]
    paths = run.paths.job(run.job(job_id).dir_name)
    folder = paths.root if attempt == view.attempt else paths.attempt(attempt)
    kept = figures_from_json(_parsed(read_head(folder / FIGURES_FILE, _LIMIT)))
    if kept is not None and kept.attempt not in (None, attempt):
        kept = None
    if attempt == view.attempt and not view.state.terminal:
        live = run.live()
        of_job = as_tree(as_tree(live.get("jobs")).get(job_id)).get("requests")
        now = figures_from_json(of_job, str(live.get("at") or ""))
        if now is not None and (kept is None or now.sent >= kept.sent):
            return now
    return kept


def figures_from_json(value: object, at: str = "") -> RequestFigures | None:
    """The figures in one object of `requests.json` or `live.json`; None when there are none. Odd parts count as 0."""
    tree = as_tree(value)
    if "sent" not in tree:
        return None
    attempt = tree.get("attempt")
    return RequestFigures(
        attempt=attempt if isinstance(attempt, int) else None,
        at=as_text(tree.get("at")) or at,
        first_at=as_text(tree.get("first_at")),
        **{name: _count(tree.get(name)) for name in _COUNTS},
        by_status=_statuses(tree.get("by_status")),
        attempts=_statuses(tree.get("attempts")),
        finish_reasons=tuple((name, _count(n)) for name, n in as_tree(tree.get("finish_reasons")).items() if _count(n)),
        latency=_quantiles(tree.get("latency_ms")),
        first_token=_quantiles(tree.get("ttft_ms")),
        buckets=_buckets(tree.get("latency_buckets")),
        rates=tuple(_count(rate) for rate in as_items(tree.get("rates"))),
        last_errors=tuple(as_text(error) for error in as_items(tree.get("last_errors")) if as_text(error)),
        fatal=as_text(tree.get("fatal")),
    )


_COUNTS = (
    *("sent", "in_flight", "ok", "failed", "cancelled", "retried", "cached", "unanswered", "tokens_in", "tokens_out"),
    *("cut", "empty", "thought", "unended"),
)


def _parsed(data: bytes | None) -> object:
    try:
        return json.loads(data) if data else None
    except (ValueError, RecursionError):
        return None


def _count(value: object) -> int:
    return as_whole(value) or 0


def _seconds(value: object) -> float:
    return value / 1000 if isinstance(value, (int, float)) and 0 < value < 1e12 else 0.0


def _statuses(value: object) -> tuple[tuple[int, int], ...]:
    found = {int(key) if key.isascii() and key.isdigit() else 0: _count(n) for key, n in as_tree(value).items()}
    return tuple(sorted((status, n) for status, n in found.items() if n))


def _quantiles(value: object) -> tuple[tuple[int, float], ...]:
    named: Mapping[str, object] = as_tree(value)
    found = ((part, _seconds(named.get(f"p{part}"))) for part in (50, 90, 95, 99))
    return tuple((part, seconds) for part, seconds in found if seconds)


def _buckets(value: object) -> tuple[tuple[float, int], ...]:
    pairs = (as_items(item) for item in as_items(value))
    return tuple((_seconds(pair[0]), _count(pair[1])) for pair in pairs if len(pair) == 2 and _seconds(pair[0]))
