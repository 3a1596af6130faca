"""One task as the table shows it: everything of a row, and nothing of a screen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from ...core.plan.spec import JobSpec
from ...core.run.events import JobState, Json
from ...core.run.progress import total_of
from ...core.run.sanitize import clean_line
from ...core.run.state import JobView
from ...core.run.store import Run

Validity = Literal["valid", "suspect", "invalid"]


@dataclass(frozen=True, slots=True)
class RowScore:
    """A score with what it is worth; `why` is a sentence, "" when there is nothing to say."""

    metric: str
    value: float
    stderr: float | None
    n: int | None
    validity: Validity
    why: str


@dataclass(frozen=True, slots=True)
class Pull:
    """How far an image is: bytes, and bytes a second where that is known."""

    done: int
    total: int
    rate: float | None


@dataclass(frozen=True, slots=True)
class Requests:
    """What the proxy counted. Latencies in seconds, `rates` answers in each of the last seconds, newest last."""

    answered: int = 0
    in_flight: int = 0
    rate: float = 0.0
    rates: tuple[float, ...] = ()
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    failed: tuple[tuple[str, int], ...] = ()
    retried: int = 0
    cached: int = 0
    refused: str = ""


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task at one moment. Texts from outside are clean; sizes in bytes, times in seconds.

    `done` and `total` are samples; `seconds` is how long it has run (or did run), `left` an estimate. `note` is what is
    being done while no figure tells it. `cpu` is percent of one core.
    """

    job: str
    index: int
    task: str
    harness: str
    state: str
    reason: str | None
    detail: str
    attempt: int
    exit_code: int | None
    kill_requested: int
    kill_grace: float
    done: int | None
    total: int | None
    note: str
    pull: Pull | None
    seconds: float | None
    left: float | None
    cpu: float | None
    memory: int | None
    memory_limit: int | None
    requests: Requests | None
    score: RowScore | None
    image: str
    dir_name: str

    @property
    def live(self) -> bool:
        """Whether something is being done for it now."""
        return self.state in ("pulling", "starting", "running", "stopping")

    @property
    def ended(self) -> bool:
        """Whether its attempt is over."""
        return not self.live and self.state != "queued"

    @property
    def suspicious(self) -> bool:
        """Whether it succeeded with a score that must not be taken as it is."""
        return self.score is not None and self.score.validity != "valid"

    @property
    def fraction(self) -> float | None:
        """How far it is, 0..1; None where that is not known."""
        if self.state == "pulling" and self.pull is not None and self.pull.total > 0:
            return min(1.0, self.pull.done / self.pull.total)
        if self.done is None or not self.total or self.state not in ("running", "stopping"):
            return None
        return min(1.0, self.done / self.total)

    @property
    def words(self) -> str:
        """All that a filter may match, in lower case."""
        return f"{self.state} {self.task} {self.harness} {self.reason or ''} {self.job}".lower()


def task_rows(
    run: Run, views: Sequence[JobView], live: Json, seconds: Mapping[str, float | None]
) -> tuple[TaskRow, ...]:
    """The rows of a run in plan order. `seconds` says how long each job that runs has done so."""
    specs = {job.id: job for job in run.plan.jobs}
    figures = _mapping(live.get("jobs"))
    return tuple(
        _row(place, specs[view.id], view, _mapping(figures.get(view.id)), seconds.get(view.id), counted=run.plan.proxy)
        for place, view in enumerate(views)
    )


def _row(place: int, spec: JobSpec, view: JobView, figures: Json, running: float | None, *, counted: bool) -> TaskRow:
    seconds = view.seconds if view.state.terminal else running
    alive = not view.state.terminal
    requests = _requests(_mapping(figures.get("requests"))) if alive else _counted(view.requests)
    if requests is None and counted and figures and view.state is JobState.RUNNING:
        # The proxy tells of a task from its first request on.
        requests = Requests()
    done = _done(view, figures, requests)
    total = total_of(spec, done, _whole(figures.get("total")))
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
        pull=_pull(_mapping(figures.get("pull"))) if view.state is JobState.PULLING else None,
        seconds=seconds,
        left=_left(view, done, total, seconds, requests),
        cpu=_number(figures.get("cpu")) if alive else None,
        memory=_whole(figures.get("memory")) if alive else None,
        memory_limit=_whole(figures.get("memory_limit")) or spec.resources.memory,
        requests=requests,
        score=row_score(view.score),
        image=clean_line(spec.image),
        dir_name=spec.dir_name,
    )


