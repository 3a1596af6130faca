"""What one container or endpoint may take of the proxy, and that the others still get theirs."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from evaldock.core.proxy import accept, receive, server
from evaldock.core.proxy.budget import Budget, Gate
from evaldock.core.proxy.figures import Figures
from evaldock.core.proxy.interceptors import reasoning
from evaldock.core.proxy.turns import Turns
from hypothesis import given
from hypothesis import strategies as st

from .proxy_server_rig import ANSWER, CHAT, Handler, rig, script, spec, status


def test_a_budget_is_given_in_the_order_of_asking() -> None:
    async def main() -> None:
        budget, order = Budget(10), list[str]()

        async def take(name: str, units: int) -> None:
            await budget.take(units)
            order.append(name)

        assert await budget.take(99) == 10
        waiting = [asyncio.ensure_future(take(name, units)) for name, units in (("a", 8), ("b", 4), ("c", 1))]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.gather(waiting[0], return_exceptions=True)
        budget.give(5)
        await asyncio.gather(*waiting[1:])
        assert order == ["b", "c"]

    asyncio.run(main())


@given(st.integers(1, 5), st.lists(st.sampled_from("abc"), max_size=40))
def test_places_are_shared_fairly_and_none_is_lost(limit: int, askers: list[str]) -> None:
    async def main() -> None:
        gate = Gate(limit)
        gate.members = set(askers)
        held: list[str] = []

        async def one(who: str) -> None:
            await gate.acquire(who)
            held.append(who)
            assert len(held) <= limit
            if limit > 1 and len(gate.members) > 1:
                assert held.count(who) < limit, "one place is always left for the others"
            await asyncio.sleep(0)
            held.remove(who)
            gate.release(who)

        await asyncio.gather(*map(one, askers))
        assert held == []

    asyncio.run(main())


def test_a_job_with_all_places_does_not_keep_another_from_the_endpoint(tmp_path: Path) -> None:
    async def main() -> None:
        go = asyncio.Event()

        async def slow(request: web.BaseRequest) -> web.StreamResponse:
            if b"slow" in await request.read():
                await go.wait()
            return web.json_response(ANSWER)

        async with rig(tmp_path, slow, options={"max_concurrent": 3}) as r:
            other = spec(tmp_path, r.upstream, token="ed-other", options={"max_concurrent": 3})
            r.jobs.replace({"a.0": r.job.spec, "b.0": other})
            hogs = [asyncio.ensure_future(r.ask(json={"model": "slow"})) for _ in range(9)]
            while len(r.seen) < 2:
                await asyncio.sleep(0)
            assert (await r.ask(headers={"Authorization": "Bearer ed-other"}))[0] == 200
            go.set()
            assert {code for code, _, _ in await asyncio.gather(*hogs)} == {200}

    asyncio.run(main())


def test_clients_without_a_token_make_room_for_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accept, "_MOST_UNKNOWN", 5)
    monkeypatch.setattr(accept, "_MOMENT", 0.0)

    async def main() -> None:
        async with rig(tmp_path) as r:
            port = int(r.url.rpartition(":")[2])
            half = [await asyncio.open_connection("127.0.0.1", port) for _ in range(12)]
            for _, writer in half:
                writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n")
            assert (await r.ask())[0] == 200
            assert await half[0][0].read() == b"", "the one that has waited longest is turned away first"
            for _, writer in half:
                writer.close()

    asyncio.run(main())


def test_who_floods_makes_room_for_himself_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accept, "_MOST_UNKNOWN", 5)
    monkeypatch.setattr(accept, "_MOMENT", 0.0)

    async def main() -> None:
        async with rig(tmp_path) as r:
            port = int(r.url.rpartition(":")[2])
            body = json.dumps({"model": "m", "messages": []}).encode()
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0))
            writer.write(f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n".encode())
            flood = [await asyncio.open_connection("127.0.0.1", port) for _ in range(30)]
            assert await flood[0][0].read() == b""
            writer.write(b"Authorization: Bearer ed-token\r\n\r\n" + body)
            assert b" 200 " in await reader.readline()
            for _, one in (*flood, (reader, writer)):
                one.close()

    asyncio.run(main())


def test_large_answers_wait_until_they_fit_beside_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive, "_LARGE", 100)
    monkeypatch.setattr(receive, "MAX_BODY", 10_000)
    taken = [0]

    class Counted(Budget):
        async def take(self, units: int) -> int:
            got = await super().take(units)
            taken[0] += got
            most.append(taken[0])
            return got

        def give(self, units: int) -> None:
            taken[0] -= units
            super().give(units)

    most: list[int] = []
    large = {**ANSWER, "padding": "x" * 5000}
    steps: list[Handler] = [status(500, "x" * 3000), status(429, "x" * 3000)]

    async def main() -> None:
        async with rig(tmp_path, script(*steps, *[_chunked(large)] * 30)) as r:
            r.job.upstream.got = Counted(25_000)
            answers = await asyncio.gather(*(r.ask() for _ in range(20)))
            assert [code for code, _, _ in answers] == [200] * 20
            assert all(json.loads(body) == large for _, body, _ in answers)
        assert most and max(most) <= 25_000 and taken == [0]

    asyncio.run(main())


def _chunked(tree: object) -> Handler:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "application/json"})
        await response.prepare(request)
        for piece in batched(json.dumps(tree).encode()):
            await response.write(piece)
        return response

    return handle


def batched(data: bytes) -> list[bytes]:
    """Pieces of up to 900 bytes."""
    return [data[start : start + 900] for start in range(0, len(data), 900)]


@pytest.mark.parametrize("bound", ["_MOST_HELD", "_MOST_IN_ALL"])
def test_text_without_an_end_is_not_held_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    monkeypatch.setattr(reasoning, bound, 10_000)
    monkeypatch.setattr(reasoning, "_STEP", 8)
    event = {"choices": [{"index": 0, "delta": {"content": "word " * 20}, "finish_reason": None}]}
    adapter = {"interceptors": [{"name": "reasoning"}]}

    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        while True:
            await response.write(f"data: {json.dumps(event)}\n\n".encode())

    async def main() -> None:
        async with rig(tmp_path, endless, adapter=adapter) as r:
            with pytest.raises(aiohttp.ClientPayloadError):
                await r.ask(json={"model": "m", "messages": [], "stream": True})
            figures = r.figures.to_json()
            assert figures["unanswered"] == 1
            assert "broke a streamed answer off" not in str(figures["last_errors"])
            assert "reasoning" in str(figures["last_errors"])

    asyncio.run(main())


def test_a_client_that_shows_no_token_in_time_is_turned_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accept, "_INTRODUCTION", 0.01)

    async def main() -> None:
        async with rig(tmp_path) as r:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(r.url.rpartition(":")[2]))
            writer.write(b"GET / HTTP/1.1\r\n")
            with pytest.raises(ConnectionError):
                if not await reader.read():
                    raise ConnectionResetError

    asyncio.run(main())


def test_more_requests_than_places_wait_and_all_are_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "places", lambda: 4)

    async def main() -> None:
        async with rig(tmp_path) as r:
            answers = await asyncio.gather(*(r.ask() for _ in range(40)))
            assert {code for code, _, _ in answers} == {200}

    asyncio.run(main())


def test_a_body_that_does_not_come_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_BODY_TIME", 0.01)

    async def main() -> None:
        async with rig(tmp_path) as r:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(r.url.rpartition(":")[2]))
            writer.write(f"POST {CHAT} HTTP/1.1\r\nAuthorization: Bearer ed-token\r\n".encode())
            writer.write(b"Host: x\r\nContent-Length: 60000000\r\n\r\nx")
            assert b" 408 " in await reader.readline()
            writer.close()

    asyncio.run(main())


HUGE = 10**4299


@pytest.mark.parametrize("value", [HUGE, -1, 1 << 54, True, "1", None, 1.5])
def test_impossible_counts_are_left_out(value: object) -> None:
    figures = Figures()
    for _ in range(3):
        figures.count({"usage": {"prompt_tokens": value, "completion_tokens": 2}})
    assert figures.to_json()["tokens_out"] == 6
    assert len(json.dumps(figures.to_json())) < 4000


def test_names_of_an_endpoint_s_choice_are_few_and_short() -> None:
    figures = Figures()
    for n in range(500):
        choice: dict[str, Any] = {"finish_reason": f"{n}" * 50_000}
        figures.count({"model": f"{n}" * 50_000, "choices": [choice]})
    assert len(json.dumps(figures.to_json())) < 12_000
    assert sum(figures.finish_reasons.values()) == 500


def test_long_work_takes_turns_and_leaves_time_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once, ours, paused, sleep = [0], 0.005, list[float](), asyncio.sleep

    async def pause(seconds: float) -> None:
        paused.append(seconds)
        await sleep(0)

    async def main() -> None:
        turns = Turns()

        async def long(others: bool) -> None:
            async with turns.take(lambda: others):
                at_once[0] += 1
                assert at_once == [1] and turns.taken
                time.sleep(ours)
                at_once[0] -= 1

        await asyncio.gather(long(True), long(False), long(True))
        assert not turns.taken

    monkeypatch.setattr(asyncio, "sleep", pause)
    asyncio.run(main())
    assert paused[1] == 0 and min(paused[0], paused[2]) >= ours


def test_an_answer_with_more_choices_than_anybody_asks_for_is_none(tmp_path: Path) -> None:
    body = {**ANSWER, "choices": ANSWER["choices"] * 5000}  # type: ignore[operator]

    async def main() -> None:
        async with rig(tmp_path, _chunked(body), adapter={"interceptors": [{"name": "response_stats"}]}) as r:
            code, answer, _ = await r.ask()
            assert (code, json.loads(answer)) == (200, body), "it goes on as it is"
            figures = r.figures.to_json()
            assert (figures["answers"], figures["unanswered"], figures["passed_over"]) == (0, 1, 1)
            assert "more choices" in str(figures["last_errors"])

    asyncio.run(main())
