"""What is counted of requests: by the counters alone, and by the counters of a proxy that serves."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from evaldock.core.proxy.figures import Figures, Rates
from evaldock.core.proxy.histogram import Histogram
from evaldock.core.proxy.jobs import saved_figures
from evaldock.core.proxy.unanswered import Unanswered
from hypothesis import given
from hypothesis import strategies as st

from .proxy_server_rig import ANSWER, CHAT, KEY, Handler, half, ok, reset, rig, script, status

SAVED = (
    *("sent", "ok", "failed", "answers", "by_status", "attempts", "tokens_in", "tokens_out", "finish_reasons"),
    *("last_errors", "refused", "fatal", "fatal_reason", "first_at", "latency_buckets"),
)


def used() -> Figures:
    """Two answers, one failure and one request that is still in flight."""
    figures = Figures()
    for code in (200, 200, 404):
        figures.begin()
        figures.attempt(code)
        figures.answered(code, time.monotonic() - 0.25, answers=1)
    figures.unanswered.miss(1)
    figures.begin()
    figures.count(ANSWER)
    figures.error("Something.")
    return figures


def test_figures_survive_a_round_trip(tmp_path: Path) -> None:
    saved = {"attempt": 1, **used().to_json()}
    (tmp_path / "requests.json").write_text(json.dumps(saved))
    back = saved_figures(tmp_path, "a.0", tmp_path, 1).to_json()
    assert {name: back[name] for name in SAVED} == {name: saved[name] for name in SAVED}
    assert (back["in_flight"], back["cancelled"], back["unanswered"], back["gaps"]) == (0, 1, 2, 1)
    assert back["latency_ms"]["p50"] == pytest.approx(250, rel=0.1)  # type: ignore[index]
    assert saved_figures(tmp_path, "a.0", tmp_path, 2).sent == 0
    (tmp_path / "requests.json").write_text('{"attempt": 1, "sent": "x", "by_status": [], "last_errors": 3}')
    assert saved_figures(tmp_path, "a.0", tmp_path, 1).sent == 0


def test_the_newest_of_both_files_is_taken_up(tmp_path: Path) -> None:
    live = {"jobs": {"a.0": {"attempt": 1, **used().to_json()}}}
    (tmp_path / "requests-live.json").write_text(json.dumps(live))
    (tmp_path / "requests.json").write_text(json.dumps({"attempt": 1, **Figures().to_json()}))
    assert saved_figures(tmp_path, "a.0", tmp_path, 1).sent == 4
    assert saved_figures(tmp_path, "a.1", tmp_path / "other", 1).sent == 0
    (tmp_path / "requests-live.json").write_text(json.dumps({**live, "closed": True}))
    assert saved_figures(tmp_path, "a.0", tmp_path, 1).gaps == 0, "a proxy that ended in good order left no gap"


def test_only_the_newest_five_sentences_are_kept() -> None:
    figures = Figures()
    for n in (*range(7), 3):
        figures.error(f"error {n}")
    assert figures.to_json()["last_errors"] == ["error 2", "error 4", "error 5", "error 6", "error 3 (2 times)"]


@given(st.lists(st.floats(1e-4, 1e4), min_size=1, max_size=50))
def test_quantiles_are_right_to_five_per_cent(seconds: list[float]) -> None:
    histogram = Histogram()
    for one in seconds:
        histogram.add(one)
    for part in (0.5, 0.9, 0.99):
        rank = max(0, -(-int(part * 1000) * len(seconds) // 1000) - 1)
        assert histogram.quantile(part) == pytest.approx(sorted(seconds)[rank], rel=0.05)


@given(st.lists(st.floats(1e-4, 1e4), max_size=50))
def test_buckets_hold_every_duration_below_their_end(seconds: list[float]) -> None:
    histogram = Histogram()
    for one in seconds:
        histogram.add(one)
    buckets = histogram.buckets()
    assert sum(count for _, count in buckets) == len(seconds)
    for upper, _ in buckets:
        below = sum(count for end, count in buckets if end <= upper)
        assert below == sum(one * 1000 <= upper * 1.0001 for one in seconds) or below == sum(
            one * 1000 < upper * 0.9999 for one in seconds
        )
    if seconds:
        assert buckets[0][1] and buckets[-1][1], "nothing empty at the ends"
    back = Histogram()
    back.restore(buckets)
    assert back.buckets() == buckets
    assert back.total == len(seconds)


def test_what_is_no_bucket_is_not_taken_up() -> None:
    histogram = Histogram()
    for bad in (None, 3, [1], [[1]], [["a", 1]], [[-1.0, 4]], [[1e300, 4]], [[100.0, -4]]):
        histogram.restore(bad)
    assert histogram.total == 0


def test_rates_are_by_second_and_age() -> None:
    rates = Rates()
    for now in (100.1, 100.9, 101.0, 103.5):
        rates.add(now)
    assert rates.listed(103.9)[-4:] == [2, 1, 0, 1]
    assert rates.listed(105.0)[-6:] == [2, 1, 0, 1, 0, 0]
    assert sum(rates.listed(200.0)) == 0


def test_a_later_answer_makes_good_for_one_failure() -> None:
    unanswered = Unanswered()
    assert not unanswered
    for key in (1, 1, 2):
        unanswered.miss(key)
    unanswered.meet(1)
    unanswered.meet(3)
    assert (unanswered.count, bool(unanswered)) == (2, True)
    unanswered.meet(1)
    unanswered.meet(2)
    assert (unanswered.count, bool(unanswered)) == (0, False)


def test_what_the_endpoint_did_each_time_is_counted(tmp_path: Path) -> None:
    steps = (status(429, Retry_After="0"), reset, ok, status(500), half, status(503), status(404))

    async def main() -> None:
        async with rig(tmp_path, script(*steps)) as r:
            answers = [(await r.ask())[0] for _ in range(3)]
            assert answers == [200, 503, 404]
            figures = r.figures.to_json()
            assert figures["attempts"] == {"none": 2, "200": 1, "404": 1, "429": 1, "500": 1, "503": 1}
            assert figures["by_status"] == {"200": 1, "404": 1, "503": 1}
            assert (figures["answers"], figures["retried"]) == (1, 4)

    asyncio.run(main())


def test_requests_that_were_never_answered_are_told_from_those_that_were_repeated(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(tmp_path, script(status(404), status(404), ok)) as r:
            for question in ("a", "b", "b", "c"):
                await r.ask(json={"model": question})
            assert (r.figures.failed, r.figures.ok, r.figures.unanswered.count) == (2, 2, 1)
            await r.ask("/v1/models", method="GET")
            assert r.figures.answers == 2, "only what is posted asks for an answer"

    asyncio.run(main())


def answering(body: dict[str, Any]) -> Handler:
    """An endpoint with this answer."""

    async def handle(_: web.BaseRequest) -> web.StreamResponse:
        return web.json_response(body)

    return handle


@pytest.mark.parametrize(
    ("kind", "path", "body", "answers"),
    [
        ("chat", CHAT, ANSWER, 1),
        (
            *("completions", "/v1/completions"),
            {"choices": [{"text": "a", "finish_reason": "stop"}, {"text": "b", "finish_reason": "length"}]},
            2,
        ),
        ("embedding", "/v1/embeddings", {"data": [{"embedding": [1.0]}, {"embedding": [2.0]}]}, 2),
        ("chat", "/v1/responses", {"output": [{"type": "message"}]}, 1),
    ],
)
def test_answers_in_one_reply(tmp_path: Path, kind: str, path: str, body: dict[str, Any], answers: int) -> None:
    async def main() -> None:
        async with rig(tmp_path, answering(body), endpoint_type=kind) as r:
            await r.ask(path)
            assert r.figures.answers == answers
            await r.ask("/v1/models", method="GET")
            assert r.figures.answers == answers

    asyncio.run(main())


@pytest.mark.parametrize(("code", "times"), [(401, 3), (403, 10)])
def test_a_key_that_is_refused_from_the_start_ends_the_job(tmp_path: Path, code: int, times: int) -> None:
    async def main() -> None:
        async with rig(tmp_path, status(code, "no")) as r:
            for _ in range(times - 1):
                await r.ask()
            figures = r.figures.to_json()
            assert "rejected the API key" in str(figures["refused"])
            assert figures["fatal"] is None, "it may be chance"
            await r.ask()
            figures = r.figures.to_json()
            assert (figures["fatal"], figures["fatal_reason"]) == (figures["refused"], "unauthorized")
            assert KEY not in str(figures)

    asyncio.run(main())


def test_a_key_that_was_good_before_ends_no_job(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(tmp_path, script(status(401), ok, status(401))) as r:
            for _ in range(6):
                await r.ask()
            figures = r.figures.to_json()
            assert (figures["unauthorized"], figures["refused"], figures["fatal"]) == (5, None, None)

    asyncio.run(main())


def test_a_list_of_models_that_is_refused_ends_no_job(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(tmp_path, status(401)) as r:
            for _ in range(6):
                await r.ask(CHAT.replace("chat/completions", "models"), method="GET")
            assert r.figures.to_json()["fatal"] is None

    asyncio.run(main())


def test_an_endpoint_that_only_fails_is_told_until_it_answers(tmp_path: Path) -> None:
    steps = (*[status(503, "loading")] * 9, status(400, "too long"), ok)

    async def main() -> None:
        async with rig(tmp_path, script(*steps)) as r:
            health = r.job.upstream.health
            await r.ask()
            assert "503" in health.sentence and "loading" in health.sentence
            assert json.loads(dict(r.jobs.everything())[tmp_path / "requests-live.json"])["endpoint"] == health.sentence
            for _ in range(3):
                await r.ask()
            assert "503" in health.sentence, "an answer about one request says nothing of the endpoint"
            await r.ask()
            assert health.sentence == ""

    asyncio.run(main())
