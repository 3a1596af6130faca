"""Requests through the proxy to a real endpoint on loopback: what arrives, what is refused, what is counted."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path

import pytest
from aiohttp import web

from .proxy_server_rig import ANSWER, CHAT, KEY, TOKEN, half, ok, reset, rig, script, status


def test_a_request_arrives_with_the_real_key_and_without_the_token(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(tmp_path) as r:
            headers = {"Authorization": f"Bearer {TOKEN}", "OpenAI-Beta": "1", "Connection": "x-hop", "X-Hop": "2"}
            code, body, _ = await r.ask(CHAT + "?a=%2F1", headers=headers)
            assert (code, json.loads(body)) == (200, ANSWER)
            (got,) = r.seen
            assert (got.method, got.path, json.loads(got.body)["model"]) == ("POST", CHAT + "?a=%2F1", "m")
            assert got.headers["authorization"] == f"Bearer {KEY}"
            assert got.headers["openai-beta"] == "1"
            assert "x-hop" not in got.headers
            assert TOKEN not in str(got.headers)
            figures = r.figures.to_json()
            assert (figures["sent"], figures["ok"], figures["in_flight"], figures["failed"]) == (1, 1, 0, 0)
            assert (figures["tokens_in"], figures["tokens_out"]) == (3, 5)
            assert (figures["finish_reasons"], figures["by_status"]) == ({"stop": 1}, {"200": 1})
            assert sum(figures["rates"]) == 1  # type: ignore[arg-type]

    asyncio.run(main())


NEVER = [
    *(
        "/v2/models",
        "/v1x",
        "/",
        "/v1/%2e%2e/admin",
        "/v1/..%2fadmin",
        "/v1/%2E./x",
        "/v1/..;/models",
        "/v1/%3b/models",
    ),
    *("/v1/models/%252e%252e/x", "/v1/models/..%00", "/v1/models/%c0%ae%c0%ae/x", "/v1/models/.", "/v1/models\\..\\x"),
    *(
        "/v1/models/%5c..%5cx",
        "/v1/models/%0d%0ax",
        "/v1/models/x%3fy",
        "/v1/models/x%23",
        "/v1/files",
        "/v1",
        "/v1/%3b/x",
    ),
]


def test_operations_of_the_job_are_forwarded_and_no_others(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(tmp_path) as r:
            asked = [("GET", "/v1/models"), ("GET", "/v1/models/org%2Fm"), ("HEAD", CHAT), ("OPTIONS", CHAT)]
            for method, path in asked:
                assert (await r.ask(path, method=method))[0] == 200
            for path in NEVER:
                for method in ("GET", "POST"):
                    code, body, _ = await r.ask(path, method=method)
                    assert code in (403, 404), path
                    assert "error" in json.loads(body)
            for method in ("TRACE", "PUT", "DELETE", "PATCH", "PROPFIND", "TRACK", "GET"):
                assert (await r.ask(method=method))[0] in (400, 403)
            for path in ("/v1/embeddings", "/v1/completions", "/v1/fine_tuning/jobs", "/v1/responses/x/cancel"):
                assert (await r.ask(path))[0] == 403
            assert [(got.method, got.path) for got in r.seen] == asked

    asyncio.run(main())


def test_a_setting_opens_more_operations_models_and_headers(tmp_path: Path) -> None:
    allow = {"operations": ["DELETE files/*", "POST rerank"], "models": ["judge"], "headers": ["X-Team"]}
    headers = {"Authorization": f"Bearer {TOKEN}", "x-team": "a", "openai-organization": "b", "max-forwards": "0"}

    async def main() -> None:
        async with rig(tmp_path, allow=allow, models=["m"]) as r:
            assert (await r.ask("/v1/files/x", method="DELETE"))[0] == 200
            assert (await r.ask("/v1/files/x", method="TRACE"))[0] == 403
            assert (await r.ask("/v1/files/x", method="GET"))[0] == 403
            assert (await r.ask("/v1/rerank", json={"model": "judge"}, headers=headers))[0] == 200
            assert "x-team" in r.seen[-1].headers
            assert not r.seen[-1].headers.keys() & {"openai-organization", "max-forwards", "x-http-method-override"}

    asyncio.run(main())


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"model": "m"}', 200),
        (b'{"model":"m","x":{"model":"other"}}', 200),
        (b"{}", 200),
        (b'{"model": "other"}', 403),
        (b'{"model":"m","model":"other"}', 403),
        (b'{"model":"other","model":"m"}', 403),
        (b'{"\\u006dodel":"other","x":{"model":"m"}}', 403),
        (b'{"model":"m\\u0021"}', 403),
        (b'{"model":["other"]}', 403),
        ('{"model":"other"}'.encode("utf-16"), 403),
    ],
)
def test_a_job_is_held_to_its_models_where_some_are_listed(tmp_path: Path, body: bytes, code: int) -> None:
    async def main() -> None:
        async with rig(tmp_path, models=["m"], allow={"models": ["judge"]}) as r:
            assert (await r.ask(data=body))[0] == code
            assert len(r.seen) == (code == 200)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("clients", "code"),
    [(None, 200), (["127.0.0.1"], 200), (["10.0.0.0/8", "127.0.0.0/8"], 200), (["10.0.0.7"], 401), ([], 401)],
)
def test_a_token_is_good_for_its_own_container_only(tmp_path: Path, clients: list[str] | None, code: int) -> None:
    async def main() -> None:
        async with rig(tmp_path, clients=clients) as r:
            assert (await r.ask())[0] == code
            assert (r.figures.sent, r.jobs.strangers) == ((1, 0) if code == 200 else (0, 1))

    asyncio.run(main())

    asyncio.run(main())


def test_without_a_valid_token_nothing_is_forwarded(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(tmp_path) as r:
            for header in (
                {},
                {"Authorization": "Bearer wrong"},
                {"Authorization": TOKEN},
                {"Authorization": "Bearer"},
            ):
                code, body, _ = await r.ask(headers=header)
                assert code == 401
                assert json.loads(body)["error"]["code"] == 401
            assert r.seen == []
            assert (r.jobs.strangers, r.figures.sent) == (4, 0)

    asyncio.run(main())


def test_control_requests_need_the_control_token(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(tmp_path) as r:
            control = {"Authorization": "Bearer control"}
            assert (await r.ask("/-/health", method="GET", headers={}))[0] == 200
            for path in ("/-/jobs", "/-/stop"):
                for headers in (control, {"Authorization": f"Bearer {TOKEN}"}):
                    assert (await r.ask(path, headers=headers))[0] in (401, 404), "never on the port of containers"
            r.url, containers = r.orders, r.url
            for path in ("/-/jobs", "/-/stop"):
                assert (await r.ask(path))[0] == 401
            assert not r.control.stopping.is_set()
            code, body, _ = await r.ask("/-/jobs", headers=control, json={"jobs": {"x": {"token": "t"}}})
            assert (code, b"has no upstream" in body) == (400, True)
            assert TOKEN in r.jobs.by_token, "bad jobs must not replace the good ones"
            r.url = containers
            await r.ask()
            r.url = r.orders
            code, body, _ = await r.ask("/-/jobs", headers=control, json={"jobs": {}})
            assert (code, json.loads(body)["left"]["a.0"]["ok"]) == (200, 1)
            assert json.loads((tmp_path / "requests.json").read_bytes())["ok"] == 1
            assert (await r.ask("/-/stop", headers=control))[0] == 200
            assert r.control.stopping.is_set()
            r.url = containers
            assert (await r.ask())[0] == 401

    asyncio.run(main())


def test_bodies_up_to_64_mb(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(tmp_path) as r:
            big = b"x" * (40 << 20)
            assert (await r.ask(data=iter_of(big)))[0] == 200
            assert r.seen[0].body == big
            assert (await r.ask(data=iter_of(b"x" * ((64 << 20) + 1))))[0] == 413
            assert len(r.seen) == 1

    asyncio.run(main())


async def iter_of(data: bytes):  # type: ignore[no-untyped-def]
    for start in range(0, len(data), 1 << 20):
        yield data[start : start + (1 << 20)]


@pytest.mark.parametrize("bad", [status(500), status(503), status(408), status(429, Retry_After="0"), reset, half])
def test_a_failed_attempt_is_tried_again_and_never_seen(tmp_path: Path, bad: object) -> None:
    async def main() -> None:
        async with rig(tmp_path, script(bad, bad, ok)) as r:  # type: ignore[arg-type]
            code, body, _ = await r.ask()
            assert (code, json.loads(body)) == (200, ANSWER)
            assert (len(r.seen), r.figures.retried, r.figures.ok, r.figures.failed) == (3, 2, 1, 0)
            assert len({got.body for got in r.seen}) == 1
            assert r.figures.to_json()["last_errors"]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("code", "tries"), [(400, 1), (404, 1), (422, 1), (500, 3), (409, 3), (429, 3), (504, 3), (529, 3)]
)
def test_the_endpoint_s_own_error_is_handed_on(tmp_path: Path, code: int, tries: int) -> None:
    async def main() -> None:
        async with rig(tmp_path, status(code, "model 'm' is not here")) as r:
            got, body, _ = await r.ask()
            assert (got, json.loads(body)["error"]["message"]) == (code, "model 'm' is not here")
            assert len(r.seen) == tries
            figures = r.figures.to_json()
            assert (figures["failed"], figures["by_status"], figures["ok"]) == (1, {str(code): 1}, 0)
            sentence = f"The endpoint answered {code} to POST {CHAT}: model 'm' is not here"
            assert figures["last_errors"] == [sentence if tries == 1 else f"{sentence} ({tries} times)"]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("handler", "words"), [(reset, "hung up before it answered"), (half, "broke off in the middle of an answer")]
)
def test_an_endpoint_that_always_breaks_off_ends_as_502_with_a_sentence(
    tmp_path: Path, handler: object, words: str
) -> None:
    async def main() -> None:
        async with rig(tmp_path, handler) as r:  # type: ignore[arg-type]
            code, body, headers = await r.ask()
            assert (code, headers["content-type"], len(r.seen)) == (502, "application/json", 3)
            assert words in json.loads(body)["error"]["message"]
            assert words in str(r.figures.to_json()["last_errors"])

    asyncio.run(main())


def test_an_endpoint_that_is_not_there(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(tmp_path, upstream=f"http://127.0.0.1:1{CHAT}") as r:
            code, body, _ = await r.ask()
            assert (code, r.figures.retried) == (502, 2)
            message = json.loads(body)["error"]["message"]
            assert message == "The endpoint http://127.0.0.1:1 cannot be reached: Connection refused."

    asyncio.run(main())


def test_an_endpoint_that_never_answers(tmp_path: Path) -> None:
    async def never(_: web.BaseRequest) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    async def main() -> None:
        async with rig(tmp_path, never, options={"request_timeout": 0.05}) as r:
            code, body, _ = await r.ask()
            assert (code, len(r.seen)) == (504, 3)
            assert "did not answer within 0.05 s" in json.loads(body)["error"]["message"]
            assert r.figures.by_status == {504: 1}

    asyncio.run(main())


@pytest.mark.parametrize(
    ("key", "name", "words"),
    [
        (None, "", "and none is named: put the name of its variable in target.api_endpoint.api_key_name"),
        (None, "K", "and the variable K is not set where evaldock runs"),
        ("", "K", "and the variable K is empty"),
        (KEY, "K", "rejected the API key in the variable K (401)"),
    ],
)
def test_missing_empty_and_rejected_keys_are_told_apart(tmp_path: Path, key: str | None, name: str, words: str) -> None:
    async def main() -> None:
        refuses = status(401, f"Incorrect API key provided: {KEY}")
        async with rig(tmp_path, refuses, api_key=key, key_name=name) as r:
            assert (await r.ask())[0] == 401
            assert ("authorization" in r.seen[0].headers) == bool(key)
            (sentence,) = r.figures.to_json()["last_errors"]  # type: ignore[misc]
            assert words in sentence
            assert not key or KEY not in sentence
            assert r.figures.unauthorized == 1

    asyncio.run(main())


def test_a_key_that_is_refused_is_tried_in_the_other_headers_once(tmp_path: Path) -> None:
    async def azure(request: web.BaseRequest) -> web.StreamResponse:
        keys = [request.headers.get(name) for name in ("authorization", "api-key", "x-api-key")]
        assert sum(key is not None for key in keys) == 1, "one credential goes out"
        return await (ok if keys[1] == KEY else status(401))(request)

    async def main() -> None:
        async with rig(tmp_path, azure) as r:
            assert [(await r.ask())[0] for _ in range(3)] == [200, 200, 200]
            assert (len(r.seen), r.figures.unauthorized) == (4, 0)
        async with rig(tmp_path, azure, options={"api_key_header": "API-Key"}) as r:
            assert (await r.ask())[0] == 200
            assert len(r.seen) == 1
        async with rig(tmp_path, azure, options={"api_key_header": "x-api-key"}) as r:
            assert (await r.ask())[0] == 401
            assert len(r.seen) == 1

    asyncio.run(main())


BEARER = f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("config", "options", "sent"),
    [
        ({"headers_to_remove": ["Authorization"]}, {}, {}),
        ({"headers_to_remove": ["api-key"]}, {}, {"authorization": BEARER}),
        ({"headers_to_remove": ["API-Key"]}, {"api_key_header": "api-key"}, {}),
        ({"headers_to_rename": {"Authorization": "X-Team-Key"}}, {}, {"x-team-key": BEARER}),
        ({"headers_to_rename": {"authorization": "api-key"}}, {}, {"api-key": BEARER}),
        ({"headers_to_rename": {"api-key": "X-Team-Key"}}, {"api_key_header": "api-key"}, {"x-team-key": KEY}),
        ({"headers_to_add": {"Authorization": "Basic abc"}}, {}, {"authorization": "Basic abc"}),
        ({"headers_to_add": {"api-key": "mine"}}, {}, {"api-key": "mine"}),
        ({"headers_to_add": {"x-key": "mine"}}, {"api_key_header": "x-key"}, {"x-key": "mine"}),
        ({"headers_to_add": {"X-Team": "evals"}}, {}, {"authorization": BEARER, "x-team": "evals"}),
    ],
)
@pytest.mark.parametrize("answer", [200, 401])
def test_headers_that_carry_the_key_are_changed_as_the_config_says(
    tmp_path: Path, config: dict[str, object], options: dict[str, object], sent: dict[str, str], answer: int
) -> None:
    names = ("authorization", "api-key", "x-api-key", "x-team-key", "x-key", "x-team")

    async def main() -> None:
        adapter = {"interceptors": [{"name": "payload_modifier", "config": config}]}
        async with rig(tmp_path, ok if answer == 200 else status(401), adapter=adapter, options=options) as r:
            assert (await r.ask())[0] == answer
            assert {name: r.seen[0].headers[name] for name in names if name in r.seen[0].headers} == sent

    asyncio.run(main())


def test_the_query_of_the_endpoint_is_added_in_the_proxy_and_hidden(tmp_path: Path) -> None:
    async def echo(request: web.BaseRequest) -> web.StreamResponse:
        return web.json_response({**ANSWER, "asked": request.raw_path})

    async def main() -> None:
        async with rig(tmp_path, echo) as r:
            secret = "QUERY-SECRET-99"
            url = f"{r.upstream}{CHAT}?api-version=1&key={secret}"
            r.jobs.replace({"a.0": {**r.job.spec, "upstream": url}})
            _, body, _ = await r.ask(CHAT + "?api-version=2&b=3")
            assert r.seen[0].path == f"{CHAT}?api-version=1&key={secret}&b=3"
            assert secret.encode() not in body

    asyncio.run(main())


def test_no_more_requests_at_once_than_the_endpoint_may_get(tmp_path: Path) -> None:
    now = [0, 0]
    full = asyncio.Event()

    async def count(_: web.BaseRequest) -> web.StreamResponse:
        now[0] += 1
        now[1] = max(now)
        if now[0] == 3:
            full.set()
        await full.wait()
        # Whoever is let in too early shows up while the others are still here.
        for _turn in range(20):
            await asyncio.sleep(0)
        now[0] -= 1
        return web.json_response(ANSWER)

    async def main() -> None:
        async with rig(tmp_path, count, options={"max_concurrent": 3}) as r:
            answers = await asyncio.gather(*(r.ask() for _ in range(12)))
            assert {answer[0] for answer in answers} == {200}
            assert now == [0, 3]

    asyncio.run(main())


def test_compressed_answers_are_counted_and_unknown_ones_refused(tmp_path: Path) -> None:
    plain = json.dumps(ANSWER).encode()

    def answer(body: bytes, encoding: str):  # type: ignore[no-untyped-def]
        async def handle(_: web.BaseRequest) -> web.StreamResponse:
            return web.Response(body=body, content_type="application/json", headers={"content-encoding": encoding})

        return handle

    async def main() -> None:
        async with rig(tmp_path, script(answer(gzip.compress(plain), "gzip"), answer(b"??", "zz"))) as r:
            code, body, headers = await r.ask()
            assert (code, body, "content-encoding" in headers) == (200, plain, False)
            assert r.figures.tokens_out == 5
            code, body, headers = await r.ask()
            assert (code, b"(zz)" in body, "content-encoding" in headers) == (502, True, False), "it may hide the key"

    asyncio.run(main())


def test_a_compressed_request_is_sent_on_plain(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(tmp_path) as r:
            headers = {"Authorization": f"Bearer {TOKEN}", "Content-Encoding": "gzip"}
            assert (await r.ask(data=gzip.compress(b'{"model":"m"}'), headers=headers))[0] == 200
            assert r.seen[0].body == b'{"model":"m"}'
            assert "content-encoding" not in r.seen[0].headers

    asyncio.run(main())


def test_a_client_that_waits_for_100_continue_gets_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(tmp_path) as r:
            assert (await r.ask(data=b'{"model":"m"}', expect100=True))[0] == 200
            assert "expect" not in r.seen[0].headers

    asyncio.run(main())


def test_a_harness_that_hangs_up_ends_the_request_to_the_endpoint(tmp_path: Path) -> None:
    async def main() -> None:
        came, gone = asyncio.Event(), asyncio.Event()

        async def wait(_: web.BaseRequest) -> web.StreamResponse:
            came.set()
            try:
                await asyncio.Event().wait()
            finally:
                gone.set()
            return web.Response()

        async with rig(tmp_path, wait) as r:
            asking = asyncio.ensure_future(r.ask())
            await came.wait()
            asking.cancel()
            await asyncio.wait_for(gone.wait(), 5)
            assert (r.figures.cancelled, r.figures.in_flight, r.figures.sent) == (1, 0, 1)

    asyncio.run(main())


def test_an_endpoint_that_quotes_the_key_does_not_bring_it_into_the_container(tmp_path: Path) -> None:
    adapter = {"interceptors": ["response_logging", "caching"]}

    async def main() -> None:
        async with rig(tmp_path, status(401, f"Incorrect API key provided: {KEY}."), adapter=adapter) as r:
            _, body, _ = await r.ask()
            assert KEY.encode() not in body
            assert "Incorrect API key provided: ***." in json.loads(body)["error"]["message"]
        assert KEY not in (tmp_path / "responses.jsonl").read_text()

    asyncio.run(main())
