"""Speed of the proxy: `python -m tests.bench.proxy`. Client, echo endpoint and proxy share this machine's cores.

The endpoint answers 4 KB to requests of 1 KB. Direct and proxied rounds take turns, and medians are printed. With
`--upstream VENV`, a virtual environment with nemo-evaluator, its adapter is measured by the same load.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import multiprocessing
import os
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp
from aiohttp import web
from evaldock.core.proxy.process import ProxyHandle, ensure_key, job_token, start_proxy

ANSWER = json.dumps(
    {
        "id": "x",
        "object": "chat.completion",
        "model": "m",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "word " * 760}, "finish_reason": "stop"},
        ],
        "usage": {"prompt_tokens": 200, "completion_tokens": 760, "total_tokens": 960},
    }
).encode()
REQUEST = json.dumps({"model": "m", "messages": [{"role": "user", "content": "q " * 470}]}).encode()
SAMPLES = [REQUEST[:-1] + b', "temperature": 0, "user": "%03d"}' % n for n in range(200)]
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"word"},"finish_reason":null}]}\n\n'
EVENTS = 50
PATH = "/v1/chat/completions"


def echo(pipe: Connection) -> None:
    """The endpoint, a process of its own; sends its port."""
    asyncio.run(_echo(pipe))


async def _echo(pipe: Connection) -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        if b'"stream"' not in body:
            return web.Response(body=ANSWER, content_type="application/json")
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for _ in range(EVENTS):
            await response.write(EVENT)
            await asyncio.sleep(0.02)
        await response.write_eof(b"data: [DONE]\n\n")
        return response

    runner = web.ServerRunner(web.Server(handle, access_log=None))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    pipe.send(runner.addresses[0][1])
    await asyncio.Event().wait()


@contextlib.contextmanager
def endpoint() -> Iterator[int]:
    """The port of a running echo endpoint."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=echo, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


class Client(asyncio.Protocol):
    """One connection that asks again as soon as it has its answer; as little as possible beside what is measured."""

    def __init__(self, requests: Iterator[bytes], taken: list[float], end: float, done: asyncio.Future[None]) -> None:
        self._requests = requests
        self._taken = taken
        self._end = end
        self._done = done
        self._got = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        """Go on when the answer is complete and right."""
        self._got += data
        head = self._got.find(b"\r\n\r\n")
        if head < 0 or len(self._got) < head + 4 + len(ANSWER):
            return
        if not self._got.startswith(b"HTTP/1.1 200") or len(self._got) != head + 4 + len(ANSWER):
            raise SystemExit(f"wrong answer: {bytes(self._got[:300])!r}")
        self._got.clear()
        now = time.perf_counter()
        self._taken.append(now - self._began)
        if now < self._end:
            self._ask()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end."""
        if not self._done.done():
            self._done.set_result(None)


async def load(
    port: int, token: str, connections: int, seconds: float, bodies: Sequence[bytes] = (REQUEST,)
) -> tuple[float, float]:
    """Requests a second and median milliseconds."""
    loop = asyncio.get_running_loop()
    taken: list[float] = []
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nAccept: */*\r\nContent-Length: {len(bodies[0])}\r\n\r\n"
    ).encode()
    requests = itertools.cycle([head + body for body in bodies])
    ends = [loop.create_future() for _ in range(connections)]
    began = time.perf_counter()
    for end in ends:
        await loop.create_connection(lambda e=end: Client(requests, taken, began + seconds, e), "127.0.0.1", port)
    await asyncio.gather(*ends)
    return len(taken) / (time.perf_counter() - began), statistics.median(taken) * 1000


async def streams(port: int, token: str, count: int) -> tuple[float, float]:
    """Seconds until `count` concurrent streams are through, and the median seconds to the first event."""
    first: list[float] = []
    body = REQUEST[:-1] + b', "stream": true}'
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def one() -> None:
            began = time.perf_counter()
            async with session.post(f"http://127.0.0.1:{port}{PATH}", data=body, headers=headers) as answer:
                data = await answer.content.readany()
                first.append(time.perf_counter() - began)
                data += await answer.read()
            if data.count(b"\n\n") != EVENTS + 1:
                raise SystemExit(f"wrong stream: {len(data)} bytes")

        began = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(count)))
        return time.perf_counter() - began, statistics.median(first)


def memory(pid: int) -> float:
    """Resident MB of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def job_spec(run_dir: Path, port: int, job: str, adapter: dict[str, object]) -> dict[str, object]:
    """One job for the proxy."""
    folder = run_dir / job
    folder.mkdir(exist_ok=True)
    return {
        "token": job_token(ensure_key(run_dir), job),
        "upstream": f"http://127.0.0.1:{port}{PATH}",
        "api_key": "sk-bench-0123456789abcdefghijklmnopqrstuvwxyz",
        "endpoint_type": "chat",
        "models": ["m"],
        "task": "bench",
        "dir": str(folder),
        "samples": None,
        "adapter": adapter,
    }


Row = tuple[str, str, str]
"""What was measured, the figure, its budget."""


def starts(port: int, rounds: int) -> float:
    """Median seconds from the wish for a proxy to its first answer."""
    taken: list[float] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            run_dir = Path(name)
            spec = job_spec(run_dir, port, "j", {})
            began = time.perf_counter()
            handle = start_proxy(run_dir, {"j": spec}, ["127.0.0.1"])
            asyncio.run(load(handle.port, str(spec["token"]), 1, 0.0001))
            taken.append(time.perf_counter() - began)
            handle.stop()
    return statistics.median(taken)


