"""What is counted for one attempt of a job. Everything on the way of a request is a few additions."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import cast

from ..config.model import Tree

_PER_OCTAVE = 16
_SMALLEST = 1e-5  # seconds: the lower end of the first bucket
_BUCKETS = 32 * _PER_OCTAVE
_WINDOW = 60
_KEPT_ERRORS = 5
_COUNTS = ("sent", "ok", "failed", "cancelled", "retried", "cached", "unauthorized", "tokens_in", "tokens_out")


class Histogram:
    """Durations in buckets that are 4.4 % wide, so a quantile is right to about 2 %, from 10 us to 12 hours."""

    __slots__ = ("_counts", "total")

    def __init__(self) -> None:
        self._counts = [0] * _BUCKETS
        self.total = 0

    def add(self, seconds: float) -> None:
        """Count one duration."""
        place = int(math.log2(seconds / _SMALLEST) * _PER_OCTAVE) if seconds > _SMALLEST else 0
        self._counts[min(place, _BUCKETS - 1)] += 1
        self.total += 1

    def quantile(self, part: float) -> float:
        """Seconds below which `part` (0..1) of the durations lie; 0.0 when there are none."""
        wanted = part * self.total
        seen = 0
        for place, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return _SMALLEST * 2.0 ** ((place + 0.5) / _PER_OCTAVE)
        return 0.0

    def to_json(self) -> dict[str, float] | None:
        """p50, p90 and p99 in milliseconds; None when nothing was counted."""
        if not self.total:
            return None
        return {f"p{n}": round(self.quantile(n / 100) * 1000, 3) for n in (50, 90, 99)}


class Rates:
    """Events in each of the last 60 seconds."""

    __slots__ = ("_last", "_ring")

    def __init__(self) -> None:
        self._ring = [0] * _WINDOW
        self._last = 0

    def add(self, now: float) -> None:
        """Count one event at `now` (monotonic seconds)."""
        second = int(now)
        if second != self._last:
            self._roll(second)
        self._ring[second % _WINDOW] += 1

    def _roll(self, second: int) -> None:
        for step in range(min(second - self._last, _WINDOW)):
            self._ring[(second - step) % _WINDOW] = 0
        self._last = second

    def listed(self, now: float) -> list[int]:
        """Oldest first; the last one is the current second."""
        second = int(now)
        if second > self._last:
            self._roll(second)
        return [self._ring[(second + 1 + step) % _WINDOW] for step in range(_WINDOW)]


class Figures:
    """The counters of one attempt. `version` grows with each change.

    Every request ends in exactly one of `ok` (answered below 400), `failed` (answered 400 or more, the proxy's own
    502 and 504 included) and `cancelled` (the harness hung up); `by_status` counts the answers that were not cached.
    Tokens are those that the endpoint made: a cached answer counts its finish reason only.
    """

    def __init__(self) -> None:
        self.sent = self.in_flight = self.ok = self.failed = self.cancelled = 0
        self.retried = self.cached = self.unauthorized = 0
        self.tokens_in = self.tokens_out = 0
        self.by_status: dict[int, int] = {}
        self.finish_reasons: dict[str, int] = {}
        self.fatal: str | None = None
        self.version = 0
        self._errors: dict[str, int] = {}
        self._latency = Histogram()
        self._ttft = Histogram()
        self._rates = Rates()

    def begin(self) -> None:
        """A request came in."""
        self.sent += 1
        self.in_flight += 1
        self.version += 1

    def answered(self, status: int, started: float, *, cached: bool = False) -> None:
        """A request that came in at `started` (monotonic) was answered."""
        now = time.monotonic()
        if status < 400:
            self.ok += 1
        else:
            self.failed += 1
        if cached:
            self.cached += 1
        else:
            self.by_status[status] = self.by_status.get(status, 0) + 1
        self._latency.add(now - started)
        self._rates.add(now)
        self._ended()

    def broken(self) -> None:
        """A streamed answer ended before its end."""
        self.failed += 1
        self.by_status[502] = self.by_status.get(502, 0) + 1
        self._ended()

    def gone(self) -> None:
        """The harness hung up before its answer was complete."""
        self.cancelled += 1
        self._ended()

    def _ended(self) -> None:
        self.in_flight -= 1
        self.version += 1

    def retry(self) -> None:
        """One more attempt at the endpoint for the same request."""
        self.retried += 1
        self.version += 1

    def first_token(self, started: float) -> None:
        """The first bytes of a streamed answer are here."""
        self._ttft.add(time.monotonic() - started)

    def error(self, sentence: str) -> None:
        """Remember a sentence; the newest five different ones are kept."""
        self._errors[sentence] = self._errors.pop(sentence, 0) + 1
        if len(self._errors) > _KEPT_ERRORS:
            del self._errors[next(iter(self._errors))]
        self.version += 1

    def count(self, answer: object, *, tokens: bool = True) -> None:
        """Take usage and finish reasons from an answer, or from an event of a streamed one, in OpenAI's shape."""
        if not isinstance(answer, dict):
            return
        tree = cast("dict[str, object]", answer)
        usage = tree.get("usage")
        if tokens and isinstance(usage, dict):
            self._count_usage(cast("dict[str, object]", usage))
        choices = tree.get("choices")
        if isinstance(choices, list):
            for choice in cast("list[object]", choices):
                reason = cast("dict[str, object]", choice).get("finish_reason") if isinstance(choice, dict) else None
                if isinstance(reason, str):
                    self.finish_reasons[reason] = self.finish_reasons.get(reason, 0) + 1

    def _count_usage(self, usage: dict[str, object]) -> None:
        given = usage.get("prompt_tokens", usage.get("input_tokens"))
        made = usage.get("completion_tokens", usage.get("output_tokens"))
        self.tokens_in += given if isinstance(given, int) else 0
        self.tokens_out += made if isinstance(made, int) else 0

    def lively(self) -> bool:
        """Whether `to_json` still changes by itself, as the last minute's rates do."""
        return any(self._rates.listed(time.monotonic()))

    def to_json(self) -> Tree:
        """The object that `requests.json` and `requests-live.json` hold."""
        result: Tree = {name: getattr(self, name) for name in _COUNTS}
        return result | {
            "in_flight": self.in_flight,
            "by_status": {str(status): n for status, n in sorted(self.by_status.items())},
            "finish_reasons": dict(self.finish_reasons),
            "latency_ms": self._latency.to_json() or {"p50": 0.0, "p90": 0.0, "p99": 0.0},
            "ttft_ms": self._ttft.to_json(),
            "rates": self._rates.listed(time.monotonic()),
            "last_errors": [text if n == 1 else f"{text} ({n} times)" for text, n in self._errors.items()],
            "fatal": self.fatal,
        }

    def restore(self, saved: Mapping[str, object]) -> None:
        """Go on from the counters that an earlier proxy of the same attempt wrote down."""
        for name in _COUNTS:
            setattr(self, name, _number(saved.get(name)))
        # What was in flight when the earlier proxy died was never answered.
        self.cancelled += max(0, self.sent - self.ok - self.failed - self.cancelled)
        self.by_status = {int(k): n for k, n in _numbers(saved.get("by_status")).items() if k.isdigit()}
        self.finish_reasons = _numbers(saved.get("finish_reasons"))
        errors = saved.get("last_errors")
        for text in cast("list[object]", errors) if isinstance(errors, list) else []:
            self._errors[str(text)] = 1
        fatal = saved.get("fatal")
        self.fatal = fatal if isinstance(fatal, str) else None


def _number(value: object) -> int:
    return value if isinstance(value, int) and value >= 0 else 0


def _numbers(value: object) -> dict[str, int]:
    tree = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    return {key: _number(inner) for key, inner in tree.items()}
