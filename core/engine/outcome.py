"""From how a container ended to what that means for its job. Pure, so that every case can be tested by a table."""

from __future__ import annotations

import signal
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..results.counts import none_succeeded, told
from ..results.model import JobResult, NoResult, Score
from ..run.events import JobState, Reason
from .executor import Exit, JobProblem

_POWER_LOSS = 255
_CUT_OFF = (137, 143, _POWER_LOSS)
NEVER_RAN = NoResult("no_results", "it never ran")


@dataclass(frozen=True)
class Stop:
    """Why a job was stopped although it could have gone on: its requests say that it cannot succeed."""

    reason: Reason
    detail: str


@dataclass(frozen=True)
class Ending:
    """Everything that decides an outcome; `exit` is None when somebody removed the container under us.

    `kill_level` is 0 without a recorded kill request. `interrupted` tells that the harness itself noted that a
    signal cut it short. `rebooted` tells that the host was restarted since the container began. `failing` is the line
    of its log that says why it failed, "" when none does.
    """

    exit: Exit | None
    result: JobResult | NoResult
    kill_level: int = 0
    timed_out: float | None = None
    interrupted: bool = False
    rebooted: bool = False
    stop: Stop | None = None
    failing: str = ""


@dataclass(frozen=True)
class Outcome:
    """The terminal record of one attempt."""

    state: JobState
    reason: Reason | None = None
    detail: str = ""
    exit_code: int | None = None
    score: Score | None = None
    requests: dict[str, Any] | None = None


def from_problem(problem: JobProblem) -> Outcome:
    """A job that never got as far as running."""
    return Outcome(JobState.FAILED, problem.reason, problem.detail)


def decide(end: Ending) -> Outcome:
    """The outcome of a container that ran, with the counts of its requests.

    `killed` follows only from a recorded request, never from an exit code: the daemon's own shutdown and a
    program's `exit 137` look the same. An exit 0 with a result that came before the signal is a success, but never
    for a job that was to be stopped for what its requests got.
    """
    outcome = _gone(end) if end.exit is None else _ended(end, end.exit)
    counts = end.result.requests
    return replace(outcome, requests=asdict(counts)) if counts is not None else outcome


def _ended(end: Ending, exit: Exit) -> Outcome:
    code = exit.code
    if code == 0 and not end.interrupted and isinstance(end.result, JobResult) and end.stop is None:
        return _success(exit, end.result)
    if end.kill_level:
        return Outcome(JobState.KILLED, Reason.USER, "killed on request", code)
    if end.timed_out is not None:
        return Outcome(JobState.FAILED, Reason.TIMEOUT, f"timed out after {end.timed_out:g} s", code)
    if end.stop is not None:
        return Outcome(JobState.FAILED, end.stop.reason, end.stop.detail, code)
    if exit.oom:
        return Outcome(
            JobState.FAILED, Reason.OOM, f"out of memory, exit {code}: raise execution.resources.memory", code
        )
    if (end.rebooted and code in _CUT_OFF) or (exit.outage and code == _POWER_LOSS):
        return Outcome(JobState.LOST, Reason.HOST_REBOOT, "the machine went down while it ran", code)
    if exit.outage and code in _CUT_OFF:
        return Outcome(JobState.FAILED, Reason.DAEMON_STOPPED, f"Docker was stopped while it ran, exit {code}", code)
    return _own_failure(end, code)


def _own_failure(end: Ending, code: int) -> Outcome:
    assert end.exit is not None
    if end.exit.error:
        return Outcome(JobState.FAILED, Reason.START_FAILED, end.exit.error, code)
    if code > 128:
        return Outcome(JobState.FAILED, Reason.SIGNAL, f"exit {code} ({_signal_name(code - 128)})", code)
    refused = end.result.requests.refused if end.result.requests is not None else ""
    if code != 0 and refused:
        return Outcome(JobState.FAILED, Reason.UNAUTHORIZED, refused, code)
    if code != 0:
        return Outcome(JobState.FAILED, Reason.EXIT_NONZERO, f"exit {code}: {_last_words(end)}", code)
    if end.interrupted:
        return Outcome(JobState.FAILED, Reason.INTERRUPTED, "stopped from outside evaldock", 0)
    assert isinstance(end.result, NoResult)
    return Outcome(JobState.FAILED, Reason(end.result.reason), end.result.detail, 0)


def _last_words(end: Ending) -> str:
    counts = end.result.requests
    if counts is not None and counts.total and not counts.answered:
        return f"n{none_succeeded(counts)}.{told(counts)}"
    if end.exit is not None and end.exit.silent:
        return "it printed nothing"
    return end.failing or "the end of its log says why"


def _success(exit: Exit, result: JobResult) -> Outcome:
    return Outcome(
        JobState.SUCCEEDED,
        detail="the kernel's OOM killer ended one of its processes" if exit.oom else result.note,
        exit_code=0,
        score=result.score,
    )


def _gone(end: Ending) -> Outcome:
    if end.kill_level:
        return Outcome(JobState.KILLED, Reason.USER, "killed on request")
    if end.rebooted:
        return Outcome(JobState.LOST, Reason.HOST_REBOOT, "the machine went down while it ran")
    return Outcome(JobState.LOST, Reason.REMOVED, "its container was removed from outside evaldock")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