def row_score(score: Json | None) -> RowScore | None:
    """A score as the journal holds it; older runs say only whether it is valid."""
    value = _number(score.get("value")) if score else None
    if score is None or value is None:
        return None
    why = clean_line(str(score.get("why") or ""))
    said = score.get("validity")
    if said not in ("valid", "suspect", "invalid"):
        said = "invalid" if score.get("valid") is False else "suspect" if why else "valid"
    metric = clean_line(str(score.get("metric") or ""))
    return RowScore(metric, value, _number(score.get("stderr")), _whole(score.get("n")), said, why)


def _requests(tree: Json) -> Requests | None:
    if not tree:
        return None
    latency = _mapping(tree.get("latency_ms"))

    def quantile(name: str) -> float | None:
        value = _number(latency.get(name))
        return value / 1000 if value else None

    rates = tree.get("rates")
    listed = [_number(rate) or 0.0 for rate in cast("list[object]", rates)] if isinstance(rates, list) else []
    rate = _number(tree.get("rate"))
    statuses = _mapping(tree.get("attempts")) or _mapping(tree.get("by_status"))
    return Requests(
        answered=_whole(tree.get("ok")) or 0,
        in_flight=_whole(tree.get("in_flight")) or 0,
        rate=rate if rate is not None else sum(listed[-10:]) / 10,
        rates=tuple(listed),
        p50=quantile("p50"),
        p90=quantile("p90"),
        p95=quantile("p95"),
        p99=quantile("p99"),
        failed=_failed(statuses),
        retried=_whole(tree.get("retried")) or 0,
        cached=_whole(tree.get("cached")) or 0,
        refused=clean_line(str(tree.get("refused") or "")),
    )


def _counted(counts: Json | None) -> Requests | None:
    """The counts that the end of a job left in the journal."""
    if not counts:
        return None
    pairs = counts.get("by_status")
    statuses: Json = {}
    for pair in cast("list[object]", pairs) if isinstance(pairs, (list, tuple)) else []:
        if isinstance(pair, (list, tuple)) and len(cast("list[object]", pair)) == 2:
            status, number = cast("list[object]", pair)
            statuses[str(status)] = number
    answered = _whole(counts.get("answers"))
    return Requests(
        answered=(_whole(counts.get("ok")) or 0) if answered is None else answered,
        failed=_failed(statuses),
        retried=_whole(counts.get("retried")) or 0,
        cached=_whole(counts.get("cached")) or 0,
        refused=clean_line(str(counts.get("refused") or "")),
    )


def _failed(statuses: Json) -> tuple[tuple[str, int], ...]:
    found = ((clean_line(name), _whole(number) or 0) for name, number in statuses.items())
    return tuple((name, number) for name, number in found if number and not name.startswith(("1", "2", "3")))


def _done(view: JobView, figures: Json, requests: Requests | None) -> int | None:
    done = _whole(figures.get("progress"))
    if done is None and view.state.terminal and requests is not None:
        done = requests.answered
    return done


def _left(
    view: JobView, done: int | None, total: int | None, seconds: float | None, requests: Requests | None
) -> float | None:
    if view.state is not JobState.RUNNING or not done or not total or not seconds or seconds < 3:
        return None
    rest = max(0, total - done)
    mean = rest * seconds / done
    recent = sum(requests.rates) / len(requests.rates) if requests is not None and requests.rates else 0.0
    # Of late counts more than all along, once there is a minute of it; a stall says nothing about its end.
    return rest / recent if recent > 0 and seconds > 90 else mean


def _pull(tree: Json) -> Pull | None:
    done, total = _whole(tree.get("done")), _whole(tree.get("total"))
    return None if done is None or not total else Pull(done, total, _number(tree.get("rate")))


def _mapping(value: object) -> Json:
    return cast(Json, value) if isinstance(value, dict) else {}


def _number(value: object) -> float | None:
    fits = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(cast(float, value)) if fits else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
