"""Scores, as frozen values."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from ..catalog.measure import Direction, Unit
from ..run.score import Score, Validity
from ..statistics.interval import Interval
from .numbers import as_number, unknown_value

__all__ = ["JobResult", "Metric", "NoResult", "RequestCounts", "Score", "Validity"]


@dataclass(frozen=True)
class Metric:
    """One number of a result. `name` is flat: `<task>_<metric>` or `<task>_<metric>_<score>`.

    `n` items were each asked `repeats` times; an `n` of 0 is no result. `evidence` is the file with the samples whose
    mean `value` is, "" where there is none; `note` is a sentence about that. Shares are fractions, never percentages.
    `unknown` is what the harness wrote in place of a number, and `value` then NaN; "" for a figure that is one.
    """

    name: str
    value: float
    stderr: float | None = None
    n: int | None = None
    unit: Unit = Unit.NUMBER
    direction: Direction = Direction.UNKNOWN
    repeats: int = 1
    interval: Interval | None = None
    evidence: str = ""
    note: str = ""
    unknown: str = ""

    @classmethod
    def read(cls, name: str, raw: object, stderr: float | None = None, n: int | None = None) -> Metric:
        """The figure that a harness wrote as `raw`, whatever that is."""
        value = as_number(raw)
        if value is not None:
            return cls(name, value, stderr, n)
        said = unknown_value(raw)
        return cls(name, math.nan, n=n, note=f"Its value is {said}.", unknown=said)


@dataclass(frozen=True)
class RequestCounts:
    """What was counted of a job's requests, by the proxy or by the harness itself; status codes as text.

    Only the proxy knows the rest, None otherwise: `answers` is how many samples were answered, `unanswered` how many
    requests failed and were not repeated with success. `gaps`: the proxy was lost so often meanwhile, and some counts
    with it. `refused`: a sentence when the endpoint did nothing but refuse the key. `cancelled` requests were given up
    by the harness and are no part of `total`; `retried` counts the proxy's own repetitions, `cached` answers from its
    cache, `passed_over` failures of interceptors. `last_error` is a sentence about the failure that was last.
    `cut` answers were cut off by the token limit, `empty` ones hold nothing although they were not, `thought` of those
    reasoning alone; of `unended` ones nothing says why they ended.
    """

    total: int = 0
    ok: int = 0
    by_status: tuple[tuple[str, int], ...] = ()
    finish_reasons: tuple[tuple[str, int], ...] = ()
    answers: int | None = None
    unanswered: int | None = None
    gaps: int = 0
    refused: str = ""
    cancelled: int = 0
    retried: int = 0
    cached: int = 0
    passed_over: int = 0
    last_error: str = ""
    cut: int | None = None
    empty: int = 0
    thought: int = 0
    unended: int = 0

    @property
    def cut_off(self) -> int:
        """How many answers the token limit cut off."""
        return dict(self.finish_reasons).get("length", 0) if self.cut is None else self.cut

    @property
    def answered(self) -> int:
        """How many samples were answered; where that is not known, how many requests."""
        return self.ok if self.answers is None else self.answers


@dataclass(frozen=True)
class JobResult:
    """Everything a finished job wrote that evaldock understands. `note` is a sentence where there is no score."""

    metrics: tuple[Metric, ...] = ()
    score: Score | None = None
    requests: RequestCounts | None = None
    note: str = ""


@dataclass(frozen=True)
class NoResult:
    """Why there is none: `reason` is `no_results`, `no_valid_requests` or `unauthorized`, `detail` one sentence."""

    reason: str
    detail: str
    requests: RequestCounts | None = field(default=None)
