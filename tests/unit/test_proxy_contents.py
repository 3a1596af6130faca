"""What is in answers as the harness gets them: cut, empty, reasoning alone, without an end."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from evaldock.core.proxy.contents import Contents, contents_of
from evaldock.core.proxy.exchange import Exchange, JobScope, Reply

from .proxy_server_rig import CHAT, rig

SCOPE = JobScope("j", "t", Path("/nowhere"), Path("/nowhere"), "http://e/v1")
SETTINGS = {"add_reasoning": False, "migrate_reasoning_content": True}
MIGRATES = {"interceptors": [{"name": "reasoning", "config": SETTINGS}]}
TEXT = {"type": "output_text", "text": "B"}


def found(path: str, body: object, asked: object = None, kind: str = "application/json") -> Contents:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    x = Exchange("1", SCOPE, "POST", path, "", {}, json.dumps(asked or {}).encode())
    return contents_of(x, Reply(200, {"content-type": kind}, raw))


def choice(reason: object = "stop", **message: object) -> dict[str, Any]:
    return {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}


@pytest.mark.parametrize(
    ("choices", "counts"),
    [
        ([choice(content="B")], Contents()),
        ([choice(content=None)], Contents(empty=1)),
        ([choice(content=" \n\t")], Contents(empty=1)),
        ([choice()], Contents(empty=1)),
        ([choice(content=None, reasoning_content="B")], Contents(empty=1, thought=1)),
        ([choice(content="", reasoning="B")], Contents(empty=1, thought=1)),
        ([choice(content=[{"type": "thinking", "thinking": "B"}])], Contents(empty=1, thought=1)),
        ([choice(content=[{"type": "text", "text": "B"}])], Contents()),
        ([choice(content=[{"type": "text", "text": " "}])], Contents(empty=1)),
        ([choice(content=[{"type": "image_url"}])], Contents()),
        ([choice("tool_calls", content=None, tool_calls=[{"id": "1"}])], Contents()),
        ([choice("stop", content=None, tool_calls=[])], Contents(empty=1)),
        ([choice(content=None, refusal="No.")], Contents()),
        ([choice("length", content="half")], Contents(cut=1)),
        ([choice("length", content=None, reasoning_content="half")], Contents(cut=1)),
        ([choice(None, content="B")], Contents(unended=1)),
        ([choice(content="B"), choice(content=""), choice("length", content="B")], Contents(cut=1, empty=1)),
    ],
)
def test_chat_answers(choices: list[object], counts: Contents) -> None:
    assert found(CHAT, {"choices": choices}) == counts


@pytest.mark.parametrize(
    ("path", "body", "counts"),
    [
        ("/v1/completions", {"choices": [{"text": "B", "finish_reason": "stop"}]}, Contents()),
        ("/v1/completions", {"choices": [{"text": "\n", "finish_reason": "stop"}]}, Contents(empty=1)),
        ("/v1/embeddings", {"data": [{"embedding": [1]}]}, Contents()),
        ("/v1/responses", {"output": [{"type": "reasoning"}]}, Contents(empty=1, thought=1)),
        ("/v1/responses", {"output": [{"type": "message", "content": [TEXT]}]}, Contents()),
        ("/v1/responses", {"output": [{"type": "function_call", "name": "f"}]}, Contents()),
        ("/v1/responses", {"output": [], "incomplete_details": {"reason": "max_output_tokens"}}, Contents(cut=1)),
        ("/v1/messages", {"content": [{"type": "thinking", "thinking": "B"}], "stop_reason": "end_turn"},
         Contents(empty=1, thought=1)),
        ("/v1/messages", {"content": [{"type": "text", "text": "B"}], "stop_reason": "max_tokens"}, Contents(cut=1)),
        ("/v1/messages", {"content": [{"type": "tool_use", "name": "f"}], "stop_reason": "tool_use"}, Contents()),
        ("/generate", {"generated_text": ""}, Contents()),
        (CHAT, ["odd"], Contents()),
        (CHAT, {"choices": [7, {"message": "odd", "finish_reason": 3}]}, Contents(empty=1)),
    ],
)  # fmt: skip
def test_other_answers(path: str, body: object, counts: Contents) -> None:
    assert found(path, body) == counts


@pytest.mark.parametrize(
    ("asked", "cut"),
    [
        ({"prompt": "p", "echo": True, "logprobs": 1, "max_tokens": 16}, 0),
        ({"prompt": "p", "max_tokens": 1, "logprobs": 5}, 0),
        ({"prompt": "p", "max_tokens": 16, "prompt_logprobs": 1}, 0),
        ({"prompt": "p", "max_tokens": 16, "echo": False}, 1),
        ({"prompt": 'say "echo": true, "max_tokens": 1 }', "max_tokens": 16}, 1),
    ],
)
def test_a_request_for_probabilities_is_not_cut(asked: object, cut: int) -> None:
    assert found("/v1/completions", {"choices": [{"text": "B", "finish_reason": "length"}]}, asked).cut == cut


def events(*deltas: dict[str, object] | str, reason: object = "stop") -> bytes:
    chunks = [{"choices": [{"index": 0, "delta": d}]} if isinstance(d, dict) else d for d in deltas]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    lines = [c if isinstance(c, str) else json.dumps(c) for c in chunks]
    return "".join(f"data: {line}\n\n" for line in (*lines, "[DONE]")).encode()


STREAMS = {
    "full": (events({"content": ""}, {"content": "B"}), Contents()),
    "empty": (events({"role": "assistant", "content": ""}), Contents(empty=1)),
    "blank": (events({"content": "\n"}, {"content": " "}), Contents(empty=1)),
    "thought": (
        events({"reasoning": "B", "content": "", "reasoning_details": [{"text": "B"}]}),
        Contents(empty=1, thought=1),
    ),
    "both": (events({"reasoning_content": "B"}, {"content": "B"}), Contents()),
    "tool": (events({"tool_calls": [{"index": 0, "function": {"name": "f"}}]}, reason="tool_calls"), Contents()),
    "cut": (events({"reasoning_content": "B"}, reason="length"), Contents(cut=1)),
    "unended": (events({"content": "B"}, reason=None), Contents(unended=1)),
    "quoting": (events({"content": '"finish_reason": "length"'}), Contents()),
}


@pytest.mark.parametrize("name", STREAMS)
def test_streamed_answers(name: str) -> None:
    body, counts = STREAMS[name]
    assert found(CHAT, body, kind="text/event-stream") == counts


def test_a_streamed_answer_of_the_responses_api() -> None:
    done = {"type": "response.completed", "response": {"output": [{"type": "reasoning"}], "status": "completed"}}
    body = f"event: response.completed\ndata: {json.dumps(done)}\n\n".encode()
    assert found("/v1/responses", body, kind="text/event-stream") == Contents(empty=1, thought=1)


@pytest.mark.parametrize(("adapter", "empty"), [({}, 2), (MIGRATES, 0)])
def test_what_the_harness_gets_is_counted(tmp_path: Path, adapter: dict[str, Any], empty: int) -> None:
    """The remedy that a suspect score names must mend it, for complete answers and for streams."""

    async def endpoint(request: web.BaseRequest) -> web.StreamResponse:
        if b'"stream"' in await request.read():
            body = events({"reasoning_content": "the answer"})
            return web.Response(body=body, headers={"content-type": "text/event-stream"})
        return web.json_response({"choices": [choice(content=None, reasoning_content="the answer")]})

    async def main() -> None:
        async with rig(tmp_path, endpoint, adapter=adapter) as r:
            for body in ({"messages": []}, {"messages": [], "stream": True}):
                status, told, _ = await r.ask(json=body)
                assert status == 200 and (b"<think>the answer</think>" in told) == (not empty)
            figures = r.figures.to_json()
            assert [figures[name] for name in ("ok", "answers", "empty", "thought", "cut", "unended")] == [
                *(2, 2, empty, empty, 0, 0)
            ]

    asyncio.run(main())
