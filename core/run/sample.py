"""One request and its answer, taken apart into what people read: OpenAI's chat, completion and streaming shapes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from ..base.narrow import Json, as_items, as_text, as_tree, as_whole


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a prompt."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A request with its answer. Texts are as they were logged: untrusted, of any length.

    `answered` is False while there is no answer in the log, or when answers are not logged. `status` is 0 where the log
    does not say (streamed answers). `settings` are the other fields of the request (temperature, ...), as texts.
    `refused`: the model or a filter would not answer; `retried`: how often the endpoint was asked again.
    """

    id: str
    at: str = ""
    messages: tuple[Message, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    answered: bool = False
    answer: str = ""
    reasoning: str = ""
    finish_reason: str = ""
    error: str = ""
    status: int = 0
    cached: bool = False
    streamed: bool = False
    seconds: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    refused: bool = False
    retried: int = 0


def sample_of(identity: str, request: object, response: object) -> Sample:
    """The pair that two log lines make; either may be missing or anything else. Raises nothing."""
    asked, told = as_tree(request), as_tree(response)
    body = as_tree(asked.get("body"))
    answer = _streamed(told) if told.get("streamed") else as_tree(told.get("body"))
    choice = as_tree(next(iter(as_items(answer.get("choices"))), None))
    message = as_tree(choice.get("message"))
    usage = as_tree(answer.get("usage"))
    status = as_whole(told.get("status")) or 0
    text = _content(message.get("content")) or as_text(choice.get("text"))
    calls, refusal = as_items(message.get("tool_calls")), as_text(message.get("refusal"))
    finish = as_text(choice.get("finish_reason"))
    return Sample(
        id=identity,
        at=as_text(asked.get("at")) or as_text(told.get("at")),
        messages=tuple(_messages(body)) or _raw(asked.get("body")),
        settings=tuple((key, _shown(value)) for key, value in body.items() if key not in _NO_SETTINGS),
        answered=bool(told),
        answer=text or (_shown(calls) if calls else refusal),
        reasoning=as_text(message.get("reasoning_content")) or as_text(message.get("reasoning")),
        finish_reason=finish,
        error=_error(told.get("body")) if status >= 400 else "",
        status=status,
        cached=told.get("cached") is True,
        streamed=told.get("streamed") is True,
        seconds=_number(told.get("seconds")),
        tokens_in=as_whole(usage.get("prompt_tokens", usage.get("input_tokens"))),
        tokens_out=as_whole(usage.get("completion_tokens", usage.get("output_tokens"))),
        refused=bool(refusal) or finish == "content_filter",
        retried=as_whole(told.get("retried")) or 0,
    )


_NO_SETTINGS = ("messages", "prompt", "input", "model")


def _messages(body: Json) -> Iterable[Message]:
    for item in as_items(body.get("messages")):
        turn = as_tree(item)
        text = _content(turn.get("content"))
        calls = as_items(turn.get("tool_calls"))
        yield Message(as_text(turn.get("role")) or "user", text or (_shown(calls) if calls else ""))
    for key in ("prompt", "input"):
        value = body.get(key)
        if value:
            yield Message(key, value if isinstance(value, str) else _shown(value))


def _raw(body: object) -> tuple[Message, ...]:
    return (Message("body", body if isinstance(body, str) else _shown(body)),) if body else ()


def _streamed(told: Json) -> Json:
    """A streamed answer put together again: the pieces of its first choice joined."""
    pieces: dict[str, list[str]] = {"content": [], "reasoning_content": [], "reasoning": [], "text": []}
    finish = ""
    usage: object = None
    for event in as_items(told.get("events")):
        tree = as_tree(event)
        usage = tree.get("usage") or usage
        choice = as_tree(next(iter(as_items(tree.get("choices"))), None))
        delta = as_tree(choice.get("delta"))
        for key, found in pieces.items():
            found.append(as_text(choice.get(key) if key == "text" else delta.get(key)))
        finish = as_text(choice.get("finish_reason")) or finish
    joined = {key: "".join(found) for key, found in pieces.items()}
    choice: Json = {"message": joined, "text": joined["text"], "finish_reason": finish}
    return {"choices": [choice], "usage": usage}


def _content(value: object) -> str:
    """Text of a message: a string, or parts of which the textual ones are joined and the others named."""
    if isinstance(value, str):
        return value
    parts: list[str] = []
    for item in as_items(value):
        part = as_tree(item)
        parts.append(as_text(part.get("text")) or f"({as_text(part.get('type')) or 'part'})")
    return "\n".join(parts)


def _error(body: object) -> str:
    if isinstance(body, str):
        return body
    tree = as_tree(body)
    error = tree.get("error", tree.get("message", tree.get("detail")))
    error = as_tree(error).get("message") or error or body
    return _shown(error) if error else ""


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if 0 <= value < 1e9 else None
