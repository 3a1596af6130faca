"""From a run's state and its newest figures to the rows of the table, again and again.

With a thousand tasks making all rows anew is most of what a dashboard costs, so what did not change is the same object
as before: whoever gets rows can tell by identity what is new.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast

from ...core.base.clock import boot_id, utc_iso
from ...core.base.narrow import Json
from ...core.base.sanitize import clean_line
from ...core.plan.spec import JobSpec
from ...core.run.events import JobState
from ...core.run.progress import count, left_of, mapping, number, requests_in, total_of
from ...core.run.state import JobView, elapsed
from ...core.run.store import Run
from .row import Pull, Requests, TaskRow, clean_score

_TIMED = (JobState.PULLING, JobState.STARTING)
_SOON = 3.0  # seconds after the start in which nothing can be told of the end


@dataclass(frozen=True, slots=True)
class Moment:
    """The clocks at one moment, by the whole second: all times on screen tick together, once a second."""

    wall: str
    mono: float
    boot: str

    @classmethod
    def now(cls) -> Moment:
        """This second."""
        return cls(utc_iso(datetime.now(UTC).replace(microsecond=0)), math.floor(time.monotonic()), boot_id())


@dataclass(frozen=True, slots=True)
class _Made:
    """A row and all that it was made of."""

    view: JobView
    figures: Json
    seconds: float | None
    stop_in: float | None
    row: TaskRow


class RowMaker:
    """Makes the rows of one run. Not for several threads at once."""

    def __init__(self, run: Run) -> None:
        self._specs = {job.id: (place, job) for place, job in enumerate(run.plan.jobs)}
        self._counted = run.plan.proxy
        self._made: dict[str, _Made] = {}
        self._rows: tuple[TaskRow, ...] = ()

    def rows(self, views: Iterable[JobView], live: Json, now: Moment) -> tuple[TaskRow, ...]:
        """The rows in the order of `views`; `live` is what live.json holds. The same tuple while nothing changed."""
        figures = mapping(live.get("jobs"))
        rows = tuple(self._row(view, mapping(figures.get(view.id)), now) for view in views)
        if len(rows) != len(self._rows) or any(new is not old for new, old in zip(rows, self._rows, strict=True)):
            self._rows = rows
        return self._rows

    def _row(self, view: JobView, figures: Json, now: Moment) -> TaskRow:
        place, spec = self._specs[view.id]
        made = self._made.get(view.id)
        seconds, stop_in = _seconds(view, now), _stop_in(view, spec, now)
        if made is None or made.view is not view or made.figures != figures:
            row = _new_row(place, spec, view, figures, seconds, stop_in, counted=self._counted)
        elif (seconds, stop_in) != (made.seconds, made.stop_in):
            old = made.row
            left = _left(view, old.done, old.total, seconds, requests_in(figures))
            row = replace(old, seconds=seconds, left=left, stop_in=stop_in)
        else:
            return made.row
        self._made[view.id] = _Made(view, figures, seconds, stop_in, row)
        return row


def _new_row(
    place: int,
    spec: JobSpec,
    view: JobView,
    figures: Json,
    seconds: float | None,
    stop_in: float | None,
    *,
    counted: bool,
) -> TaskRow:
    alive = not view.state.terminal
    requests = _requests(requests_in(figures)) if alive else _counted(view.requests)
    if requests is None and counted and figures and view.state is JobState.RUNNING:
        # The proxy tells of a task from its first request on.
        requests = Requests()
    done = _done(view, figures, requests)
    total = total_of(spec, done, count(figures.get("total")))
    return TaskRow(
        job=view.id,
        index=place,
        task=clean_line(view.task),
        harness=clean_line(spec.harness),
        state=view.state.value,
        reason=view.reason.value if view.reason else None,
        detail=clean_line(view.detail),
        attempt=view.attempt,
        exit_code=view.exit_code,
        kill_requested=view.kill_requested,
        kill_grace=spec.kill_grace,
        done=done,
        total=total,
        note=clean_line(str(figures.get("note") or "")) if alive else "",
        pull=_pull(mapping(figures.get("pull"))) if view.state is JobState.PULLING else None,
        seconds=seconds,
        left=_left(view, done, total, seconds, requests_in(figures)),
        cpu=number(figures.get("cpu")) if alive else None,
        memory=count(figures.get("memory")) if alive else None,
        memory_limit=count(figures.get("memory_limit")) or spec.resources.memory,
        requests=requests,
        score=clean_score(view.score),
        image=clean_line(spec.image),
        dir_name=spec.dir_name,
        stop_in=stop_in,
    )


def _seconds(view: JobView, now: Moment) -> float | None:
    """How long a job ran, or has run, or has been pulling or starting, in whole seconds: more is not shown."""
    if view.state.terminal:
        return view.seconds
    if view.started is not None:
        found = elapsed(view.started, view.started_mono, view.started_boot, now.wall, now.mono, now.boot)
    elif view.state in _TIMED and view.since:
        found = elapsed(view.since, None, "", now.wall, 0.0, "")
    else:
        return None
    return None if found is None else float(int(found))


def _stop_in(view: JobView, spec: JobSpec, now: Moment) -> float | None:
    if view.state is not JobState.STOPPING or not view.since:
        return None
    passed = elapsed(view.since, None, "", now.wall, 0.0, "")
    return None if passed is None else max(0.0, float(int(spec.kill_grace - passed)))


def _requests(tree: Json) -> Requests | None:
    if not tree:
        return None
    latency = mapping(tree.get("latency_ms"))
    rates = _rates(tree.get("rates"))
    rate = number(tree.get("rate"))
    statuses = mapping(tree.get("attempts")) or mapping(tree.get("by_status"))
    return Requests(
        answered=count(tree.get("ok")) or 0,
        in_flight=count(tree.get("in_flight")) or 0,
        rate=rate if rate is not None else sum(rates[-10:]) / 10,
        rates=rates,
        p50=_quantile(latency, "p50"),
        p90=_quantile(latency, "p90"),
        p95=_quantile(latency, "p95"),
        p99=_quantile(latency, "p99"),
        failed=_failed(statuses),
        retried=count(tree.get("retried")) or 0,
        cached=count(tree.get("cached")) or 0,
        refused=clean_line(str(tree.get("refused") or "")),
        tokens=(count(tree.get("tokens_in")) or 0) + (count(tree.get("tokens_out")) or 0),
    )


def _quantile(latency: Json, name: str) -> float | None:
    value = number(latency.get(name))
    return value / 1000 if value else None


def _rates(value: object) -> tuple[float, ...]:
    try:
        rates = tuple(map(float, cast("list[float]", value))) if isinstance(value, list) else ()
    except (TypeError, ValueError, OverflowError):
        return ()
    return rates if math.isfinite(sum(rates)) else ()


def _counted(counts: Json | None) -> Requests | None:
    """The counts that the end of a job left in the journal."""
    if not counts:
        return None
    pairs = counts.get("by_status")
    statuses: Json = {}
    for pair in cast("list[object]", pairs) if isinstance(pairs, (list, tuple)) else []:
        if isinstance(pair, (list, tuple)) and len(cast("list[object]", pair)) == 2:
            status, times = cast("list[object]", pair)
            statuses[str(status)] = times
    answered = count(counts.get("answers"))
    return Requests(
        answered=(count(counts.get("ok")) or 0) if answered is None else answered,
        failed=_failed(statuses),
        retried=count(counts.get("retried")) or 0,
        cached=count(counts.get("cached")) or 0,
        refused=clean_line(str(counts.get("refused") or "")),
    )


def _failed(statuses: Json) -> tuple[tuple[str, int], ...]:
    wrong = ((name, count(times)) for name, times in statuses.items() if not name.startswith(("1", "2", "3")))
    return tuple((clean_line(name), times) for name, times in wrong if times)


def _done(view: JobView, figures: Json, requests: Requests | None) -> int | None:
    done = count(figures.get("progress"))
    if done is None and view.state.terminal and requests is not None:
        done = requests.answered
    return done


def _left(view: JobView, done: int | None, total: int | None, seconds: float | None, requests: Json) -> float | None:
    if view.state is not JobState.RUNNING or not done or not total or not seconds or seconds < _SOON:
        return None
    if "minute_rate" in requests:
        return left_of(done, total, requests)
    return (total - done) * seconds / done


def _pull(tree: Json) -> Pull | None:
    done, total = count(tree.get("done")), count(tree.get("total"))
    return None if done is None or not total else Pull(done, total, number(tree.get("rate")))
