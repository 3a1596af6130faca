from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from evaldock.core.proxy.exchange import Exchange, JobScope, Reply
from evaldock.core.proxy.interceptors.reasoning import Reasoning
from evaldock.core.proxy.sse import SseEvent, SseParser, make_event
from hypothesis import given
from hypothesis import strategies as st

SCOPE = JobScope(
    "j", "ifeval", Path("/nowhere/run/job"), Path("/nowhere/run"), "http://127.0.0.1:1/v1/chat/completions"
)


def exchange() -> Exchange:
    return Exchange("0" * 12, SCOPE, "POST", "/v1/chat/completions", "", {}, b"{}")


def whole(message: dict[str, Any], finish: str = "stop", **settings: object) -> dict[str, Any]:
    reply = Reply(200, {}, json.dumps({"choices": [{"message": message, "finish_reason": finish}]}).encode())
    Reasoning(settings, SCOPE).response(exchange(), reply)
    body: Any = json.loads(reply.body)
    return body["choices"][0]["message"]


def chunk(delta: dict[str, Any], index: int = 0, finish: str | None = None) -> SseEvent:
    return make_event(json.dumps({"id": "x", "choices": [{"index": index, "delta": delta, "finish_reason": finish}]}))


def streamed(events: list[SseEvent], **settings: object) -> dict[int, dict[str, str]]:
    """What a client puts together, by choice."""
    passing = Reasoning(settings, SCOPE).stream(exchange())
    out = events if passing is None else [e for event in events for e in passing.feed(event)] + passing.end()
    parser = SseParser()
    found: dict[int, dict[str, str]] = {}
    finished: set[int] = set()
    for event in [*parser.feed(b"".join(e.raw for e in out)), *parser.end()]:
        if event.done:
            continue
        for choice in json.loads(event.data)["choices"]:
            assert choice["index"] not in finished, "text after the finish is text that clients lose"
            message = found.setdefault(choice["index"], {})
            for name, text in choice["delta"].items():
                message[name] = message.get(name, "") + text
            if choice["finish_reason"]:
                finished.add(choice["index"])
    return found


@pytest.mark.parametrize(
    ("content", "left", "thought"),
    [
        ("<think>a</think>b", "b", "a"),
        ("<think>\na\n</think>\n\nb\n", "b", "a"),
        ("a</think>b", "b", "a"),
        ("first <think>a</think>b", "b", "first <think>a"),
        ("<think>a<think>b</think>c</think>d", "d", "a<think>b</think>c"),
        ("<think>a</think>b<think>c</think>d", "d", "a</think>b<think>c"),
        ("<think></think>b", "b", None),
        ("<think>a</think>", "", "a"),
        ("plain\n", "plain\n", None),
        ("<think>never ends", "<think>never ends", None),
        ("", "", None),
    ],
)
def test_content_keeps_only_what_follows_the_last_end_token(content: str, left: str, thought: str | None) -> None:
    message = whole({"role": "assistant", "content": content})
    assert message["content"] == left
    assert message.get("reasoning_content") == thought


@pytest.mark.parametrize(
    ("content", "finish", "left", "thought"),
    [
        ("<think>never ends", "stop", "", "never ends"),
        ("no token, cut off", "length", "", "no token, cut off"),
        ("an answer without a thought", "stop", "an answer without a thought", None),
        ("<think>a</think>b<think>c", "stop", "b", "a"),
    ],
)
def test_unfinished_reasoning_can_be_left_out(content: str, finish: str, left: str, thought: str | None) -> None:
    message = whole({"content": content}, finish, include_if_not_finished=False)
    assert message["content"] == left
    assert message.get("reasoning_content") == thought


def test_without_a_start_token_all_before_the_end_is_reasoning() -> None:
    settings: dict[str, Any] = {"start_reasoning_token": None, "include_if_not_finished": False}
    assert whole({"content": "thinking"}, **settings)["content"] == ""
    assert whole({"content": "thinking</think>done"}, **settings)["content"] == "done"


def test_reasoning_that_the_endpoint_tells_apart_is_kept() -> None:
    message = whole({"content": "b", "reasoning_content": "given"})
    assert message == {"content": "b", "reasoning_content": "given"}
    message = whole({"content": "stray</think>b", "reasoning_content": "given"})
    assert message == {"content": "b", "reasoning_content": "given"}


