"""The state of a run, folded from its events. Pure: no clock, no file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ..base.clock import parse_iso
from ..base.narrow import Json
from ..plan.spec import Plan
from .events import (
    EngineStarted,
    EngineStopped,
    Event,
    JobChanged,
    JobState,
    KillRequested,
    Paused,
    Reason,
    RerunRequested,
    RunCreated,
    RunFinished,
    Unpaused,
)
from .score import Score

_NOT_STARTED = frozenset((JobState.QUEUED, JobState.PULLING, JobState.STARTING))


@dataclass(frozen=True, slots=True)
class JobView:
    """One job's newest attempt.

    `since` is when it came into its state, `started` when it began to run (not to pull), `ended` when it became
    terminal: UTC ISO 8601, or "" and None.
    `seconds` is the final duration, None until the end and for jobs that never ran. `started_mono` counts on
    the clock of the boot `started_boot`. `kill_requested`: 0 no, 1 asked to stop, 2 asked to die at once.
    `overrides` are those of its reruns, which add up (masked); `amended` are the attempts that brought some.
    """

    id: str
    task: str
    state: JobState = JobState.QUEUED
    reason: Reason | None = None
    detail: str = ""
    attempt: int = 1
    exit_code: int | None = None
    started: str | None = None
    ended: str | None = None
    started_mono: float | None = None
    started_boot: str = ""
    seconds: float | None = None
    container: str = ""
    image_id: str = ""
    score: Score | None = None
    kill_requested: int = 0
    requests: Json | None = None
    overrides: tuple[str, ...] = ()
    amended: tuple[int, ...] = ()
    since: str = ""


@dataclass(frozen=True, slots=True)
class RunState:
    """A whole run at one moment.

    `jobs` maps a job id to its view, in plan order. `engine_pid` is what the newest engine said of itself;
    whether it still lives is a question for `Run.engine_alive`. `worked` is how many seconds engines were at work on
    the run until `since`, when the newest one came ("" when it has left); `newest` is when the last thing happened.
    """

    invocation: str
    jobs: Mapping[str, JobView] = field(default_factory=dict[str, JobView])
    created: str = ""
    engine_pid: int | None = None
    boot_id: str = ""
    stopped: str = ""
    paused: bool = False
    finished: bool = False
    worked: float = 0.0
    since: str = ""
    newest: str = ""

    @classmethod
    def empty(cls, plan: Plan) -> RunState:
        """The state before anything happened: every job queued at attempt 1."""
        return cls(plan.invocation, {job.id: JobView(job.id, job.task) for job in plan.jobs})

    def apply(self, event: Event) -> RunState:
        """The state after `event`. Total: an event that makes no sense here changes nothing."""
        return self.fold((event,))

    def fold(self, events: Iterable[Event]) -> RunState:
        """The state after `events`, in order; the same as `apply` on each, but fast."""
        jobs = dict(self.jobs)
        state = self
        newest = self.newest
        for event in events:
            if isinstance(event, JobChanged):
                view = jobs.get(event.job)
                after = view and _changed(view, event, state.boot_id)
                if after is not None and after is not view:
                    jobs[event.job], newest = after, event.at
            elif isinstance(event, KillRequested):
                view = jobs.get(event.job)
                if view is not None:
                    jobs[event.job] = _killed(view, event)
            elif isinstance(event, RerunRequested):
                view = jobs.get(event.job)
                if view is not None and view.state.terminal and event.attempt == view.attempt + 1:
                    jobs[event.job] = _anew(view, event.attempt, event.overrides)
                    state = replace(state, finished=False)
            else:
                state = replace(state, newest=newest)._run_event(event)
                newest = state.newest
        return replace(state, jobs=jobs, newest=newest)

    def _run_event(self, event: Event) -> RunState:
        match event:
            case RunCreated():
                return replace(self, created=event.at)
            case EngineStarted():
                # An engine that died said nothing: it was at work until the last thing that it wrote down.
                told = self._left(self.newest)
                return replace(told, engine_pid=event.pid, boot_id=event.boot_id, stopped="", since=event.at)
            case EngineStopped():
                return replace(self._left(event.at), engine_pid=None, stopped=event.why)
            case Paused():
                return replace(self, paused=True)
            case Unpaused():
                return replace(self, paused=False)
            case RunFinished():
                return replace(self, finished=True)
            case _:
                return self

    def _left(self, at: str) -> RunState:
        return replace(self, worked=self.seconds(at), since="", newest=at or self.newest)

    def seconds(self, at: str) -> float:
        """How many seconds engines were at work on the run until `at`, when one is at it now; never negative."""
        begin, end = parse_iso(self.since), parse_iso(at)
        return self.worked + (max(0.0, (end - begin).total_seconds()) if begin and end else 0.0)

    @property
    def done(self) -> bool:
        """Whether every job is terminal."""
        return all(view.state.terminal for view in self.jobs.values())

    @property
    def counts(self) -> dict[JobState, int]:
        """How many jobs are in each state; states that no job is in are left out."""
        out: dict[JobState, int] = {}
        for view in self.jobs.values():
            out[view.state] = out.get(view.state, 0) + 1
        return out


def _anew(view: JobView, attempt: int, overrides: tuple[str, ...] = ()) -> JobView:
    return JobView(
        view.id,
        view.task,
        attempt=attempt,
        overrides=(*view.overrides, *overrides),
        amended=(*view.amended, attempt) if overrides else view.amended,
    )


def _killed(view: JobView, event: KillRequested) -> JobView:
    if view.state.terminal or event.attempt != view.attempt:
        return view
    return replace(view, kill_requested=max(view.kill_requested, 2 if event.force else 1))


def _changed(view: JobView, event: JobChanged, boot: str) -> JobView:
    if event.attempt > view.attempt:
        # The request for this attempt is missing (a lost line): the attempt exists all the same.
        view = _anew(view, event.attempt)
    elif event.attempt < view.attempt or view.state.terminal:
        return view
    started, mono, started_boot = view.started, view.started_mono, view.started_boot
    if event.state in _NOT_STARTED:
        started, mono, started_boot = None, None, ""
    elif event.state is JobState.RUNNING and started is None:
        started, mono, started_boot = event.at, event.mono, boot
    terminal = event.state.terminal
    return JobView(
        id=view.id,
        task=view.task,
        state=event.state,
        reason=event.reason,
        detail=event.detail,
        attempt=view.attempt,
        exit_code=view.exit_code if event.exit_code is None else event.exit_code,
        started=started,
        ended=event.at if terminal else None,
        started_mono=mono,
        started_boot=started_boot,
        seconds=_duration(started, mono, started_boot, event, boot) if terminal else None,
        container=event.container or view.container,
        image_id=event.image_id or view.image_id,
        score=view.score if event.score is None else event.score,
        kill_requested=view.kill_requested,
        requests=view.requests if event.requests is None else event.requests,
        overrides=view.overrides,
        amended=view.amended,
        since=event.at,
    )


def _duration(started: str | None, mono: float | None, started_boot: str, end: JobChanged, boot: str) -> float | None:
    if started is None:
        return None
    return elapsed(started, mono, started_boot, end.at, end.mono, boot)


def elapsed(
    started: str, started_mono: float | None, started_boot: str, at: str, mono: float, boot: str
) -> float | None:
    """Seconds between two moments, never negative; None when neither clock can tell.

    The monotonic clock decides within one boot, because the wall clock may be set; else wall time.
    """
    if boot and boot == started_boot and started_mono is not None:
        return round(max(0.0, mono - started_mono), 3)
    begin, end = parse_iso(started), parse_iso(at)
    if begin is None or end is None:
        return None
    return round(max(0.0, (end - begin).total_seconds()), 3)
