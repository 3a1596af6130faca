"""What can happen to a run: the lines of its journal."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from ..base.narrow import Json
from .score import Score


class JobState(StrEnum):
    """Where a job stands. The last five are terminal: written once per attempt."""

    QUEUED = "queued"
    PULLING = "pulling"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    KILLED = "killed"
    LOST = "lost"
    SKIPPED = "skipped"

    @property
    def terminal(self) -> bool:
        """Whether nothing more happens to this attempt."""
        return self in _TERMINAL


_TERMINAL = frozenset((JobState.SUCCEEDED, JobState.FAILED, JobState.KILLED, JobState.LOST, JobState.SKIPPED))


class Reason(StrEnum):
    """Why a job is in its state, as one word; `detail` says it in a sentence."""

    EXIT_NONZERO = "exit_nonzero"
    OOM = "oom"
    SIGNAL = "signal"
    IMAGE_NOT_FOUND = "image_not_found"
    PULL_AUTH = "pull_auth"
    PULL_NETWORK = "pull_network"
    DISK_FULL = "disk_full"
    START_FAILED = "start_failed"
    PORT_CONFLICT = "port_conflict"
    DAEMON_STOPPED = "daemon_stopped"
    HOST_REBOOT = "host_reboot"
    NO_RESULTS = "no_results"
    NO_VALID_REQUESTS = "no_valid_requests"
    UNAUTHORIZED = "unauthorized"
    INTERCEPTOR = "interceptor"
    TIMEOUT = "timeout"
    QUOTA = "quota"
    USER = "user"
    REMOVED = "removed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class RunCreated:
    """The run's directory was made. `at`, here and below, is UTC ISO 8601 with milliseconds."""

    invocation: str
    at: str

    def to_json(self) -> Json:
        """The journal line as an object."""
        return {"e": "run_created", "at": self.at, "invocation": self.invocation}


@dataclass(frozen=True, slots=True)
class EngineStarted:
    """An engine took the run; `boot_id` names the boot whose monotonic clock later events use."""

    pid: int
    boot_id: str
    at: str

    def to_json(self) -> Json:
        """The journal line as an object."""
        return {"e": "engine_started", "at": self.at, "pid": self.pid, "boot_id": self.boot_id}


@dataclass(frozen=True, slots=True)
class EngineStopped:
    """The engine let go of the run in good order; `why` is free text."""

    at: str
    why: str = ""

    def to_json(self) -> Json:
        """The journal line as an object."""
        return {"e": "engine_stopped", "at": self.at, "why": self.why}


@dataclass(frozen=True, slots=True)
class JobChanged:
    """A job came into `state`.

    `attempt` counts from 1, `mono` is `time.monotonic()` in seconds; `requests` is what was counted of its requests.
    """

    job: str
    attempt: int
    state: JobState
    at: str
    mono: float
    reason: Reason | None = None
    detail: str = ""
    exit_code: int | None = None
    container: str = ""
    image_id: str = ""
    score: Score | None = None
    requests: Json | None = None

    def to_json(self) -> Json:
        """The journal line as an object; what is unset is left out."""
        out: Json = {
            "e": "job",
            "at": self.at,
            "mono": round(self.mono, 3),
            "job": self.job,
            "attempt": self.attempt,
            "state": self.state.value,
        }
        optional: Json = {
            "reason": self.reason.value if self.reason else None,
            "detail": self.detail or None,
            "exit_code": self.exit_code,
            "container": self.container or None,
            "image_id": self.image_id or None,
            "score": _finite(self.score.to_json() if self.score else None),
            "requests": _finite(self.requests),
        }
        out.update((key, value) for key, value in optional.items() if value is not None)
        return out


@dataclass(frozen=True, slots=True)
class KillRequested:
    """Somebody asked to end this attempt; `force` means at once (SIGKILL)."""

    job: str
    attempt: int
    force: bool
    at: str

    def to_json(self) -> Json:
        """The journal line as an object."""
        return {"e": "kill", "at": self.at, "job": self.job, "attempt": self.attempt, "force": self.force}


@dataclass(frozen=True, slots=True)
class RerunRequested:
    """Somebody asked for a new attempt; `attempt` is the new number.

    With `overrides` (masked, for people to read) it runs by a spec of its own, which lies in the job's `specs/`.
    """

    job: str
    attempt: int
    at: str
    overrides: tuple[str, ...] = ()

    def to_json(self) -> Json:
        """The journal line as an object."""
        line: Json = {"e": "rerun", "at": self.at, "job": self.job, "attempt": self.attempt}
        return line | {"overrides": list(self.overrides)} if self.overrides else line


