"""Reasoning in content that is a list of parts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from evaldock.core.proxy.exchange import Exchange, JobScope, Reply
from evaldock.core.proxy.interceptors.reasoning import Reasoning
from evaldock.core.proxy.sse import SseParser, make_event

URL = "http://h/v1/chat/completions"
TEXT = {"type": "text", "text": "B"}
IMAGE = {"type": "image_url", "image_url": {"url": "x"}}


def exchange(folder: Path) -> Exchange:
    scope = JobScope("j", "t", folder, folder, URL)
    return Exchange("0" * 12, scope, "POST", "/v1/chat/completions", "", {}, b"{}")


@pytest.mark.parametrize(
    ("content", "text", "thought"),
    [
        ([{"type": "thinking", "thinking": [{"type": "text", "text": "is it A?"}]}, TEXT], "B", "is it A?"),
        ([{"type": "thinking", "thinking": "is it A?"}, TEXT], "B", "is it A?"),
        ([{"type": "reasoning", "text": "is it A?"}, TEXT, TEXT], "BB", "is it A?"),
        ([{"type": "text", "text": "<think>A?</think>B"}], "B", "A?"),
        ([{"type": "text", "text": "<think>A?"}, {"type": "text", "text": "</think>B"}], "B", "A?"),
        ([TEXT], "B", None),
        ([TEXT, IMAGE], [TEXT, IMAGE], None),
        ("<think>A?</think>B", "B", "A?"),
    ],
)
def test_thinking_is_taken_out_of_parts_as_out_of_text(
    tmp_path: Path, content: object, text: object, thought: str | None
) -> None:
    x, one = exchange(tmp_path), Reasoning({}, exchange(tmp_path).job)
    reply = Reply(
        200, {}, json.dumps({"choices": [{"message": {"content": content}, "finish_reason": "stop"}]}).encode()
    )
    one.response(x, reply)
    message = reply.json["choices"][0]["message"]  # type: ignore[index]
    assert (message["content"], message.get("reasoning_content")) == (text, thought)


def test_the_same_of_a_stream(tmp_path: Path) -> None:
    x, one = exchange(tmp_path), Reasoning({}, exchange(tmp_path).job)
    passing = one.stream(x)
    assert passing is not None
    deltas = [[{"type": "thinking", "thinking": [{"type": "text", "text": "is it A?"}]}], [TEXT], ""]
    sent: list[dict[str, object]] = []
    for place, content in enumerate(deltas):
        finish = "stop" if place == 2 else None
        body = {"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": finish}]}
        for event in passing.feed(make_event(json.dumps(body))):
            (again,) = SseParser().feed(event.raw)
            sent.append(json.loads(again.data)["choices"][0]["delta"])
    assert "".join(str(delta.get("content") or "") for delta in sent) == "B"
    assert "".join(str(delta.get("reasoning_content") or "") for delta in sent) == "is it A?"
