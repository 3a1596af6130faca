from __future__ import annotations

import json
import stat
import threading
import unicodedata
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from evaldock.core.base import secrets
from evaldock.core.config.interceptors import known_names
from evaldock.core.proxy import interceptors
from evaldock.core.proxy.exchange import Exchange, JobScope, Reply
from evaldock.core.proxy.interceptor import Interceptor, StopJob, defaults, find_interceptor
from evaldock.core.proxy.interceptors.drop_params import DropParams
from evaldock.core.proxy.interceptors.endpoint import Endpoint
from evaldock.core.proxy.interceptors.log_tokens import LogTokens
from evaldock.core.proxy.interceptors.payload_modifier import PayloadModifier
from evaldock.core.proxy.interceptors.progress_tracking import ProgressTracking
from evaldock.core.proxy.interceptors.raise_client_errors import RaiseClientErrors
from evaldock.core.proxy.interceptors.request_logging import RequestLogging
from evaldock.core.proxy.interceptors.response_logging import ResponseLogging
from evaldock.core.proxy.interceptors.response_stats import ResponseStats
from evaldock.core.proxy.interceptors.system_message import SystemMessage
from evaldock.core.proxy.interceptors.turn_counter import TurnCounter
from evaldock.core.proxy.sse import make_event

URL = "http://127.0.0.1:1/v1/chat/completions"
ANSWER: dict[str, Any] = {
    "model": "m",
    "choices": [{"message": {"content": "hi", "tool_calls": [{"id": "1"}, {"id": "2"}]}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 4, "completion_tokens_details": {"reasoning_tokens": 3}},
}


@pytest.fixture
def scope(tmp_path: Path) -> JobScope:
    return JobScope("j", "ifeval", tmp_path, tmp_path, URL)


def exchange(scope: JobScope, body: object = None, path: str = "/v1/chat/completions", **headers: str) -> Exchange:
    data = json.dumps({"messages": []} if body is None else body).encode()
    return Exchange("ab" * 6, scope, "POST", path, "", {k.replace("_", "-"): v for k, v in headers.items()}, data)


def sent(
    kind: type[Interceptor], scope: JobScope, body: object, path: str = "/v1/chat/completions", **config: Any
) -> Any:
    x = exchange(scope, body, path)
    assert kind(config, scope).request(x) is None
    return json.loads(x.body)


def reply(body: object = ANSWER, status: int = 200) -> Reply:
    return Reply(status, {"content-type": "application/json", "set-cookie": "s=1"}, json.dumps(body).encode())


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_interceptor_has_sound_fields_and_an_example(scope: JobScope) -> None:
    files = {path.stem for path in Path(interceptors.__file__ or "").parent.glob("[!_]*.py")}
    assert files == set(known_names()), "each is an entry point in pyproject.toml"
    for name in files:
        kind = find_interceptor(name)
        assert kind is not None and kind.name == name
        assert f"name: {name}" in (kind.__doc__ or "")
        for field, schema in kind.fields.items():
            assert schema["title"] and schema["type"], f"{name}.{field}"
            jsonschema.Draft202012Validator.check_schema(schema)
            if "default" in schema:
                jsonschema.validate(schema["default"], schema)
        kind({"system_message": "x", **defaults(kind)}, scope).close()


def test_endpoint_does_nothing(scope: JobScope) -> None:
    x = exchange(scope)
    before = x.body
    assert Endpoint({}, scope).request(x) is None and x.body is before


@pytest.mark.parametrize(
    ("strategy", "content"), [("prepend", "new\na\nb"), ("append", "a\nb\nnew"), ("replace", "new")]
)
def test_a_system_message_joins_those_that_are_there(scope: JobScope, strategy: str, content: str) -> None:
    user = {"role": "user", "content": "u"}
    messages = [
        {"role": "system", "content": "a"},
        user,
        {"role": "system", "content": [{"type": "text", "text": "b"}]},
    ]
    body = sent(SystemMessage, scope, {"messages": messages}, system_message="new", strategy=strategy)
    assert body["messages"] == [{"role": "system", "content": content}, user]


def test_a_system_message_knows_other_kinds_of_requests(scope: JobScope) -> None:
    assert sent(SystemMessage, scope, {"messages": []}, system_message="n")["messages"] == [
        {"role": "system", "content": "n"}
    ]
    assert sent(SystemMessage, scope, {"prompt": "p"}, "/v1/completions", system_message="n") == {"prompt": "p"}
    body = sent(SystemMessage, scope, {"input": "i", "instructions": "old"}, "/v1/responses", system_message="n")
    assert body["instructions"] == "n\nold"


def test_payload_modifier_removes_anywhere_adds_and_renames(scope: JobScope) -> None:
    body = {"seed": 1, "messages": [{"role": "user", "name": "n", "parts": [{"seed": 2}]}], "max_tokens": 5}
    config: dict[str, Any] = {
        "params_to_remove": ["seed", "name"],
        "params_to_add": {"top_p": 0.5, "stop": ["x"]},
        "params_to_rename": {"max_tokens": "max_completion_tokens", "absent": "there"},
    }
    assert sent(PayloadModifier, scope, body, **config) == {
        "messages": [{"role": "user", "parts": [{}]}],
        "top_p": 0.5,
        "stop": ["x"],
        "max_completion_tokens": 5,
    }


def test_payload_modifier_survives_a_deep_body_and_other_bodies(scope: JobScope) -> None:
    deep: object = {"seed": 1}
    for _ in range(400):
        deep = {"a": [deep]}
    assert "seed" not in json.dumps(sent(PayloadModifier, scope, deep, params_to_remove=["seed"]))
    x = Exchange("a", scope, "POST", "/v1/x", "", {}, b"\xff not json")
    PayloadModifier({"params_to_remove": ["seed"]}, scope).request(x)
    assert x.body == b"\xff not json"


def test_payload_modifier_changes_headers_but_not_those_of_the_connection(scope: JobScope) -> None:
    config: dict[str, Any] = {
        "headers_to_remove": ["X-Gone", "HOST"],
        "headers_to_rename": {"X-Old": "X-New", "Content-Length": "x-a", "x-b": "Host"},
        "headers_to_add": {"X-Flag": True, "Connection": "close"},
    }
    x = exchange(scope, None, x_gone="1", x_old="2", host="h", content_length="9", x_b="b")
    PayloadModifier(config, scope).request(x)
    assert x.headers == {"x-new": "2", "host": "h", "content-length": "9", "x-b": "b", "x-flag": "true"}


def test_drop_params_is_only_about_the_top_level(scope: JobScope) -> None:
    body = sent(DropParams, scope, {"seed": 1, "messages": [{"seed": 2}]}, params=["seed", "absent"])
    assert body == {"messages": [{"seed": 2}]}


def conversation(turns: int, last: str = "user") -> dict[str, Any]:
    messages = [{"role": "user", "content": "q"}]
    for _ in range(turns - 1):
        messages += [{"role": "assistant", "content": "a"}, {"role": last, "content": "q"}]
    return {"messages": messages}


def test_turn_counter_speaks_up_near_the_end(scope: JobScope) -> None:
    config: dict[str, Any] = {"max_turns": 20}
    added = [
        len(sent(TurnCounter, scope, conversation(n), **config)["messages"]) - len(conversation(n)["messages"])
        for n in (1, 15, 16, 19, 20)
    ]
    assert added == [0, 0, 1, 1, 1]
    assert (
        "Turn 19 of 20, 1 turn left" in sent(TurnCounter, scope, conversation(19), **config)["messages"][-1]["content"]
    )
    refused = TurnCounter(config, scope).request(exchange(scope, conversation(21)))
    assert refused is not None and refused.status == 400 and b"may have 20" in refused.body
    assert sent(TurnCounter, scope, conversation(30)) == conversation(30)


@pytest.mark.parametrize(
    ("position", "last", "role", "count"),
    [
        ("system_message", "user", "system", 1),
        ("new_user_message", "user", "user", 1),
        ("user_message", "user", "user", 0),
        ("tool_message", "tool", "tool", 0),
    ],
)
def test_turn_counter_puts_it_where_it_is_told(
    scope: JobScope, position: str, last: str, role: str, count: int
) -> None:
    config: dict[str, Any] = {"max_turns": 10, "trigger": "periodic", "interval": 3, "position": position}
    body = conversation(3, last)
    found = sent(TurnCounter, scope, body, **config)["messages"]
    assert len(found) == len(body["messages"]) + count
    assert found[-1]["role"] == role and found[-1]["content"].endswith("Turn 3 of 10: 7 turns left after this one.")
    assert sent(TurnCounter, scope, conversation(4, last), **config) == conversation(4, last)


def test_turn_counter_adds_to_content_in_parts_and_passes_what_it_cannot(scope: JobScope) -> None:
    config: dict[str, Any] = {"max_turns": 5, "trigger": "periodic", "position": "user_message"}
    found = sent(TurnCounter, scope, {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, **config)
    assert [part["type"] for part in found["messages"][0]["content"]] == ["image_url", "text"]
    config["position"] = "tool_message"
    assert sent(TurnCounter, scope, conversation(1), **config) == conversation(1)


@pytest.mark.parametrize(
    ("config", "stops"),
    [
        ({}, {400, 401, 404, 499}),
        ({"exclude_status_codes": [404]}, {400, 401, 408, 429, 499}),
        ({"status_codes": [429, 500]}, {429, 500}),
        ({"status_code_range_start": 500, "status_code_range_end": 503}, {500, 503}),
    ],
)
def test_client_errors_end_the_job(scope: JobScope, config: dict[str, object], stops: set[int]) -> None:
    one = RaiseClientErrors(config, scope)
    stopped: set[int] = set()
    for status in (200, 400, 401, 404, 408, 429, 499, 500, 503, 504):
        try:
            one.response(exchange(scope), reply({"error": {"message": "no"}}, status))
        except StopJob:
            stopped.add(status)
    assert stopped == stops


def test_the_sentence_says_what_the_endpoint_said(scope: JobScope) -> None:
    one = RaiseClientErrors({}, scope)
    message = "Bad\nkey sk-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
    with pytest.raises(StopJob) as stop:
        one.response(exchange(scope), reply({"error": {"message": message}}, 401))
    assert str(stop.value) == (
        "The endpoint answered 401 to POST /v1/chat/completions: Bad key ***. "
        "raise_client_errors ends the job at such an answer."
    )
    with pytest.raises(StopJob, match=r"404 to POST /v1/chat/completions: <html>x+…\. raise"):
        one.response(exchange(scope), Reply(404, {}, b"<html>" + b"x" * 9000))


def test_requests_and_answers_are_matched_by_id_and_hold_no_key(scope: JobScope) -> None:
    key, token = 'odd"key\\with-é', "ed-" + "0a" * 20
    secrets.remember([key, token, None, ""])
    request_log = RequestLogging({"max_requests": 2}, scope)
    response_log = ResponseLogging({"max_responses": 2}, scope)
    for n in range(3):
        x = exchange(
            scope, {"n": n, "leak": f"{key} {token}"}, authorization=f"Bearer {token}", x_api_key=key, accept="*/*"
        )
        x.query = f"api_key={key}&a=b"
        request_log.request(x)
        response_log.response(x, reply({"said": f"Incorrect key {key} or Bearer abcdefghijk"}))
    request_log.close()
    response_log.close()
    asked, answered = (scope.dir / f"{name}.jsonl" for name in ("requests", "responses"))
    found, said = lines(asked), lines(answered)
    assert [record["body"]["n"] for record in found] == [0, 1]
    assert found[0]["id"] == said[0]["id"] == "ab" * 6
    assert found[0]["headers"] == {"authorization": "***", "x-api-key": "***", "accept": "*/*"}
    assert found[0]["query"] == "api_key=***&a=b"
    assert said[0]["headers"] == {"content-type": "application/json", "set-cookie": "***"}
    assert said[0]["body"] == {"said": "Incorrect key *** or Bearer ***"}
    assert (said[0]["status"], said[0]["cached"]) == (200, False)
    for path in (asked, answered):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert token not in path.read_text() and "odd" not in path.read_text()


def test_bodies_and_headers_can_be_left_out(scope: JobScope) -> None:
    RequestLogging({"log_request_body": False, "log_request_headers": False}, scope).request(exchange(scope))
    ResponseLogging({"log_response_body": False, "log_response_headers": False}, scope).response(
        exchange(scope), reply()
    )
    assert set(lines(scope.dir / "requests.jsonl")[0]) == {"id", "at", "method", "path"}
    assert set(lines(scope.dir / "responses.jsonl")[0]) == {"id", "at", "status", "cached", "seconds"}


def test_a_proxy_that_takes_over_keeps_to_the_limit_of_a_log(scope: JobScope) -> None:
    for _ in range(2):
        one = RequestLogging({"max_requests": 3}, scope)
        for _ in range(2):
            one.request(exchange(scope))
        one.close()
    assert len(lines(scope.dir / "requests.jsonl")) == 3


def test_a_log_steers_no_terminal(scope: JobScope) -> None:
    said = {"said": "\x9b2J \x9d52;c;eA\x07 \u202e \x1b[2J \x7f é"}
    ResponseLogging({}, scope).response(exchange(scope), reply(said))
    path = scope.dir / "responses.jsonl"
    assert lines(path)[0]["body"] == said
    text = path.read_text("utf-8")
    assert not any(unicodedata.category(c) == "Cc" and c != "\n" for c in text) and "\u202e" not in text
    assert "é" in text


def test_a_log_that_cannot_be_written_stops_nothing(scope: JobScope, caplog: pytest.LogCaptureFixture) -> None:
    (scope.dir / "requests.jsonl").symlink_to(scope.dir / "elsewhere")
    one = RequestLogging({"max_requests": None}, scope)
    for _ in range(3):
        assert one.request(exchange(scope)) is None
    assert len(caplog.records) == 1
    assert not (scope.dir / "elsewhere").exists()


def test_streams_are_logged_when_they_are_complete(scope: JobScope) -> None:
    one = ResponseLogging({}, scope)
    passing = one.stream(exchange(scope))
    assert passing is not None
    for data in ('{"a":1}', "[DONE]"):
        event = make_event(data)
        assert passing.feed(event) == [event]
    assert not (scope.dir / "responses.jsonl").exists()
    passing.end()
    [record] = lines(scope.dir / "responses.jsonl")
    assert record["streamed"] and record["events"] == [{"a": 1}, "[DONE]"]


def test_tokens_are_written_down(scope: JobScope) -> None:
    one = LogTokens({}, scope)
    one.response(exchange(scope), reply())
    one.response(exchange(scope), reply({"usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}}))
    one.response(exchange(scope), reply({"no": "usage"}))
    passing = one.stream(exchange(scope))
    assert passing is not None
    passing.feed(make_event('{"choices":[{"delta":{}}],"usage":null}'))
    passing.feed(make_event('{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":8,"total_tokens":15}}'))
    passing.end()
    one.close()
    names = ("prompt_tokens", "completion_tokens", "total_tokens", "reasoning_tokens")
    assert [tuple(line[n] for n in names) for line in lines(scope.dir / "tokens.jsonl")] == [
        (10, 4, 14, 3),
        (1, 2, 3, None),
        (7, 8, 15, None),
    ]


def test_statistics_of_answers(scope: JobScope) -> None:
    one = ResponseStats({"stats_file_saving_interval": 2}, scope)
    one.response(exchange(scope), reply())
    assert not (scope.dir / "response_stats.json").exists()
    one.response(exchange(scope), reply({}, 500))
    assert (scope.dir / "response_stats.json").exists()
    passing = one.stream(exchange(scope))
    assert passing is not None
    call = {"index": 0, "function": {"arguments": "x"}}
    passing.feed(make_event(json.dumps({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})))
    passing.feed(make_event(json.dumps({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})))
    passing.feed(make_event('{"choices":[{"delta":{},"finish_reason":"length"}],"usage":{"prompt_tokens":20}}'))
    passing.feed(make_event("[DONE]"))
    passing.end()
    one.close()
    stats = json.loads((scope.dir / "response_stats.json").read_text())["response_stats"]
    assert (stats["count"], stats["successful_count"], stats["tool_calls_count"]) == (3, 2, 3)
    assert stats["status_codes"] == {"200": 2, "500": 1}
    assert stats["finish_reason"] == {"stop": 1, "length": 1}
    assert (stats["avg_prompt_tokens"], stats["max_prompt_tokens"], stats["avg_total_tokens"]) == (15, 20, 14)


class _Receiver(BaseHTTPRequestHandler):
    got: list[tuple[str, str, Any]]
    seen: threading.Semaphore

    def do_PATCH(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.got.append((self.command, self.path, body))
        self.send_response(204)
        self.end_headers()
        self.seen.release()

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_progress_is_sent_on_the_side(scope: JobScope, monkeypatch: pytest.MonkeyPatch) -> None:
    _Receiver.got, _Receiver.seen = [], threading.Semaphore(0)
    monkeypatch.setenv("THE_JOB", "job7")
    with HTTPServer(("127.0.0.1", 0), _Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/$THE_JOB"
        one = ProgressTracking({"progress_tracking_url": url, "progress_tracking_interval": 2}, scope)
        for status in (200, 500, 200):
            one.response(exchange(scope), reply(ANSWER, status))
        assert _Receiver.seen.acquire(timeout=20)
        passing = one.stream(exchange(scope))
        assert passing is not None
        passing.end()
        one.close()
        server.shutdown()
        thread.join()
    assert _Receiver.got == [
        ("PATCH", "/job7", {"samples_processed": 2}),
        ("PATCH", "/job7", {"samples_processed": 3}),
    ]
    assert one.figures() == {"samples_processed": 3}


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/secret", "file:///etc/passwd", "http://[bad/secret"])
def test_a_receiver_that_is_not_there_costs_one_warning(
    scope: JobScope, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    one = ProgressTracking({"progress_tracking_url": url}, scope)
    for _ in range(3):
        one.response(exchange(scope), reply())
    one.close()
    assert len(caplog.records) == 1
    assert "secret" not in caplog.text and "passwd" not in caplog.text


def test_without_a_url_progress_is_only_counted(scope: JobScope) -> None:
    one = ProgressTracking({}, scope)
    x = exchange(scope)
    one.response(x, reply())
    one.close()
    assert x.notes["progress_tracking"] == 1
