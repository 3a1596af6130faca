from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from evaldock.core.proxy.chain import Chain, replay
from evaldock.core.proxy.exchange import Exchange, JobScope, Reply
from evaldock.core.proxy.sse import make_event


def adapter(**reasoning: object) -> dict[str, Any]:
    return {
        "interceptors": [
            {
                "name": "reasoning",
                "config": {"start_reasoning_token": "<think>", "end_reasoning_token": "</think>", **reasoning},
            },
            {"name": "caching", "config": {"cache_dir": "./evaluation_cache"}},
            {"name": "request_logging", "config": {"max_requests": 50}},
        ]
    }


def run(tmp_path: Path, name: str, raw: Reply, **reasoning: object) -> tuple[bool, Reply]:
    """One request of a run: whether it came from the cache, and what the harness gets."""
    directory = tmp_path / name / "job"
    directory.mkdir(parents=True)
    scope = JobScope("j", "ifbench", directory, tmp_path / name, "http://127.0.0.1:1/v1/chat/completions")
    complaints: list[str] = []
    chain = Chain(adapter(**reasoning), scope, complaints.append, complaints.append)
    x = Exchange("0" * 12, scope, "POST", "/v1/chat/completions", "", {}, b'{"model": "m", "messages": []}')
    reply = chain.request(x)
    cached = reply is not None
    if reply is None:
        reply = raw
        chain.store(x, reply)
    if reply.streamed:
        reply.body = replay(chain, x, reply.body)
    else:
        chain.response(x, reply)
    chain.close()
    assert complaints == []
    assert len((directory / "requests.jsonl").read_text().splitlines()) == 1
    return cached, reply


def message(reply: Reply) -> Any:
    return json.loads(reply.body)["choices"][0]["message"]


@pytest.mark.parametrize("end", ["</think>", "</thought>"])
def test_a_cached_answer_is_worked_on_with_the_settings_of_today(tmp_path: Path, end: str) -> None:
    body = {"choices": [{"message": {"content": "<think>a</thought>b</think>c"}, "finish_reason": "stop"}]}
    raw = Reply(200, {"content-type": "application/json"}, json.dumps(body).encode())
    cached, first = run(tmp_path, "run1", raw)
    assert not cached and message(first)["content"] == "c"
    cached, second = run(tmp_path, "run2", Reply(500, {}, b""), end_reasoning_token=end)
    assert cached and message(second)["content"] == ("c" if end == "</think>" else "b</think>c")


def test_a_cached_stream_is_replayed_through_the_interceptors(tmp_path: Path) -> None:
    events = [
        make_event(json.dumps({"choices": [{"index": 0, "delta": {"content": part}, "finish_reason": None}]}))
        for part in ("<think>a</th", "ink>", "b")
    ]
    raw = b"".join(event.raw for event in (*events, make_event("[DONE]")))
    headers = {"content-type": "text/event-stream"}
    answers = [run(tmp_path, name, Reply(200, dict(headers), raw)) for name in ("run1", "run2")]
    assert [cached for cached, _ in answers] == [False, True]
    assert answers[0][1].body == answers[1][1].body
    assert b'"content":"b"' in answers[1][1].body and b"think" not in answers[1][1].body