@dataclass(frozen=True, slots=True)
class Paused:
    """No further job is started."""

    at: str

    def to_json(self) -> Json:
        """The journal line as an object."""
        return {"e": "paused", "at": self.at}


@dataclass(frozen=True, slots=True)
class Unpaused:
    """Jobs are started again."""

    at: str

    def to_json(self) -> Json:
        """The journal line as an object."""
        return {"e": "unpaused", "at": self.at}


@dataclass(frozen=True, slots=True)
class RunFinished:
    """Every job is terminal."""

    at: str

    def to_json(self) -> Json:
        """The journal line as an object."""
        return {"e": "run_finished", "at": self.at}


Event = (
    RunCreated
    | EngineStarted
    | EngineStopped
    | JobChanged
    | KillRequested
    | RerunRequested
    | Paused
    | Unpaused
    | RunFinished
)


def event_from_json(line: object) -> Event | None:
    """The event that a journal object holds; None for what is no event of a kind that this version knows.

    Raises ValueError when a known kind lacks something that it needs.
    """
    if not isinstance(line, dict):
        return None
    data = cast(Json, line)
    reader = _READERS.get(str(data.get("e")))
    return reader(data) if reader else None


def _finite(value: Json | None) -> Json | None:
    # NaN and infinities are not JSON: other programs could not read the journal.
    if value is None:
        return None
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in value.items()}


def _text(data: Mapping[str, object], key: str) -> str:
    value = data.get(key, "")
    return value if isinstance(value, str) else ""


def _need(data: Mapping[str, object], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} is missing")
    return value


def _attempt(data: Mapping[str, object]) -> int:
    value = data.get("attempt")
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError("attempt is not a number from 1")
    return value


def _integer(data: Mapping[str, object], key: str) -> int | None:
    value = data.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _object(data: Mapping[str, object], key: str) -> Json | None:
    value = data.get(key)
    return cast(Json, value) if isinstance(value, dict) else None


def _texts(data: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = data.get(key)
    return tuple(str(item) for item in cast("list[object]", value)) if isinstance(value, list) else ()


def _mono(data: Mapping[str, object]) -> float:
    value = data.get("mono")
    try:
        number = float(value) if isinstance(value, (int, float)) else 0.0
    except OverflowError:
        return 0.0
    return number if math.isfinite(number) else 0.0


_REASONS = {reason.value: reason for reason in Reason}


def _job_changed(data: Json) -> JobChanged:
    # A reason of a newer version must not hide that the job changed, so an unknown one is dropped.
    return JobChanged(
        job=_need(data, "job"),
        attempt=_attempt(data),
        state=JobState(data.get("state")),
        at=_need(data, "at"),
        mono=_mono(data),
        reason=_REASONS.get(_text(data, "reason")),
        detail=_text(data, "detail"),
        exit_code=_integer(data, "exit_code"),
        container=_text(data, "container"),
        image_id=_text(data, "image_id"),
        score=Score.from_json(data.get("score")),
        requests=_object(data, "requests"),
    )


def _kill(data: Json) -> KillRequested:
    return KillRequested(_need(data, "job"), _attempt(data), data.get("force") is True, _text(data, "at"))


def _rerun(data: Json) -> RerunRequested:
    return RerunRequested(_need(data, "job"), _attempt(data), _text(data, "at"), _texts(data, "overrides"))


def _engine_started(data: Json) -> EngineStarted:
    return EngineStarted(_integer(data, "pid") or 0, _text(data, "boot_id"), _text(data, "at"))


_READERS: dict[str, Callable[[Json], Event]] = {
    "job": _job_changed,
    "kill": _kill,
    "rerun": _rerun,
    "engine_started": _engine_started,
    "engine_stopped": lambda data: EngineStopped(_text(data, "at"), _text(data, "why")),
    "run_created": lambda data: RunCreated(_text(data, "invocation"), _text(data, "at")),
    "paused": lambda data: Paused(_text(data, "at")),
    "unpaused": lambda data: Unpaused(_text(data, "at")),
    "run_finished": lambda data: RunFinished(_text(data, "at")),
}
