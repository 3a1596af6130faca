"""Pairs of requests and answers from the logs of the interceptors, however those grow, break or are replaced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from evaldock.core.run import samples
from evaldock.core.run.sample import Message, sample_of
from evaldock.core.run.samples import SampleLog
from hypothesis import given
from hypothesis import strategies as st


def request(identity: str, text: str = "What is 2+2?") -> dict[str, object]:
    body = {"model": "m", "messages": [{"role": "user", "content": text}], "temperature": 0.5}
    return {"id": identity, "at": "2026-11-24T10:00:00.000Z", "method": "POST", "path": "/v1", "body": body}


def response(identity: str, text: str = "4", finish: str = "stop") -> dict[str, object]:
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}
    body = {"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}
    return {
        "id": identity,
        "at": "2026-11-24T10:00:01.000Z",
        "status": 200,
        "cached": False,
        "seconds": 1.25,
        "body": body,
    }


def append(path: Path, *rows: object, end: str = "\n") -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("\n".join(json.dumps(row) for row in rows) + end)


def test_a_pair_is_matched_by_its_id(tmp_path: Path) -> None:
    append(tmp_path / "requests.jsonl", request("a"), request("b", "And 3+3?"))
    append(tmp_path / "responses.jsonl", response("b", "6", "length"), response("a"))
    log = SampleLog(tmp_path)
    assert log.refresh() == 2
    first, second = log.read(0), log.read(1)
    assert (first.messages, first.answer) == ((Message("user", "What is 2+2?"),), "4")
    assert (second.answer, second.finish_reason, second.seconds) == ("6", "length", 1.25)
    assert (second.tokens_in, second.tokens_out, second.status) == (7, 2, 200)
    assert second.settings == (("temperature", "0.5"),)


def test_answers_without_a_logged_request_come_last(tmp_path: Path) -> None:
    append(tmp_path / "responses.jsonl", response("x"), response("a"))
    append(tmp_path / "requests.jsonl", request("a"))
    log = SampleLog(tmp_path)
    assert log.refresh() == 2
    assert [log.read(n).id for n in range(2)] == ["a", "x"]
    assert log.read(1).messages == ()


def test_a_line_that_is_being_written_comes_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    append(path, request("a"))
    append(path, request("b"), end="")
    log = SampleLog(tmp_path)
    assert log.refresh() == 1
    append(path, end="\n")
    append(path, request("c"))
    assert log.refresh() == 3
    assert [log.read(n).id for n in range(3)] == ["a", "b", "c"]
    assert not log.read(2).answered


def test_a_file_that_is_replaced_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    append(path, request("a"), request("b"))
    log = SampleLog(tmp_path)
    assert log.refresh() == 2
    path.write_text("")
    append(path, request("c"))
    assert log.refresh() == 1
    assert log.read(0).id == "c"
    path.unlink()
    assert log.refresh() == 0


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "requests.jsonl")
    assert SampleLog(tmp_path).refresh() == 0


@given(st.lists(st.integers(0, 300), max_size=8), st.integers(1, 200))
def test_lines_are_found_whatever_the_block(sizes: list[int], block: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(samples, "_BLOCK", block)
        path = Path(folder) / "requests.jsonl"
        for number, size in enumerate(sizes):
            append(path, request(f"id{number}", "x" * size), "no object", [1])
        log = SampleLog(Path(folder))
        assert log.refresh() == len(sizes)
        for number, size in enumerate(sizes):
            assert log.read(number).messages == (Message("user", "x" * size),)


def test_a_streamed_answer_is_put_together() -> None:
    def event(finish: str | None = None, **delta: str) -> dict[str, object]:
        return {"choices": [{"delta": delta, "finish_reason": finish}]}

    events = [event(role="assistant"), event(reasoning_content="hm"), event(content="Hel"), event("stop", content="lo")]
    told = {
        "id": "a",
        "streamed": True,
        "seconds": 2,
        "events": [*events, {"usage": {"completion_tokens": 3}}, "[DONE]"],
    }
    sample = sample_of("a", request("a"), told)
    assert (sample.answer, sample.reasoning, sample.finish_reason) == ("Hello", "hm", "stop")
    assert (sample.tokens_out, sample.streamed, sample.status) == (3, True, 0)


def test_other_shapes_are_shown_too() -> None:
    parts = [{"type": "text", "text": "Look:"}, {"type": "image_url", "image_url": {"url": "data:"}}]
    seen = sample_of("a", {"body": {"messages": [{"role": "user", "content": parts}]}}, None)
    assert seen.messages == (Message("user", "Look:\n(image_url)"),)
    completion = sample_of("a", {"body": {"prompt": ["1+1="]}}, {"status": 200, "body": {"choices": [{"text": "2"}]}})
    assert (completion.messages, completion.answer) == ((Message("prompt", '["1+1="]'),), "2")
    call = {"function": {"name": "f", "arguments": "{}"}}
    tools = sample_of("a", None, {"status": 200, "body": {"choices": [{"message": {"tool_calls": [call]}}]}})
    assert '"name": "f"' in tools.answer


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"error": {"message": "no such model"}}, "no such model"),
        ({"detail": "not found"}, "not found"),
        ("<html>", "<html>"),
        ({"other": 1}, '{"other": 1}'),
        (None, ""),
    ],
)
def test_the_error_of_a_failed_request(body: object, error: str) -> None:
    assert sample_of("a", None, {"status": 404, "body": body}).error == error


NAMES = st.sampled_from(
    ["body", "messages", "choices", "message", "content", "events", "delta", "usage", "status", "streamed", "error"]
)
TREES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@given(TREES)
def test_anything_is_a_sample(tree: object) -> None:
    sample = sample_of("a", tree, tree)
    assert isinstance(sample.answer, str) and isinstance(sample.error, str)
