"""Writing down answers."""

from __future__ import annotations

import time
from typing import ClassVar

from ...base.clock import utc_iso
from ...base.secrets import hide_in_headers
from ...config.model import Tree
from ..exchange import Exchange, JobScope, Reply, parse_json
from ..interceptor import EventFilter, Interceptor
from ..sse import SseEvent
from ._lines import JsonLines
from ._settings import flag, whole

# Of a single stream; what is longer is cut in the log, not on the way to the harness.
_MOST_CHARACTERS = 8 * 1024 * 1024


class ResponseLogging(Interceptor):
    """Appends the first `max_responses` answers to `responses.jsonl` in the job's directory, as they are at this
    place of the list: `{"id", "at", "status", "cached", "seconds", "headers", "body"}`. Of a streamed answer, once it
    is complete: `{"id", "at", "seconds", "streamed": true, "events": [...]}`. `id` is that of the request; `retried`
    is there when the endpoint was asked more than once.

    ```yaml
    - name: response_logging
      config:
        max_responses: 50   # null: all
    ```
    """

    name = "response_logging"
    stage = "response"
    fields: ClassVar[dict[str, Tree]] = {
        "max_responses": {
            "title": "How many answers to write down; null: all",
            "type": ["integer", "null"],
            "minimum": 0,
            "default": None,
        },
        "log_response_body": {"title": "With the body", "type": "boolean", "default": True},
        "log_response_headers": {"title": "With the headers", "type": "boolean", "default": True},
    }

    def __init__(self, settings: Tree, scope: JobScope) -> None:
        super().__init__(settings, scope)
        self.lines = JsonLines(scope.dir / "responses.jsonl", whole(self.settings, "max_responses"))
        self.with_body = flag(self.settings, "log_response_body")
        self._headers = flag(self.settings, "log_response_headers")

    def response(self, x: Exchange, reply: Reply) -> None:
        """Write a complete answer down."""
        if not self.lines.wants:
            return
        record: dict[str, object] = {"id": x.id, "at": utc_iso(), "status": reply.status, "cached": reply.cached}
        record["seconds"] = _age(x)
        if x.retried:
            record["retried"] = x.retried
        if self._headers:
            record["headers"] = hide_in_headers(reply.headers)
        if self.with_body:
            record["body"] = reply.body.decode("utf-8", "replace") if reply.json is None else reply.json
        self.lines.write(record)

    def stream(self, x: Exchange) -> EventFilter | None:
        """Write a streamed one down at its end."""
        return _Recorder(self, x) if self.lines.wants else None

    def close(self) -> None:
        """Close the file."""
        self.lines.close()


class _Recorder(EventFilter):
    def __init__(self, owner: ResponseLogging, x: Exchange) -> None:
        self._owner, self._x = owner, x
        self._data: list[str] = []
        self._room = _MOST_CHARACTERS

    def feed(self, event: SseEvent) -> list[SseEvent]:
        if event.data and self._owner.with_body:
            self._room -= len(event.data)
            if self._room >= 0:
                self._data.append(event.data)
        return [event]

    def end(self) -> list[SseEvent]:
        record: dict[str, object] = {"id": self._x.id, "at": utc_iso(), "seconds": _age(self._x), "streamed": True}
        if self._x.retried:
            record["retried"] = self._x.retried
        if self._owner.with_body:
            record["events"] = [data if (value := parse_json(data.encode())) is None else value for data in self._data]
            if self._room < 0:
                record["cut"] = True
        self._owner.lines.write(record)
        return []


def _age(x: Exchange) -> float:
    return round(time.monotonic() - x.started, 3)
