"""What the checks say of an endpoint, told by real requests to a real server on loopback."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from evaldock.core.config.model import EnvValue
from evaldock.core.engine.docker.survey import EngineFacts
from evaldock.core.plan.spec import EnvRef, JobSpec, Plan
from evaldock.core.preflight import machine
from evaldock.core.preflight.checks import run_checks, what_is_sent
from evaldock.core.preflight.endpoint import early_checks, endpoint_checks
from evaldock.core.preflight.model import Check, Subject
from evaldock.core.preflight.targets import Target

from ..model_server import CHAT, ModelServer

KEY = "sk-right-key"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(key=KEY) as made:
        yield made


@pytest.fixture
def target(server: ModelServer) -> Target:
    """The server as a job uses it that has everything right."""
    return Target(server.url(), "m", "chat", "MY_KEY", KEY, ("ifeval",))


def states(checks: list[Check]) -> dict[str, str]:
    """State by name."""
    return {check.name: check.state for check in checks}


def only_failure(target: Target) -> Check:
    """The one failed check, which the early look must have seen as well."""
    (failed,) = [check for check in endpoint_checks(target) if check.state == "fail"]
    assert [replace(check, seconds=0) for check in early_checks(target, 20)] == [failed]
    return failed


def test_when_all_is_well_everything_is_said_to_be(target: Target) -> None:
    checks = list(endpoint_checks(target))
    assert states(checks) == dict.fromkeys(["endpoint", "key", "model", "chat", "clock"], "ok")
    assert [check.remedy for check in checks] == [""] * 5
    assert list(early_checks(target, 20)) == []


def test_the_early_look_sends_one_request_for_one_token(server: ModelServer, target: Target) -> None:
    list(early_checks(target, 20))
    ((path, body),) = server.seen
    assert (path, body and body["max_tokens"], body and body["model"]) == (CHAT, 1, "m")


def test_quiet_checks_send_nothing_and_say_what_the_others_would(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    job = JobSpec(
        "0a1b2c3d.0", 0, "ifeval", "h", "lab.example/eval:1", "", "chat", f"{server.url()}?sig=abc", "m",
        ("nemo-evaluator", "run_eval", "--run_config", "/evaldock/run_config.yaml"), "ifeval",
        env=(EnvRef("AWS_SECRET_ACCESS_KEY", EnvValue("host", "AWS_SECRET_ACCESS_KEY")),),
        run_config={"target": {"api_endpoint": {"api_key_name": "AWS_SECRET_ACCESS_KEY"}}},
    )  # fmt: skip
    plan = Plan("0a1b2c3d", str(tmp_path), "parallel", 1, "missing", "m", job.url, (job,))
    env = {"AWS_SECRET_ACCESS_KEY": KEY}
    names = [check.name for check in run_checks(plan, env, quiet=True)]
    assert server.seen == [] and "docker" in names and not {"endpoint", "reach", "key"} & set(names)
    assert what_is_sent(plan, env) == (
        f"ask the endpoint with the value of AWS_SECRET_ACCESS_KEY at {server.url()}",
        "ask lab.example for images that are not here",
        "start a container of one of the images, without the key, to try its way to the endpoint",
    )
    run_checks(plan, env)
    assert server.seen


def test_a_quiet_check_asks_no_registry(tmp_path: Path) -> None:
    class Docker:
        def facts(self) -> EngineFacts:
            return EngineFacts("27.3.1", "unix:///var/run/docker.sock", "amd64", str(tmp_path), True, "", ("runc",))

        def image(self, reference: str) -> None:
            return None

    job = JobSpec("0a1b2c3d.0", 0, "t", "h", "lab.example/eval:1", "", "chat", "", "m", ("x",), "t")
    plan = Plan("0a1b2c3d", str(tmp_path), "parallel", 1, "missing", "m", "", (job,))
    first, *_ = machine.images(Subject(plan, {}, quiet=True, docker=Docker()))  # type: ignore[arg-type]
    assert (first.state, first.text) == ("skipped", "lab.example/eval:1 is not here; its registry was not asked yet")


def test_a_closed_port() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        check = only_failure(Target(f"http://127.0.0.1:{port}/v1/chat/completions", "m", "chat", "", None))
    assert (check.name, check.text) == ("endpoint", f"127.0.0.1:{port} refuses connections")
    assert "Start the model server" in check.remedy


def test_a_proxy_that_may_have_answered_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    target = Target(f"http://model.example{CHAT}", "m", "chat", "", None)
    with ModelServer() as squid:
        squid.answer = lambda path, body: (404, {}, '{"error": {"message": "no such host"}}')
        monkeypatch.setenv("http_proxy", f"http://u:secret@127.0.0.1:{squid.port}")
        check = only_failure(target)
        assert check.text.endswith(f"answers 404: no such host (through the proxy 127.0.0.1:{squid.port})")
        first, *_ = endpoint_checks(target)
        assert first.text.endswith(f"through the proxy 127.0.0.1:{squid.port}")
        squid.answer = lambda path, body: (407, {}, "")
        assert only_failure(target).text == f"the proxy 127.0.0.1:{squid.port} requires a user and a password (407)"
        monkeypatch.setenv("no_proxy", "model.example:80")
        assert only_failure(target).text == "the host name of model.example is not known"


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("socks5://u:secret@127.0.0.1:{}", "SOCKS proxy for it, socks5://127.0.0.1:"),
        ("http://u:secret@127.0.0.1:{}", "makes no way to model.example (501)"),
    ],
)
def test_a_proxy_that_is_no_way(proxy: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with ModelServer() as squid:
        monkeypatch.setenv("https_proxy", proxy.format(squid.port))
        check = only_failure(Target(f"https://model.example{CHAT}", "m", "chat", "", None))
    assert check.name == "endpoint" and words in check.text and "secret" not in check.text


def test_an_unknown_host() -> None:
    check = only_failure(Target("http://model.invalid/v1/chat/completions", "m", "chat", "", None))
    assert (check.name, check.text) == ("endpoint", "the host name of model.invalid is not known")


def test_a_key_that_is_wrong_missing_empty_or_not_named_is_told_apart(target: Target) -> None:
    wrong = only_failure(replace(target, key="sk-wrong-key"))
    assert wrong.name == "key"
    assert "MY_KEY is rejected (401): Incorrect API key provided" in wrong.text
    assert "sk-wrong-key" not in wrong.text + wrong.remedy
    unnamed = only_failure(replace(target, key_name="", key=None))
    assert "wants a key and none is named" in unnamed.text
    assert "api_key_name" in unnamed.remedy
    quoted = only_failure(replace(target, key=f'"{KEY}"'))
    assert "begins and ends with a quote" in quoted.remedy
    for value, said in ((None, "MY_KEY is not set"), ("", "MY_KEY is empty")):
        checks = list(endpoint_checks(replace(target, key=value)))
        assert (checks[0].name, checks[0].state, checks[0].text) == ("key", "fail", said)
        assert states(checks)["chat"] == "skipped"


def test_an_unknown_model_is_named_with_the_nearest_one(target: Target) -> None:
    check = only_failure(replace(target, model_id="llama3.1-8b"))
    assert check.name == "model"
    assert check.text == "the endpoint does not serve 'llama3.1-8b', but m, llama-3.1-8b"
    assert check.remedy == "Write target.api_endpoint.model_id: llama-3.1-8b"


def test_a_model_that_answers_without_being_listed_is_only_a_warning(server: ModelServer, target: Target) -> None:
    server.answer = lambda path, body: (200, {}, json.dumps({"choices": [{}]})) if body else None
    checks = list(endpoint_checks(replace(target, model_id="alias")))
    assert (states(checks)["model"], states(checks)["chat"]) == ("warn", "ok")
    assert list(early_checks(replace(target, model_id="alias"), 20)) == []


@pytest.mark.parametrize("path", ["/v1/chat/completion", "/v1", "/", "/chat/completions", "/v2/chat/completions"])
def test_a_wrong_path_is_told_the_right_one(server: ModelServer, target: Target, path: str) -> None:
    check = only_failure(replace(target, url=server.url(path)))
    assert (check.name, "(404)" in check.text) == ("url", True)
    assert check.remedy.endswith(f"write target.api_endpoint.url: {server.url()}")


def test_a_page_of_html_is_no_answer(server: ModelServer, target: Target) -> None:
    server.answer = lambda path, body: (200, {"Content-Type": "text/html; charset=utf-8"}, "<html>hello</html>")
    (failed,) = [check for check in endpoint_checks(target) if check.state == "fail"]
    assert (failed.name, failed.text) == ("url", "the endpoint answers text/html without `choices`")


@pytest.mark.parametrize(
    ("status", "headers", "name", "said"),
    [
        (503, {}, "chat", "answers 503: the model is loading"),
        (429, {}, "chat", "answers 429: the model is loading"),
        (400, {}, "chat", "refuses the smallest request: it answers 400: the model is loading"),
        (307, {"Location": "https://other.example/v1?api_key=abc"}, "url", "redirects to https://other.example/v1"),
    ],
)
def test_what_may_pass_is_a_warning_and_refuses_no_run(
    server: ModelServer, target: Target, status: int, headers: dict[str, str], name: str, said: str
) -> None:
    text = json.dumps({"error": {"message": "the model is loading"}})
    server.answer = lambda path, body: (status, headers, text) if body else None
    (check,) = [check for check in endpoint_checks(target) if check.state != "ok"]
    assert (check.name, check.state, said in check.text) == (name, "warn", True)
    assert "abc" not in check.text
    assert list(early_checks(target, 20)) == []


def test_models_that_want_the_newer_limit_get_it(server: ModelServer, target: Target) -> None:
    message = json.dumps({"error": {"message": "Unsupported parameter: 'max_tokens'"}})
    server.answer = lambda path, body: (400, {}, message) if body and "max_tokens" in body else None
    assert states(list(endpoint_checks(target)))["chat"] == "ok"


@pytest.mark.parametrize(
    ("kind", "path", "name"),
    [
        ("completions", "/v1/completions", "completions"),
        ("completions_logprob", "/v1/completions", "logprobs"),
        ("embedding", "/v1/embeddings", "embedding"),
    ],
)
def test_each_protocol_is_asked_in_its_own_way(
    server: ModelServer, target: Target, kind: str, path: str, name: str
) -> None:
    assert states(list(endpoint_checks(replace(target, kind=kind, url=server.url(path)))))[name] == "ok"


def test_a_vision_task_sends_an_image(server: ModelServer, target: Target) -> None:
    assert states(list(endpoint_checks(replace(target, kind="vlm"))))["vlm"] == "ok"
    _, body = server.seen[-1]
    assert body is not None
    image = body["messages"][0]["content"][1]["image_url"]["url"]
    assert image.startswith("data:image/png;base64,iVBOR")


def test_log_probabilities_that_a_task_scores_by_must_be_there(server: ModelServer, target: Target) -> None:
    server.answer = lambda path, body: (200, {}, json.dumps({"choices": [{"text": "x"}]})) if body else None
    checks = list(endpoint_checks(replace(target, kind="completions_logprob", url=server.url("/v1/completions"))))
    assert states(checks)["logprobs"] == "fail"


def test_an_endpoint_that_is_merely_slow_refuses_no_run(server: ModelServer, target: Target) -> None:
    over = threading.Event()

    def wait(path: str, body: object) -> None:
        over.wait(30)

    server.answer = wait
    try:
        assert list(early_checks(target, 0.05)) == []
    finally:
        over.set()


def test_a_wrong_clock_is_told(server: ModelServer, target: Target) -> None:
    date = {"Date": "Mon, 05 Jan 2015 10:00:00 GMT", "Content-Type": "application/json"}
    # The handler sends a date of its own first; of two, the last one counts.
    server.answer = lambda path, body: (200, date, json.dumps({"data": [{"id": "m"}]})) if body is None else None
    (check,) = [check for check in endpoint_checks(target) if check.name == "clock"]
    assert check.state == "warn"
    assert "ahead of the endpoint" in check.text


def test_https_on_a_plain_server_and_the_other_way_round(server: ModelServer, target: Target) -> None:
    check = only_failure(replace(target, url=server.url().replace("http:", "https:")))
    assert (check.name, "does not speak TLS" in check.text) == ("endpoint", True)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_a_certificate_is_verified_and_an_authority_can_be_named(
    server: ModelServer, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = (str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))
    made = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    words = ["openssl", *made.split(), "-out", pair[0], "-keyout", pair[1]]
    subprocess.run(words, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    server.encrypt(context)
    secure = replace(target, url=server.url().replace("http:", "https:"))
    check = only_failure(secure)
    assert (check.name, "is not trusted" in check.text) == ("endpoint", True)
    assert "SSL_CERT_FILE" in check.remedy
    monkeypatch.setenv("SSL_CERT_FILE", pair[0])
    assert states(list(endpoint_checks(secure)))["chat"] == "ok"


REFUSALS = {
    "not a chat model": (404, "This is not a chat model and thus not supported in the v1/chat/completions endpoint."),
    "data policy": (404, "No endpoints found matching your data policy"),
    "a parameter": (400, "max_tokens and max_completion_tokens are not supported for this model"),
    "streaming only": (400, "Non-streaming requests are not supported for this model"),
    "region": (403, "This model is not available in your region"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_told_in_the_endpoint_s_words(server: ModelServer, target: Target, name: str) -> None:
    code, words = REFUSALS[name]
    server.answer = lambda path, body: (
        (200, {}, json.dumps({"data": [{"id": "m"}, {"id": "other"}]}))
        if path.endswith("/models")
        else (code, {}, json.dumps({"error": {"message": words}}))
    )
    early = list(early_checks(target, 20))
    assert bool(early) == (code != 400), "a parameter is no reason to refuse a run"
    for check in (*early, *endpoint_checks(target)):
        assert "does not serve" not in check.text
    assert words.split(".")[0] in str([check.text for check in endpoint_checks(target)])


def test_the_early_look_sees_that_200_holds_no_answer(server: ModelServer, target: Target) -> None:
    unknown = {"error": "Unexpected endpoint or method. (POST /chat/completions)"}
    server.answer = lambda path, body: (
        (200, {}, json.dumps({"data": [{"id": "m"}]})) if path == "/v1/models" else (200, {}, json.dumps(unknown))
    )
    wrong = replace(target, url=target.url.replace("/v1/", "/"))
    (found,) = early_checks(wrong, 20)
    assert (found.name, found.state) == ("url", "fail")
    assert "Unexpected endpoint" in found.text
    assert target.url in found.remedy
    server.answer = lambda path, body: (200, {}, json.dumps({"error": {"message": "busy", "code": 429}}))
    assert list(early_checks(target, 20)) == [], "that may pass"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("sk-right-key\u200b", "U+200B at place 13 of 13"),
        ("sk\u2014right-key", "U+2014 at place 3 of 12"),
        ("\u201csk-right-key\u201d", "U+201C at place 1 of 14"),
        ("sk-\nright-key", "a line break at place 4 of 13"),
    ],
)
def test_a_key_that_cannot_be_sent_is_told_as_that(server: ModelServer, target: Target, key: str, words: str) -> None:
    for checks in (early_checks(replace(target, key=key), 20), endpoint_checks(replace(target, key=key))):
        (found,) = checks
        assert (found.name, found.state) == ("key", "fail")
        assert words in found.text and "MY_KEY" in found.text
        assert key not in found.text + found.remedy
    assert server.seen == []
