"""How far a job is and how fast it goes, from the newest figures. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from ..base.narrow import Json, as_number, as_whole
from ..plan.spec import JobSpec
from .state import JobView

_COUNTS = ("sent", "ok", "failed", "cancelled", "retried", "cached", "in_flight")


def progress_of(job: JobSpec, view: JobView, live: Mapping[str, object], in_file: int | None) -> Json | None:
    """`{done, total, left}`: samples answered, samples in all or None, seconds still to go or None.

    `live` is the job's entry in live.json, `in_file` the number in the harness's own progress file; None when neither
    tells anything.
    """
    if view.started is None:
        return None
    done = count(live.get("progress"))
    done = in_file if not done and in_file is not None else done
    if done is None:
        return None
    total = total_of(job, done, count(live.get("total")))
    return {"done": done, "total": total, "left": left_of(done, total, requests_in(live))}


def total_of(job: JobSpec, done: int | None, told: int | None = None) -> int | None:
    """How many answers a job needs, None when that is not known. What the task itself `told` in its log counts most.

    A task that asks more than once a sample gives itself away by going past its total, which then means nothing.
    """
    total = told or job.expected
    return None if total is None or (done or 0) > total else total


def requests_of(view: JobView, live: Mapping[str, object]) -> Json | None:
    """`{sent, ok, failed, cancelled, retried, cached, in_flight, rate, by_status}` of the newest attempt.

    `rate` is answers a second of late, None for a job that has ended; None without any figures.
    """
    figures = requests_in(live)
    if figures and not view.state.terminal:
        counts: Json = {name: count(figures.get(name)) or 0 for name in _COUNTS}
        return {**counts, "rate": number(figures.get("rate")), "by_status": mapping(figures.get("by_status"))}
    if view.requests is None:
        return None
    total, ok = count(view.requests.get("total")) or 0, count(view.requests.get("ok")) or 0
    more: Json = {name: count(view.requests.get(name)) or 0 for name in ("cancelled", "retried", "cached")}
    return {
        "sent": total + cast(int, more["cancelled"]),
        "ok": ok,
        "failed": total - ok,
        **more,
        "in_flight": 0,
        "rate": None,
        "by_status": _pairs(view.requests.get("by_status")),
    }


def requests_in(live: Mapping[str, object]) -> Json:
    """The proxy's figures in a job's entry of live.json; {} when there are none."""
    return mapping(live.get("requests"))


def left_of(done: int, total: int | None, figures: Mapping[str, object]) -> float | None:
    """Seconds until the rest is answered, at the mean rate of the last minute; None when nothing tells."""
    rate = number(figures.get("minute_rate"))
    answers, requests = (count(figures.get(name)) or 0 for name in ("answers", "ok"))
    requests += count(figures.get("failed")) or 0
    if total is None or not rate or not answers or not requests:
        return None
    # What fails brings no sample nearer; what answers several at once brings several.
    return round((total - done) / (rate * answers / requests), 1)


def _pairs(value: object) -> Json:
    """`[[key, number], ...]` as an object."""
    found: Json = {}
    for item in cast("list[object]", value) if isinstance(value, (list, tuple)) else []:
        pair = cast("list[object]", item) if isinstance(item, (list, tuple)) else []
        if len(pair) == 2:
            found[str(pair[0])] = pair[1]
    return found


def mapping(value: object) -> Json:
    """`value` if it is an object, else {}."""
    return cast(Json, value) if isinstance(value, dict) else {}


def count(value: object) -> int | None:
    """`value` if it is a whole number that counts something."""
    return as_whole(value)


def number(value: object) -> float | None:
    """`value` as a number that is not negative."""
    found = as_number(value)
    return float(found) if found is not None and found >= 0 else None
