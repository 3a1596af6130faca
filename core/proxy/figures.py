"""What is counted for one attempt of a job. Everything on the way of a request is a few additions."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import cast

from ..base.clock import utc_iso
from ..config.model import Tree
from .contents import Contents
from .histogram import QUANTILES, Histogram
from .unanswered import Unanswered

_WINDOW = 60
_KEPT_ERRORS = 5
_FEW = 8
_REASONS = 32
_NAME = 100
_LARGEST = 1 << 53
# A gateway may turn a request away for once; as many as this, and no answer among them, are the key's fault. What is
# forbidden may also be the content of a request.
_REFUSALS = {401: 3, 403: 10}
_COUNTS = (
    *("sent", "ok", "failed", "cancelled", "answers", "retried", "cached", "unauthorized", "filtered"),
    *("tokens_in", "tokens_out", "gaps", "passed_over"),
    *("cut", "empty", "thought", "unended"),
)


class Rates:
    """Events in each of the last 60 seconds."""

    __slots__ = ("_last", "_ring")

    def __init__(self) -> None:
        self._ring = [0] * _WINDOW
        self._last = 0

    def add(self, now: float) -> None:
        """Count one event at `now` (monotonic seconds)."""
        self._ring[self._at(now) % _WINDOW] += 1

    def _at(self, now: float) -> int:
        """The second of `now`; those that went by without an event are emptied."""
        second = int(now)
        for step in range(min(second - self._last, _WINDOW)):
            self._ring[(second - step) % _WINDOW] = 0
        self._last = max(second, self._last)
        return second

    def listed(self, now: float) -> list[int]:
        """Oldest first; the last one is the current second."""
        second = self._at(now)
        return [self._ring[(second + 1 + step) % _WINDOW] for step in range(_WINDOW)]

    def mean(self, now: float, since: float, span: int = _WINDOW - 1) -> float:
        """Events a second in the last `span` complete seconds, or since `since` when that was later."""
        second = self._at(now)
        known = max(1, min(span, second - int(since)))
        return round(sum(self._ring[(second - step) % _WINDOW] for step in range(1, known + 1)) / known, 3)

    def recent(self, now: float, since: float) -> float:
        """Events a second of late: of the shortest time that has a few events in it."""
        for span in (5, 15):
            mean = self.mean(now, since, span)
            if mean * span >= _FEW:
                return mean
        return self.mean(now, since)


class Figures:
    """The counters of one attempt. `version` grows with each change.

    Every request ends in exactly one of `ok` (answered below 400, with an answer in it), `failed` (answered 400 or
    more, the proxy's own 502 and 504 included, or without an answer) and `cancelled` (the harness hung up); `by_status`
    counts the answers that were not cached. `filtered` are choices that a content filter of the endpoint's withheld.
    `attempts` counts what the endpoint did each time it was asked, retries included: by status, `none` for no answer.
    `cut`, `empty`, `thought` and `unended` count answers as the harness got them, see `Contents`.
    `answers` are the choices in answers to POST requests: with one sample a request, the samples that were answered.
    Tokens are those that the endpoint made: a cached answer counts its finish reason only.
    `models` are the first few names that the answers give the model.
    `gaps`: how often a proxy died during the attempt; up to a second of its counts is missing each time.
    `passed_over`: how often an interceptor failed, so that a request or answer went on as it was.
    """

    def __init__(self) -> None:
        self.sent = self.in_flight = self.ok = self.failed = self.cancelled = self.answers = 0
        self.retried = self.cached = self.unauthorized = self.gaps = self.passed_over = self.filtered = 0
        self.tokens_in = self.tokens_out = 0
        self.cut = self.empty = self.thought = self.unended = 0
        self.by_status: dict[int, int] = {}
        self.attempts: dict[int, int] = {}
        self.finish_reasons: dict[str, int] = {}
        self.models: list[str] = []
        self.unanswered = Unanswered()
        self.fatal: str | None = None
        self.fatal_reason = ""
        self.version = 0
        self._refused = ""
        self._first: str | None = None
        self._since = 0.0
        self._errors: dict[str, int] = {}
        self._latency = Histogram()
        self._ttft = Histogram()
        self._rates = Rates()

    def begin(self) -> None:
        """A request came in."""
        if not self._since:
            self._first = self._first or utc_iso()
            self._since = time.monotonic()
        self.sent += 1
        self.in_flight += 1
        self.version += 1

    def answered(
        self, status: int, started: float, *, cached: bool = False, answers: int = 0, hollow: bool = False
    ) -> None:
        """A request that came in at `started` (monotonic) was answered, with so many `answers` in it.

        `hollow`: it should have held one, and does not.
        """
        now = time.monotonic()
        if status < 400 and not hollow:
            self.ok += 1
            self.answers += answers
        else:
            self.failed += 1
        if cached:
            self.cached += 1
        else:
            self.by_status[status] = self.by_status.get(status, 0) + 1
        self._latency.add(now - started)
        self._rates.add(now)
        self._ended()

    def take(self, found: Contents) -> None:
        """Count what is in an answer that the harness gets."""
        self.cut += found.cut
        self.empty += found.empty
        self.thought += found.thought
        self.unended += found.unended

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

    def attempt(self, status: int) -> None:
        """The endpoint was asked, and answered with `status`; 0 when there was no whole answer."""
        self.attempts[status] = self.attempts.get(status, 0) + 1

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

    def pass_over(self, sentence: str) -> None:
        """An interceptor failed, as `sentence` says."""
        self.passed_over += 1
        self.error(sentence)

    def end_by_interceptor(self, sentence: str) -> None:
        """An interceptor says that the job cannot succeed."""
        self.stop("interceptor", sentence)
        self.error(sentence)

    def stop(self, reason: str, sentence: str) -> None:
        """The job cannot succeed any more; the engine ends it. The first sentence counts."""
        if self.fatal is None:
            self.fatal, self.fatal_reason = sentence, reason
            self.version += 1

    def refused(self, status: int, sentence: str) -> None:
        """The endpoint refused the key (401 or 403). When it does so from the first request on, it always will."""
        self.unauthorized += 1
        if self.answers:
            return
        self._refused = sentence
        if self.unauthorized >= _REFUSALS[status]:
            self.stop("unauthorized", sentence)

    def count(self, answer: object, *, tokens: bool = True) -> int:
        """Take usage and finish reasons from an answer, or from an event of a streamed one, in OpenAI's shape.

        Returns how many answers are in it: finished choices, or embeddings.
        """
        if not isinstance(answer, dict):
            return 0
        tree = cast("dict[str, object]", answer)
        model = tree.get("model")
        if isinstance(model, str) and len(self.models) < _FEW and model[:_NAME] not in self.models:
            self.models.append(model[:_NAME])
        usage = tree.get("usage")
        if tokens and isinstance(usage, dict):
            self._count_usage(cast("dict[str, object]", usage))
        choices = tree.get("choices")
        if not isinstance(choices, list):
            data = tree.get("data")
            return len(cast("list[object]", data)) if isinstance(data, list) else 0
        finished = 0
        for choice in cast("list[object]", choices):
            reason = cast("dict[str, object]", choice).get("finish_reason") if isinstance(choice, dict) else None
            if isinstance(reason, str):
                finished += 1
                self._count_reason(reason[:_NAME])
        return finished

    def _count_usage(self, usage: dict[str, object]) -> None:
        given = usage.get("prompt_tokens", usage.get("input_tokens"))
        made = usage.get("completion_tokens", usage.get("output_tokens"))
        self.tokens_in = min(_LARGEST, self.tokens_in + _number(given))
        self.tokens_out = min(_LARGEST, self.tokens_out + _number(made))

    def _count_reason(self, reason: str) -> None:
        if reason not in self.finish_reasons and len(self.finish_reasons) >= _REASONS:
            reason = "other"
        self.finish_reasons[reason] = self.finish_reasons.get(reason, 0) + 1

    def lively(self) -> bool:
        """Whether `to_json` still changes by itself, as the last minute's rates do."""
        return any(self._rates.listed(time.monotonic()))

    def to_json(self) -> Tree:
        """The object that `requests.json` and `requests-live.json` hold.

        `latency_ms` and `ttft_ms` are quantiles, `latency_buckets` is `Histogram.buckets`; `rates` are the answers in
        each of the last 60 seconds, newest last, `rate` and `minute_rate` answers a second of late. `refused` is a
        sentence while the endpoint has only refused the key.
        """
        now = time.monotonic()
        result: Tree = {name: getattr(self, name) for name in _COUNTS}
        return result | {
            "in_flight": self.in_flight,
            "unanswered": self.unanswered.count,
            "by_status": {str(status): n for status, n in sorted(self.by_status.items())},
            "attempts": {str(status or "none"): n for status, n in sorted(self.attempts.items())},
            "finish_reasons": dict(self.finish_reasons),
            "models": list(self.models),
            "latency_ms": self._latency.quantiles() or {f"p{n}": 0.0 for n in QUANTILES},
            "latency_buckets": self._latency.buckets(),
            "ttft_ms": self._ttft.quantiles(),
            "first_at": self._first,
            "rates": self._rates.listed(now),
            "rate": self._rates.recent(now, self._since),
            "minute_rate": self._rates.mean(now, self._since),
            "last_error": next(reversed(self._errors), ""),
            "last_errors": [text if n == 1 else f"{text} ({n} times)" for text, n in self._errors.items()],
            "refused": (self._refused or None) if not self.answers else None,
            "fatal": self.fatal,
            "fatal_reason": self.fatal_reason,
        }

    def restore(self, saved: Mapping[str, object], *, whole: bool = False) -> None:
        """Go on from what an earlier proxy of the same attempt wrote down; `whole`: it did so when it had ended."""
        for name in _COUNTS:
            setattr(self, name, _number(saved.get(name)))
        # What was in flight when the earlier proxy died was never answered.
        lost = max(0, self.sent - self.ok - self.failed - self.cancelled)
        self.cancelled += lost
        self.gaps += 0 if whole else 1
        self.unanswered.lost = _number(saved.get("unanswered")) + lost
        self.by_status = {int(k): n for k, n in _numbers(saved.get("by_status")).items() if k.isdigit()}
        self.attempts = {int(k) if k.isdigit() else 0: n for k, n in _numbers(saved.get("attempts")).items()}
        self.finish_reasons = _numbers(saved.get("finish_reasons"))
        models = saved.get("models")
        self.models = [str(name) for name in cast("list[object]", models)] if isinstance(models, list) else []
        self._latency.restore(saved.get("latency_buckets"))
        errors = saved.get("last_errors")
        for text in cast("list[object]", errors) if isinstance(errors, list) else []:
            self._errors[str(text)] = 1
        self._first = _text(saved.get("first_at")) or None
        self._refused = _text(saved.get("refused"))
        self.fatal = _text(saved.get("fatal")) or None
        self.fatal_reason = _text(saved.get("fatal_reason"))


def _number(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value <= _LARGEST else 0


def _numbers(value: object) -> dict[str, int]:
    tree = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    return {key: _number(inner) for key, inner in tree.items()}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