def plain(handle: ProxyHandle, direct: int, token: str, rounds: int, seconds: float) -> Iterator[Row]:
    """Requests that nothing is done with but to count them."""
    for connections, budget in ((64, ">= 4,500 req/s"), (1, "<= +0.8 ms")):
        used = cpu(handle.pid)
        pairs = [
            (
                asyncio.run(load(direct, token, connections, seconds)),
                asyncio.run(load(handle.port, token, connections, seconds)),
            )
            for _ in range(rounds)
        ]
        rate = [statistics.median(pair[n][0] for pair in pairs) for n in (0, 1)]
        p50 = [statistics.median(pair[n][1] for pair in pairs) for n in (0, 1)]
        each = (cpu(handle.pid) - used) / sum(pair[1][0] * seconds for pair in pairs) * 1e6
        many = f"proxy, {connections} connection{'s' if connections > 1 else ''}"
        yield f"{many}: direct", f"{rate[0]:,.0f} req/s, p50 {p50[0]:.2f} ms", ""
        yield (
            f"{many}: all counters on",
            f"{rate[1]:,.0f} req/s, p50 {p50[1]:.2f} ms",
            budget if connections > 1 else "",
        )
        yield f"{many}: added p50", f"{p50[1] - p50[0]:+.2f} ms", budget if connections == 1 else ""
        yield f"{many}: of direct; CPU", f"{rate[1] / rate[0]:.2f}; {each:.0f} us a request", ""


def with_interceptors(handle: ProxyHandle, jobs: Mapping[str, Mapping[str, object]], seconds: float) -> Iterator[Row]:
    """Requests that interceptors work on."""
    rate, p50 = asyncio.run(load(handle.port, str(jobs["stats"]["token"]), 64, seconds))
    yield "proxy: response_stats and reasoning", f"{rate:,.0f} req/s, p50 {p50:.2f} ms", ""
    token = str(jobs["cached"]["token"])
    asyncio.run(load(handle.port, token, 8, 1.0, SAMPLES))
    rate, p50 = asyncio.run(load(handle.port, token, 64, seconds, SAMPLES))
    yield "proxy: cache hits", f"{rate:,.0f} req/s, p50 {p50:.2f} ms", ""


def upstream(venv: Path, port: int, rounds: int, seconds: float, folder: Path) -> Iterator[Row]:
    """The adapter of nemo-evaluator, in a process of its own as in its containers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        own = probe.getsockname()[1]
    script = str(Path(__file__).with_name("upstream_adapter.py"))
    env = {**os.environ, "ADAPTER_HOST": "127.0.0.1", "NEMO_EVALUATOR_TELEMETRY_LEVEL": "0"}
    command = [str(venv / "bin/python"), script, f"http://127.0.0.1:{port}{PATH}", str(own), str(folder)]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    try:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", own), 1):
                break
            time.sleep(0.02)
        yield "nemo-evaluator's adapter: start", f"{time.perf_counter() - began:.2f} s", ""
        for connections in (64, 1):
            found = [asyncio.run(load(own, "x", connections, seconds)) for _ in range(rounds)]
            rate, p50 = (statistics.median(pair[n] for pair in found) for n in (0, 1))
            yield f"nemo-evaluator's adapter, {connections}", f"{rate:,.0f} req/s, p50 {p50:.2f} ms", ""
        yield "nemo-evaluator's adapter: memory", f"{memory(process.pid):.0f} MB", ""
    finally:
        process.kill()
        process.wait()


def measure(rounds: int = 3, seconds: float = 2.0, venv: Path | None = None) -> Iterator[Row]:
    """Everything, one figure after the other."""
    with endpoint() as port, tempfile.TemporaryDirectory() as name:
        yield "proxy: start to first answer", f"{starts(port, rounds):.3f} s", "0.5 s"
        run_dir = Path(name)
        jobs = {
            "plain": job_spec(run_dir, port, "plain", {}),
            "stats": job_spec(run_dir, port, "stats", {"interceptors": ["response_stats", "reasoning"]}),
            "cached": job_spec(run_dir, port, "cached", {"interceptors": ["caching"]}),
        }
        handle = start_proxy(run_dir, jobs, ["127.0.0.1"])
        try:
            token = str(jobs["plain"]["token"])
            asyncio.run(load(handle.port, token, 64, 0.5))
            yield from plain(handle, port, token, rounds, seconds)
            yield from with_interceptors(handle, jobs, seconds)
            for what, to in (("direct", port), ("proxy", handle.port)):
                wall, first = asyncio.run(streams(to, token, 200))
                yield f"200 streams of 1 s, {what}", f"{wall:.2f} s, first event {first:.3f} s", ""
            yield "proxy: memory after all that", f"{memory(handle.pid):.0f} MB", "80 MB"
        finally:
            handle.stop()
        if venv is not None:
            yield from upstream(venv, port, rounds, seconds, run_dir)


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.proxy")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--upstream", type=Path, metavar="VENV", help="an environment with nemo-evaluator")
    wanted = parser.parse_args()
    for what, figure, budget in measure(wanted.rounds, wanted.seconds, wanted.upstream):
        print(f"{what:<46}{figure:>30}" + (f"   budget {budget}" if budget else ""), flush=True)


if __name__ == "__main__":
    main()
