"""What a harness counted of its own requests, and what that says about the score beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from .model import RequestCounts
from .numbers import as_count, as_mapping

COUNTS_FILE = "eval_factory_metrics.json"


def read_counts(tree: object) -> RequestCounts | None:
    """The request counts in the parsed `eval_factory_metrics.json`, or None where it holds none.

    A harness that used no endpoint writes `response_stats` empty or with a count of 0: that is no count either.
    """
    stats = as_mapping(as_mapping(tree).get("response_stats"))
    total = as_count(stats.get("count"))
    if total is None:
        return None
    by_status = _tally(stats.get("status_codes"))
    ok = as_count(stats.get("successful_count"))
    if ok is None:
        ok = sum(number for code, number in by_status if code.startswith("2"))
    # Older cores count only answered requests; the failed ones show up in the status codes alone.
    total = max(total, sum(number for _, number in by_status))
    if total == 0:
        return None
    return RequestCounts(total, min(ok, total), by_status, _tally(stats.get("finish_reason")))


def number_of(requests: int) -> str:
    """`1 request`, `3 requests`."""
    return "1 request" if requests == 1 else f"{requests} requests"


def none_succeeded(counts: RequestCounts) -> str:
    """`one of its 3 requests to the endpoint succeeded (...)`, without a full stop, for a job of which none did."""
    return f"one of its {number_of(counts.total)} to the endpoint succeeded{codes(counts)}"


def told(counts: RequestCounts) -> str:
    """` ` and the sentence about the last failure; "" when there is none."""
    return f" {counts.last_error.rstrip('.')}." if counts.last_error else ""


def codes(counts: RequestCounts) -> str:
    """` (HTTP status 3 x 404)` where there were failures, to stand behind a clause; else ""."""
    failed = [f"{number} x {code}" for code, number in counts.by_status if code >= "4"]
    return f" (HTTP status {', '.join(failed)})" if failed else ""


def _tally(tree: object) -> tuple[tuple[str, int], ...]:
    """Pairs of name and number, in order of name; what is no count is left out."""
    pairs = cast(Mapping[object, object], as_mapping(tree))
    counted = ((str(name), as_count(number)) for name, number in pairs.items())
    return tuple(sorted((name, number) for name, number in counted if number))
