"""How a job stands, as one value: what `status`, the reporters, the dashboard, exports and Python all read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from ..base.atomic import read_head
from ..base.clock import Moment
from ..base.narrow import Json, as_amount, as_items, as_text, as_tree, as_whole
from ..catalog.expected import Expected
from ..plan.spec import JobSpec
from .events import JobState, Reason
from .external import standing
from .paths import RunPaths
from .score import Score
from .state import JobView, elapsed

_COUNTS = ("sent", "ok", "failed", "cancelled", "retried", "cached", "in_flight")
_TIMED = (JobState.PULLING, JobState.STARTING)
_SOON = 3.0  # seconds after the start in which nothing can be said of the end


@dataclass(frozen=True, slots=True)
class Progress:
    """Samples answered, of how many (None: not known), and seconds until the rest is (None: nothing tells)."""

    done: int
    total: int | None = None
    left: float | None = None

    def to_json(self) -> Json:
        """`{done, total, left}`."""
        return {"done": self.done, "total": self.total, "left": self.left}


@dataclass(frozen=True, slots=True)
class RequestTally:
    """What became of the requests of an attempt.

    `rate` is answers a second of late, None for a job that has ended. `by_status` maps a status to how many requests
    were answered so. `answers` is how many samples were answered, None where only requests are counted. `refused` is a
    sentence when the endpoint does nothing but refuse the key.
    """

    sent: int = 0
    ok: int = 0
    failed: int = 0
    cancelled: int = 0
    retried: int = 0
    cached: int = 0
    in_flight: int = 0
    rate: float | None = None
    by_status: Mapping[str, int] = field(default_factory=dict[str, int])
    answers: int | None = None
    refused: str = ""

    @property
    def answered(self) -> int:
        """How many samples were answered; where that is not known, how many requests."""
        return self.ok if self.answers is None else self.answers

    def to_json(self) -> Json:
        """`{sent, ok, failed, cancelled, retried, cached, in_flight, rate, by_status}`."""
        counts: Json = {name: getattr(self, name) for name in _COUNTS}
        return {**counts, "rate": self.rate, "by_status": dict(self.by_status)}


@dataclass(frozen=True, slots=True)
class JobStatus:
    """How one job stands at one moment. Texts are as they came: whoever shows them cleans them.

    `reason` and `detail` say why it is in its state; `note` what is being done for a job that has not ended.
    `started`, `ended`: UTC ISO 8601. `seconds` is how long it ran or has run, None for one that has not; `lasted` is
    the same, and for one that is being pulled or started how long that has lasted. `overrides` are those of its
    reruns, masked. `log` and `run_dir` are paths. `repeat` is which one it is of a task that runs several times, 0 for
    any other. `reported` is what others report of the task; `smoke`: only its first samples are asked.
    """

    job: str
    invocation: str
    task: str
    state: JobState
    reason: Reason | None = None
    detail: str = ""
    note: str = ""
    attempt: int = 1
    exit_code: int | None = None
    progress: Progress | None = None
    requests: RequestTally | None = None
    started: str | None = None
    ended: str | None = None
    seconds: float | None = None
    lasted: float | None = None
    score: Score | None = None
    log: str = ""
    run_dir: str = ""
    overrides: tuple[str, ...] = ()
    repeat: int = 0
    reported: Expected | None = None
    smoke: bool = False

    @property
    def external(self) -> str:
        """How the score stands against what others report; "" without a score."""
        return standing(self.score, self.reported, smoke=self.smoke) if self.score is not None else ""

    @property
    def title(self) -> str:
        """The task, and which of its repeats this is."""
        return f"{self.task} #{self.repeat}" if self.repeat else self.task

    def to_json(self) -> Json:
        """The object of `status --json`; `detail` is the note where there is no other."""
        return {
            "job": self.job,
            "invocation": self.invocation,
            "task": self.task,
            "state": self.state.value,
            "reason": self.reason.value if self.reason else None,
            "detail": self.detail or self.note,
            "attempt": self.attempt,
            "exit_code": self.exit_code,
            "progress": self.progress.to_json() if self.progress else None,
            "requests": self.requests.to_json() if self.requests else None,
            "started": self.started,
            "ended": self.ended,
            "seconds": self.seconds,
            "score": self.score.to_json() if self.score else None,
            "log": self.log,
            "run_dir": self.run_dir,
            "overrides": list(self.overrides),
            "repeat": self.repeat or None,
            "external": self.external or None,
        }


def status_of(
    spec: JobSpec, view: JobView, live: Json, paths: RunPaths, now: Moment, *, newest: bool = True
) -> JobStatus:
    """How a job stands by its `view` and by `live`, its entry in live.json ({}: nothing is known of it).

    `newest` is False for the view of an attempt that later ones came after: its files were put away.
    """
    files = paths.job(spec.dir_name)
    artifacts, log = files.artifacts, files.stdout
    if not newest:
        kept = files.attempt(view.attempt)
        artifacts, log = kept / artifacts.name, kept / log.relative_to(files.root)
    live = {} if view.state.terminal else live
    tally, seconds = tally_of(view, live), _seconds(view, now)
    return JobStatus(
        job=view.id,
        invocation=view.id.partition(".")[0],
        task=spec.task,
        state=view.state,
        reason=view.reason,
        detail=view.detail,
        note=as_text(live.get("note")),
        attempt=view.attempt,
        exit_code=view.exit_code,
        progress=progress_of(spec, view, live, tally, artifacts, seconds),
        requests=tally,
        started=view.started,
        ended=view.ended,
        seconds=seconds,
        lasted=_lasted(view, seconds, now),
        score=view.score,
        log=str(log),
        run_dir=str(paths.root),
        overrides=view.overrides,
        repeat=spec.repeat,
        reported=spec.reported,
        smoke=spec.limit is not None,
    )


def tally_of(view: JobView, live: Mapping[str, object]) -> RequestTally | None:
    """The requests of the newest attempt: what is counted while it runs, then what the journal keeps; None: nobody."""
    figures = as_tree(live.get("requests"))
    if figures:
        return RequestTally(
            **{name: as_whole(figures.get(name)) or 0 for name in _COUNTS},
            rate=as_amount(figures.get("rate")),
            by_status=_numbers(as_tree(figures.get("by_status"))),
            answers=as_whole(figures.get("answers")),
            refused=as_text(figures.get("refused")),
        )
    if view.requests is None:
        return None
    kept = as_tree(view.requests)
    total, ok = as_whole(kept.get("total")) or 0, as_whole(kept.get("ok")) or 0
    more = {name: as_whole(kept.get(name)) or 0 for name in ("cancelled", "retried", "cached")}
    return RequestTally(
        sent=total + more["cancelled"],
        ok=ok,
        failed=total - ok,
        **more,
        by_status=_numbers(_object(kept.get("by_status"))),
        answers=as_whole(kept.get("answers")),
        refused=as_text(kept.get("refused")),
    )


def progress_of(
    spec: JobSpec,
    view: JobView,
    live: Mapping[str, object],
    tally: RequestTally | None,
    artifacts: Path,
    seconds: float | None,
) -> Progress | None:
    """How far a job is; None when nobody counts.

    Counted are the answers that went through the proxy or, where there were none, what the task's own log or the file
    `progress` that its harness writes into `artifacts` says.
    """
    if view.started is None:
        return None
    done = tally.answered if tally is not None and view.state.terminal else as_whole(live.get("progress"))
    done = done or _harness_count(artifacts) or done
    if done is None:
        return None
    total = as_whole(live.get("total")) or spec.expected
    # A task that asks more than once a sample gives itself away by going past its total, which then means nothing.
    total = None if total is not None and done > total else total
    left = _left(done, total, as_tree(live.get("requests")), seconds) if view.state is JobState.RUNNING else None
    return Progress(done, total, left)


def _harness_count(artifacts: Path) -> int | None:
    text = read_head(artifacts / "progress", 32)
    try:
        return as_whole(int(text)) if text else None
    except ValueError:
        return None


def _left(done: int, total: int | None, figures: Json, seconds: float | None) -> float | None:
    """Seconds until the rest is answered: at the mean rate of the last minute, else as fast as so far."""
    if not done or not total or seconds is None or seconds < _SOON:
        return None
    if "minute_rate" not in figures:
        return round((total - done) * seconds / done, 1)
    rate = as_amount(figures.get("minute_rate"))
    answers, ok, failed = (as_whole(figures.get(name)) or 0 for name in ("answers", "ok", "failed"))
    if not rate or not answers or not ok + failed:
        return None
    # What fails brings no sample nearer; what answers several at once brings several.
    return round((total - done) / (rate * answers / (ok + failed)), 1)


def _seconds(view: JobView, now: Moment) -> float | None:
    if view.state.terminal or view.started is None:
        return view.seconds
    return elapsed(view.started, view.started_mono, view.started_boot, now.wall, now.mono, now.boot)


def _lasted(view: JobView, seconds: float | None, now: Moment) -> float | None:
    waits = view.started is None and view.state in _TIMED and view.since
    return elapsed(view.since, None, "", now.wall, 0.0, "") if waits else seconds


def _object(pairs: object) -> Json:
    """`[[key, number], ...]` as an object; an event that was not written yet has tuples."""
    found = (_listed(pair) for pair in _listed(pairs))
    return {str(pair[0]): pair[1] for pair in found if len(pair) == 2}


def _listed(value: object) -> list[object]:
    return list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else as_items(value)


def _numbers(tree: Json) -> dict[str, int]:
    return {name: times for name, value in tree.items() if (times := as_whole(value)) is not None}
