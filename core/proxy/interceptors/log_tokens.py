"""Writing down the token counts of each answer."""

from __future__ import annotations

import time
from typing import ClassVar

from ...base.clock import utc_iso
from ...config.model import Tree
from ..exchange import Exchange, JobScope, Reply
from ..interceptor import EventFilter, Interceptor
from ..sse import SseEvent
from ._answers import Summary
from ._lines import JsonLines


class LogTokens(Interceptor):
    """Appends a line for each answer with token counts to `tokens.jsonl` in the job's directory:
    `{"id", "at", "model", "prompt_tokens", "completion_tokens", "total_tokens", "reasoning_tokens", "seconds",
    "cached"}`.

    A stream has counts only if the harness asks for them (`stream_options.include_usage`).

    ```yaml
    - name: log_tokens
    ```
    """

    name = "log_tokens"
    stage = "response"
    fields: ClassVar[dict[str, Tree]] = {}

    def __init__(self, settings: Tree, scope: JobScope) -> None:
        super().__init__(settings, scope)
        self._lines = JsonLines(scope.dir / "tokens.jsonl")

    def response(self, x: Exchange, reply: Reply) -> None:
        """Note a complete answer."""
        summary = Summary()
        summary.add(reply.json)
        self.note(x, summary, cached=reply.cached)

    def stream(self, x: Exchange) -> EventFilter | None:
        """Note a streamed one at its end."""
        return _Tokens(self, x)

    def note(self, x: Exchange, summary: Summary, *, cached: bool | None) -> None:
        """Write the line; `cached` None is not known."""
        usage = summary.usage
        if usage is None:
            return
        self._lines.write(
            {
                "id": x.id,
                "at": utc_iso(),
                "model": summary.model,
                "prompt_tokens": usage.prompt,
                "completion_tokens": usage.completion,
                "total_tokens": usage.total,
                "reasoning_tokens": usage.reasoning,
                "seconds": round(time.monotonic() - x.started, 3),
                **({} if cached is None else {"cached": cached}),
            }
        )

    def close(self) -> None:
        """Close the file."""
        self._lines.close()


class _Tokens(EventFilter):
    def __init__(self, owner: LogTokens, x: Exchange) -> None:
        self._owner, self._x, self._summary = owner, x, Summary()

    def feed(self, event: SseEvent) -> list[SseEvent]:
        if '"usage"' in event.data:
            self._summary.add_event(event)
        return [event]

    def end(self) -> list[SseEvent]:
        self._owner.note(self._x, self._summary, cached=None)
        return []
