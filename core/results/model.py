"""Scores, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Metric:
    """One number of a result. `name` is flat: `<task>_<metric>` or `<task>_<metric>_<score>`."""

    name: str
    value: float
    stderr: float | None = None
    n: int | None = None


@dataclass(frozen=True)
class RequestCounts:
    """What the harness itself counted (eval_factory_metrics.json); status codes as text."""

    total: int = 0
    ok: int = 0
    by_status: tuple[tuple[str, int], ...] = ()
    finish_reasons: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Score:
    """The figure shown for a job. `valid` is False when the requests behind it failed; `why` says so."""

    metric: str
    value: float
    stderr: float | None = None
    n: int | None = None
    valid: bool = True
    why: str = ""


@dataclass(frozen=True)
class JobResult:
    """Everything a finished job wrote that evaldock understands."""

    metrics: tuple[Metric, ...] = ()
    score: Score | None = None
    requests: RequestCounts | None = None


@dataclass(frozen=True)
class NoResult:
    """Why there is no result: `reason` is `no_results` or `no_valid_requests`, `detail` one sentence."""

    reason: str
    detail: str
    requests: RequestCounts | None = field(default=None)
