"""From a run's state and its newest figures to the rows of the table, again and again.

With a thousand tasks making all rows anew is most of what a dashboard costs, so what did not change is the same object
as before: whoever gets rows can tell by identity what is new.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from ...core.base.clock import Moment
from ...core.base.narrow import Json, as_amount, as_tree, as_whole
from ...core.base.sanitize import clean_line
from ...core.plan.spec import JobSpec
from ...core.run.events import JobState
from ...core.run.external import reported
from ...core.run.state import JobView, elapsed
from ...core.run.status import JobStatus, RequestTally
from ...core.run.store import Run
from .row import Pull, Requests, TaskRow, clean_score


@dataclass(frozen=True, slots=True)
class _Made:
    """A row and all that it was made of."""

    view: JobView
    figures: Json
    status: JobStatus
    stop_in: float | None
    row: TaskRow


class RowMaker:
    """Makes the rows of one run. Not for several threads at once."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._specs = {job.id: (place, job) for place, job in enumerate(run.plan.jobs)}
        self._made: dict[str, _Made] = {}
        self._rows: tuple[TaskRow, ...] = ()

    def rows(self, views: Iterable[JobView], live: Json, now: Moment) -> tuple[TaskRow, ...]:
        """The rows in the order of `views`; `live` is what live.json holds. The same tuple while nothing changed."""
        figures = as_tree(live.get("jobs"))
        rows = tuple(self._row(view, as_tree(figures.get(view.id)), now) for view in views)
        if len(rows) != len(self._rows) or any(new is not old for new, old in zip(rows, self._rows, strict=True)):
            self._rows = rows
        return self._rows

    def _row(self, view: JobView, figures: Json, now: Moment) -> TaskRow:
        made = self._made.get(view.id)
        if made is not None and made.view is view and made.figures == figures and _still(view):
            return made.row
        place, spec = self._specs[view.id]
        status, stop_in = self._run.status(view, figures, now), _stop_in(view, spec, now)
        if made is None or (made.view, made.figures, made.status, made.stop_in) != (view, figures, status, stop_in):
            made = _Made(view, figures, status, stop_in, self._new_row(place, spec, view, figures, status, stop_in))
            self._made[view.id] = made
        return made.row

    def _new_row(
        self, place: int, spec: JobSpec, view: JobView, figures: Json, status: JobStatus, stop_in: float | None
    ) -> TaskRow:
        alive = not view.state.terminal
        requests = _requests(status.requests, as_tree(figures.get("requests")) if alive else {})
        if requests is None and self._run.plan.proxy and figures and view.state is JobState.RUNNING:
            # The proxy tells of a task from its first request on.
            requests = Requests()
        progress = status.progress
        return TaskRow(
            job=view.id,
            index=place,
            task=clean_line(status.title),
            harness=clean_line(spec.harness),
            state=status.state.value,
            reason=status.reason.value if status.reason else None,
            detail=clean_line(status.detail),
            attempt=status.attempt,
            exit_code=status.exit_code,
            kill_requested=view.kill_requested,
            kill_grace=spec.kill_grace,
            done=progress.done if progress else None,
            total=progress.total if progress else spec.expected,
            note=clean_line(status.note),
            pull=_pull(as_tree(figures.get("pull"))) if view.state is JobState.PULLING else None,
            # In whole seconds: more is not shown.
            seconds=None if status.lasted is None else float(int(status.lasted)),
            left=progress.left if progress else None,
            cpu=as_amount(figures.get("cpu")) if alive else None,
            memory=as_whole(figures.get("memory")) if alive else None,
            memory_limit=as_whole(figures.get("memory_limit")) or spec.resources.memory,
            requests=requests,
            score=clean_score(status.score),
            image=clean_line(spec.image),
            dir_name=spec.dir_name,
            stop_in=stop_in,
            external=_external(status),
        )


def _external(status: JobStatus) -> str:
    """`off by -11 pp, 0.72 ±0.03 is reported: https://...`."""
    if status.reported is None or not status.external:
        return ""
    return clean_line(f"{status.external}; others report {reported(status.reported)}")


def _still(view: JobView) -> bool:
    """Whether a view looks the same a second later: the job has ended, or waits in the queue."""
    return view.state.terminal or view.state is JobState.QUEUED


def _stop_in(view: JobView, spec: JobSpec, now: Moment) -> float | None:
    if view.state is not JobState.STOPPING or not view.since:
        return None
    passed = elapsed(view.since, None, "", now.wall, 0.0, "")
    return None if passed is None else max(0.0, float(int(spec.kill_grace - passed)))


def _requests(tally: RequestTally | None, figures: Json) -> Requests | None:
    """The tally with the newest latencies and rates, where somebody measures them."""
    if tally is None:
        return None
    latency = as_tree(figures.get("latency_ms"))
    rates = _rates(figures.get("rates"))
    statuses = as_tree(figures.get("attempts")) or tally.by_status
    return Requests(
        answered=tally.ok if figures else tally.answered,
        in_flight=tally.in_flight,
        rate=tally.rate or 0.0,
        rates=rates,
        p50=_quantile(latency, "p50"),
        p90=_quantile(latency, "p90"),
        p95=_quantile(latency, "p95"),
        p99=_quantile(latency, "p99"),
        failed=_failed(statuses),
        retried=tally.retried,
        cached=tally.cached,
        refused=clean_line(tally.refused),
        tokens=(as_whole(figures.get("tokens_in")) or 0) + (as_whole(figures.get("tokens_out")) or 0),
    )


def _quantile(latency: Json, name: str) -> float | None:
    value = as_amount(latency.get(name))
    return value / 1000 if value else None


def _rates(value: object) -> tuple[float, ...]:
    try:
        rates = tuple(map(float, cast("list[float]", value))) if isinstance(value, list) else ()
    except (TypeError, ValueError, OverflowError):
        return ()
    return rates if math.isfinite(sum(rates)) else ()


def _failed(statuses: Mapping[str, object]) -> tuple[tuple[str, int], ...]:
    wrong = ((name, as_whole(times)) for name, times in statuses.items() if not name.startswith(("1", "2", "3")))
    return tuple((clean_line(name), times) for name, times in wrong if times)


def _pull(tree: Json) -> Pull | None:
    done, total = as_whole(tree.get("done")), as_whole(tree.get("total"))
    return None if done is None or not total else Pull(done, total, as_amount(tree.get("rate")))