def test_an_answer_without_text_is_untouched() -> None:
    message = {"content": None, "tool_calls": [{"id": "1"}]}
    assert whole(dict(message)) == message


def test_bytes_stay_the_same_when_nothing_is_taken_out() -> None:
    body = b'{ "choices" : [ {"message": {"content": "plain"}} ] }'
    reply = Reply(200, {}, body)
    Reasoning({}, SCOPE).response(exchange(), reply)
    assert reply.body == body


def test_migration_puts_reasoning_into_the_content() -> None:
    settings: dict[str, Any] = {"add_reasoning": False, "migrate_reasoning_content": True}
    assert whole({"content": "b", "reasoning_content": "a"}, **settings) == {"content": "<think>a</think>b"}
    assert whole({"content": "b"}, **settings) == {"content": "b"}
    events = [chunk({"reasoning_content": "a"}), chunk({"content": "b"}), chunk({}, finish="stop")]
    assert streamed(events, **settings)[0]["content"] == "<think>a</think>b"


def test_switched_off_it_does_nothing() -> None:
    assert whole({"content": "<think>a</think>b"}, add_reasoning=False)["content"] == "<think>a</think>b"
    assert Reasoning({"add_reasoning": False}, SCOPE).stream(exchange()) is None


def test_answers_are_counted() -> None:
    one = Reasoning({}, SCOPE)
    x = exchange()
    for content in ("<think>a b</think>c", "<think>a", "plain"):
        one.response(x, Reply(200, {}, json.dumps({"choices": [{"message": {"content": content}}]}).encode()))
    assert one.figures() == {"answers": 3, "started": 2, "finished": 1, "unfinished": 1, "words": 3}
    assert x.notes["reasoning"] == {"answers": 1, "started": 0, "finished": 0, "unfinished": 0, "words": 0}


PIECES = st.lists(
    st.sampled_from(["<think>", "</think>", "<thi", "nk>", "</", "think>", "a", " b", "\n", "<", ">", "é", "\u2028"]),
    max_size=12,
)


@given(PIECES, st.data(), st.booleans(), st.sampled_from(["stop", "length"]), st.sampled_from(["", "given"]))
def test_a_stream_gives_the_same_as_the_whole_however_it_is_cut(
    pieces: list[str], data: st.DataObject, keep: bool, finish: str, given_reasoning: str
) -> None:
    content = "".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=8)))
    parts = [content[a:b] for a, b in zip([0, *cuts], [*cuts, len(content)], strict=True)]
    together = data.draw(st.booleans())
    events = [chunk({"role": "assistant", "content": ""})]
    events += [chunk({"reasoning_content": letter}) for letter in given_reasoning]
    events += [chunk({"content": part}) for part in parts[:-1]]
    if together:
        events.append(chunk({"content": parts[-1]}, finish=finish))
    else:
        events += [chunk({"content": parts[-1]}), chunk({}, finish=finish)]
    events.append(make_event("[DONE]"))

    found = streamed(events, include_if_not_finished=keep)[0]
    said = {"content": content, "reasoning_content": given_reasoning}
    expected = whole({k: v for k, v in said.items() if v or k == "content"}, finish, include_if_not_finished=keep)
    assert found.get("content", "") == expected["content"]
    assert found.get("reasoning_content") == expected.get("reasoning_content")


def test_choices_of_one_stream_do_not_mix() -> None:
    events = [
        chunk({"content": "<think>a</th"}, 0),
        chunk({"content": "<think>x</think>y"}, 1),
        chunk({"content": "ink>b"}, 0),
        chunk({}, 1, "stop"),
        chunk({}, 0, "stop"),
        make_event("[DONE]"),
    ]
    found = streamed(events)
    assert [(found[i]["reasoning_content"], found[i]["content"]) for i in (0, 1)] == [("a", "b"), ("x", "y")]


def test_events_go_on_while_the_text_is_held_back() -> None:
    passing = Reasoning({}, SCOPE).stream(exchange())
    assert passing is not None
    [event] = passing.feed(chunk({"content": "<think>a"}))
    assert json.loads(event.data)["choices"][0]["delta"] == {"content": ""}


def test_a_stream_without_a_finish_still_gives_its_text() -> None:
    assert streamed([chunk({"content": "<think>a</think>b"})])[0]["content"] == "b"
    assert streamed([chunk({"content": "b"}), make_event("[DONE]")])[0]["content"] == "b"
