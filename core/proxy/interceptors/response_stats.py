"""Statistics of a job's answers in one file."""

from __future__ import annotations

import json
import logging
import os
import time
from collections import Counter
from typing import ClassVar

from ...base.atomic import write_atomic
from ...base.clock import utc_iso
from ...config.model import Tree
from ..exchange import Exchange, JobScope, Reply
from ..interceptor import EventFilter, Interceptor
from ..sse import SseEvent
from ._answers import Summary
from ._settings import flag, whole

log = logging.getLogger("evaldock.proxy")

_AMOUNTS = ("prompt_tokens", "total_tokens", "completion_tokens", "latency_ms")
_UNUSED: Tree = {"title": "Accepted, without effect: requests are counted in any case", "default": None}


class ResponseStats(Interceptor):
    """Keeps `response_stats.json` in the job's directory: averages and maxima of token counts and latency, answers by
    status and finish reason, tool calls. Answers from a cache are part of it.

    Requests are counted without it too; this is the file for those who read it.

    ```yaml
    - name: response_stats
      config:
        stats_file_saving_interval: 100
    ```
    """

    name = "response_stats"
    stage = "response"
    fields: ClassVar[dict[str, Tree]] = {
        "collect_token_stats": {"title": "Token counts", "type": "boolean", "default": True},
        "collect_finish_reasons": {"title": "Finish reasons", "type": "boolean", "default": True},
        "collect_tool_calls": {"title": "Tool calls", "type": "boolean", "default": True},
        "stats_file_saving_interval": {
            "title": "Save after every so many answers; null: at the end only",
            "type": ["integer", "null"],
            "minimum": 1,
            "default": 100,
        },
        "save_individuals": {**_UNUSED, "type": ["boolean", "null"]},
        "cache_dir": {**_UNUSED, "type": ["string", "null"]},
        "logging_aggregated_stats_interval": {**_UNUSED, "type": ["integer", "null"]},
    }

    def __init__(self, settings: Tree, scope: JobScope) -> None:
        super().__init__(settings, scope)
        self._tokens = flag(self.settings, "collect_token_stats")
        self._reasons = flag(self.settings, "collect_finish_reasons")
        self._tools = flag(self.settings, "collect_tool_calls")
        self._interval = whole(self.settings, "stats_file_saving_interval")
        self._path = scope.dir / "response_stats.json"
        self._given_up = False
        self._saved = 0
        self._count = 0
        self._sums: Counter[str] = Counter()
        self._numbers: Counter[str] = Counter()
        self._most: dict[str, float] = {}
        self._finish: Counter[str] = Counter()
        self._stop: Counter[str] = Counter()
        self._status: Counter[str] = Counter()
        self._calls = [0, 0]
        self._last = ""

    def response(self, x: Exchange, reply: Reply) -> None:
        """Count a complete answer."""
        summary = Summary()
        if reply.status == 200:
            summary.add(reply.json)
        self.count(x, reply.status, summary)

    def stream(self, x: Exchange) -> EventFilter | None:
        """Count a streamed one at its end."""
        return _Stats(self, x)

    def count(self, x: Exchange, status: int, summary: Summary) -> None:
        """Take one answer in."""
        self._count += 1
        self._status[str(status)] += 1
        self._last = utc_iso()
        if status == 200:
            self._add("latency_ms", round((time.monotonic() - x.started) * 1000, 3))
            usage = summary.usage if self._tokens else None
            if usage is not None:
                for name in ("prompt", "completion", "total"):
                    self._add(f"{name}_tokens", getattr(usage, name))
            if self._reasons:
                self._finish.update(summary.finish_reasons)
                self._stop.update(summary.stop_reasons)
            if self._tools:
                self._calls[0] += summary.tool_calls
                self._calls[1] += summary.function_calls
        if self._interval and self._count % self._interval == 0:
            self._save()

    def figures(self) -> dict[str, object]:
        """The statistics so far; averages and maxima are 0 without an answer that tells."""
        found: dict[str, object] = {}
        for name in _AMOUNTS:
            number = self._numbers[name]
            found[f"avg_{name}"] = round(self._sums[name] / number, 2) if number else 0
            found[f"max_{name}"] = self._most.get(name, 0)
        return {
            **found,
            "count": self._count,
            "successful_count": self._status["200"],
            "tool_calls_count": self._calls[0],
            "function_calls_count": self._calls[1],
            "finish_reason": dict(self._finish),
            "stop_reason": dict(self._stop),
            "status_codes": dict(self._status),
            "inference_time": round(self._sums["latency_ms"] / 1000, 3),
            "last_request_time": self._last,
        }

    def close(self) -> None:
        """Save the statistics."""
        if self._count > self._saved:
            self._save()

    def _add(self, name: str, value: float | None) -> None:
        if value is None:
            return
        self._sums[name] += value  # type: ignore[assignment]  # a Counter holds any number
        self._numbers[name] += 1
        self._most[name] = max(self._most.get(name, 0), value)

    def _save(self) -> None:
        if self._given_up:
            return
        data = json.dumps({"response_stats": self.figures()}, indent=2).encode() + b"\n"
        try:
            write_atomic(self._path, data, sync=False)
        except OSError as error:
            self._given_up = True
            reason = os.strerror(error.errno or 0)
            log.warning("%s cannot be written (%s); the job goes on without it.", self._path, reason)
        self._saved = self._count


class _Stats(EventFilter):
    def __init__(self, owner: ResponseStats, x: Exchange) -> None:
        self._owner, self._x, self._summary = owner, x, Summary()

    def feed(self, event: SseEvent) -> list[SseEvent]:
        self._summary.add_event(event)
        return [event]

    def end(self) -> list[SseEvent]:
        self._owner.count(self._x, 200, self._summary)
        return []
