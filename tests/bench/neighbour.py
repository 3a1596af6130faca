"""What a hostile job costs another: `python -m tests.bench.neighbour`. Two jobs with an endpoint each, one proxy.

One job asks once every few milliseconds, as a harness does, and each of its answers is looked at. Meanwhile the other
makes its container or its endpoint do the worst that the proxy lets through, one kind after the other.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import multiprocessing
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from evaldock.core.proxy.process import start_proxy

from .proxy import ANSWER, PATH, REQUEST, job_spec, memory

_MESSAGE = b'{"choices": [{"index": 0, "message": {"content": "%s"}, "finish_reason": "stop"}]}'
WORST = {
    "large": _MESSAGE % (b"x" * (63 << 20)),
    "deep": b'{"choices": ' + b"[" * 150_000 + b"]" * 150_000 + b"}",
    "many": b'{"choices": [' + b"{}," * 100_000 + b"{}]}",
}
_WORD = b'data: {"choices":[{"index":0,"delta":{"content":"word"},"finish_reason":null}]}\n\n'
_FLOOD = 20  # MB of a stream


def endpoint(pipe: Connection) -> None:
    """Answers as the request's model says, in a process of its own; sends its port."""
    logging.disable()  # clients that are killed are meant to hang up
    asyncio.run(_endpoint(pipe))


async def _endpoint(pipe: Connection) -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        kind = next((kind for kind in (*WORST, "flood", "slow") if b'"%s"' % kind.encode() in body[:200]), "")
        if kind in WORST:
            return web.Response(body=WORST[kind], content_type="application/json")
        if not kind:
            return web.Response(body=ANSWER, content_type="application/json")
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for _ in range((_FLOOD << 20) // (len(_WORD) * 400) if kind == "flood" else 100):
            await response.write(_WORD * 400 if kind == "flood" else _WORD)
            await asyncio.sleep(0 if kind == "flood" else 0.02)
        await response.write_eof(b"data: [DONE]\n\n")
        return response

    def factory(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        loop = asyncio.get_running_loop()
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=1 << 28)

    runner = web.ServerRunner(web.Server(handle, access_log=None, request_factory=factory))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    pipe.send(runner.addresses[0][1])
    await asyncio.Event().wait()


def honest(pipe: Connection, url: str, token: str) -> None:
    """The other job's container: asks until it is told to stop, then sends its times in seconds and its faults."""
    asyncio.run(_honest(pipe, url, token))


async def _honest(pipe: Connection, url: str, token: str) -> None:
    taken, wrong = list[float](), 0
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        pipe.send("began")
        while not taken or not pipe.poll():
            began = time.perf_counter()
            async with session.post(url, data=REQUEST) as answer:
                wrong += await answer.read() != ANSWER
            taken.append(time.perf_counter() - began)
            await asyncio.sleep(0.005)
    pipe.send((taken, wrong))


Attack = Callable[[aiohttp.ClientSession, str], Awaitable[None]]


def asking(model: str, at_once: int, *, stream: bool = False, padding: int = 0) -> Attack:
    """So many requests under way at a time, whose answers are read to their ends."""
    body = json.dumps({"model": model, "stream": stream, "messages": [], "user": "x" * padding}).encode()

    async def attack(session: aiohttp.ClientSession, url: str) -> None:
        async def one() -> None:
            while True:
                try:
                    async with session.post(url, data=body) as answer:
                        async for _ in answer.content.iter_any():
                            pass
                except aiohttp.ClientError:
                    await asyncio.sleep(0.01)

        await asyncio.gather(*(one() for _ in range(at_once)))

    return attack


ATTACKS: dict[str, Attack | None] = {
    "nothing": None,
    "answers of 63 MB, 4 at once": asking("large", 4),
    "JSON 150,000 deep, 8 at once": asking("deep", 8),
    "JSON of 100,000 objects, 8 at once": asking("many", 8),
    "streams of 20 MB, 8 at once": asking("flood", 8, stream=True),
    "slow streams, 200 at once": asking("slow", 200, stream=True),
    "requests of 30 MB, 4 at once": asking("m", 4, padding=30 << 20),
    "small requests, 256 at once": asking("m", 256),
}


def strain(pipe: Connection, name: str, url: str, token: str) -> None:
    """The hostile job's container, until it is ended."""

    async def main() -> None:
        connector = aiohttp.TCPConnector(limit=0)
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
            pipe.send("began")
            if (attack := ATTACKS[name]) is not None:
                await attack(session, url)
            await asyncio.Event().wait()

    asyncio.run(main())


def measure(seconds: float) -> Iterator[str]:
    """A line for each attack."""
    spawn = multiprocessing.get_context("spawn")
    # One for each job: what a busy endpoint costs is not the proxy's.
    serving, ports = list[BaseProcess](), dict[str, int]()
    for name in ("honest", "hostile"):
        ours, theirs = spawn.Pipe()
        serving.append(spawn.Process(target=endpoint, args=(theirs,), daemon=True))
        serving[-1].start()
        ports[name] = ours.recv()
    adapter: dict[str, object] = {"interceptors": ["reasoning", "response_stats"]}
    with tempfile.TemporaryDirectory() as folder:
        jobs = {name: job_spec(Path(folder), port, name, adapter) for name, port in ports.items()}
        handle = start_proxy(Path(folder), jobs, ["127.0.0.1"])
        url = f"http://127.0.0.1:{handle.port}{PATH}"
        asked = 0
        try:
            for name in ATTACKS:
                near, far = spawn.Pipe()
                hostile = spawn.Process(target=strain, args=(far, name, url, jobs["hostile"]["token"]), daemon=True)
                hostile.start()
                near.recv()
                stop, other = spawn.Pipe()
                process = spawn.Process(target=honest, args=(other, url, jobs["honest"]["token"]), daemon=True)
                process.start()
                stop.recv()
                time.sleep(seconds)
                stop.send("stop")
                taken, wrong = stop.recv()
                hostile.kill()
                hostile.join()
                process.join()
                asked += len(taken)
                taken.sort()
                p50, p99, most = (taken[min(len(taken) - 1, int(len(taken) * q))] * 1000 for q in (0.5, 0.99, 1.0))
                yield (
                    f"{name:<36}p50 {p50:6.1f} ms  p99 {p99:6.1f} ms  max {most:7.1f} ms  "
                    f"{len(taken):>5} asked, {wrong} wrong  proxy {memory(handle.pid):5.0f} MB"
                )
            figures = handle.update({}).get("honest", {})
            ok, unanswered = figures.get("ok"), figures.get("unanswered")
            yield f"counted of the honest job: ok {ok} of {asked}, unanswered {unanswered}"
        finally:
            handle.stop()
            for one in serving:
                one.kill()
                one.join()


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.neighbour")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each attack")
    for line in measure(parser.parse_args().seconds):
        print(line, flush=True)


if __name__ == "__main__":
    main()
