"""What an answer tells about itself: token counts, why it ended, tools that it calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..exchange import parse_json
from ..sse import SseEvent
from ._settings import as_object, objects

_NAME = 100
_LARGEST = 1 << 53


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of one answer; None where the endpoint does not say."""

    prompt: int | None = None
    completion: int | None = None
    total: int | None = None
    reasoning: int | None = None


@dataclass(slots=True)
class Summary:
    """One answer; made of one body, or of the events of a stream one after the other."""

    usage: Usage | None = None
    model: str = ""
    finish_reasons: list[str] = field(default_factory=list[str])
    stop_reasons: list[str] = field(default_factory=list[str])
    function_calls: int = 0
    _tools: set[tuple[object, object]] = field(default_factory=set[tuple[object, object]])

    @property
    def tool_calls(self) -> int:
        """How many tools the answer calls."""
        return len(self._tools)

    def add(self, value: object) -> None:
        """Take in a body or the data of one event; whatever is not known is passed over."""
        body = as_object(value)
        if body is None:
            return
        # The events of /responses carry the whole answer under this name.
        body = as_object(body.get("response")) or body
        self.usage = read_usage(body.get("usage")) or self.usage
        self.model = self.model or str(body.get("model") or "")[:_NAME]
        for choice in objects(body.get("choices")):
            self._choice(choice)

    def add_event(self, event: SseEvent) -> None:
        """Take in one event of a stream."""
        if not event.data.startswith("{"):
            return
        self.add(parse_json(event.data.encode("utf-8", "replace")))

    def _choice(self, choice: Mapping[str, object]) -> None:
        if choice.get("finish_reason") is not None:
            self.finish_reasons.append(str(choice["finish_reason"])[:_NAME])
        if choice.get("stop_reason") is not None:
            self.stop_reasons.append(str(choice["stop_reason"])[:_NAME])
        message = as_object(choice.get("message")) or as_object(choice.get("delta")) or {}
        for place, call in enumerate(objects(message.get("tool_calls"))):
            self._tools.add((choice.get("index"), call.get("index", place)))
        # A stream gives the name once and then the arguments bit by bit.
        if (as_object(message.get("function_call")) or {}).get("name"):
            self.function_calls += 1


def read_usage(value: object) -> Usage | None:
    """The counts under `usage`, in the words of chat and completions or of responses; None when there are none."""
    found = as_object(value)
    if found is None:
        return None
    prompt = _count(found, "prompt_tokens", "input_tokens")
    completion = _count(found, "completion_tokens", "output_tokens")
    total = _count(found, "total_tokens")
    if total is None and prompt is not None and completion is not None:
        total = prompt + completion
    details = as_object(found.get("completion_tokens_details")) or as_object(found.get("output_tokens_details")) or {}
    reasoning = _count(found, "reasoning_tokens")
    return Usage(prompt, completion, total, _count(details, "reasoning_tokens") if reasoning is None else reasoning)


def _count(found: Mapping[str, object], *names: str) -> int | None:
    for name in names:
        value = found.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST:
            return value
    return None
