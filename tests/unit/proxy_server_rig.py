"""A proxy and an endpoint in this process, both listening on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from evaldock.core.proxy.accept import Acceptor, Hall
from evaldock.core.proxy.control import Control
from evaldock.core.proxy.figures import Figures
from evaldock.core.proxy.forward import Forwarder
from evaldock.core.proxy.job import Job
from evaldock.core.proxy.jobs import Jobs
from evaldock.core.proxy.listen import bind_all
from evaldock.core.proxy.server import Server
from yarl import URL

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
CHAT = "/v1/chat/completions"
TOKEN = "ed-token"
KEY = "sk-the-real-key-0123456789"
ANSWER = {
    "choices": [{"index": 0, "message": {"content": "hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 5},
}


@dataclass
class Seen:
    """One request as the endpoint got it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Rig:
    """What a test works with."""

    client: aiohttp.ClientSession
    url: str
    upstream: str
    jobs: Jobs
    control: Control
    orders: str
    seen: list[Seen] = field(default_factory=list)

    @property
    def job(self) -> Job:
        """The one job."""
        return self.jobs.by_token[TOKEN]

    @property
    def figures(self) -> Figures:
        """Its counters."""
        return self.job.figures

    async def ask(self, path: str = CHAT, *, method: str = "POST", **more: Any) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers of a request with the job's token."""
        more.setdefault("headers", {"Authorization": f"Bearer {TOKEN}"})
        if method == "POST" and "data" not in more:
            more.setdefault("json", {"model": "m", "messages": []})
        async with self.client.request(method, URL(self.url + path, encoded=True), **more) as answer:
            return answer.status, await answer.read(), {k.lower(): v for k, v in answer.headers.items()}


def spec(folder: Path, origin: str, /, **changes: Any) -> dict[str, Any]:
    """A job for the proxy that waits for nothing between attempts."""
    options = {"retry_backoff": 0, "max_retries": 2, **changes.pop("options", {})}
    base = {"token": TOKEN, "upstream": origin + CHAT, "api_key": KEY, "task": "t", "dir": str(folder)}
    base["endpoint_type"] = "chat"
    return {**base, "samples": None, "adapter": {}, "options": options, **changes}


async def ok(_: web.BaseRequest) -> web.StreamResponse:
    """An endpoint that answers."""
    return web.json_response(ANSWER)


def script(*steps: Handler) -> Handler:
    """An endpoint that answers each request by the next step; the last step repeats."""
    left = list(steps)

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return await (left.pop(0) if len(left) > 1 else left[0])(request)

    return handle


def status(code: int, text: str = "no", **headers: str) -> Handler:
    """An endpoint that fails."""

    async def handle(_: web.BaseRequest) -> web.StreamResponse:
        body = {"error": {"message": text}}
        return web.json_response(body, status=code, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return handle


async def reset(request: web.BaseRequest) -> web.StreamResponse:
    """An endpoint that cuts the connection before it answers."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def half(request: web.BaseRequest) -> web.StreamResponse:
    """An endpoint that cuts the connection in the middle of its answer."""
    response = web.StreamResponse(headers={"content-type": "application/json", "content-length": "1000"})
    await response.prepare(request)
    await response.write(b'{"choices": [')
    assert request.transport is not None
    request.transport.close()
    return response


@contextlib.asynccontextmanager
async def listening(server: web.Server) -> AsyncIterator[str]:
    """The URL of a server on a free port."""
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def accepting(hall: Hall) -> AsyncIterator[str]:
    """The URL of a hall of the proxy's on a free port."""
    sockets, port = bind_all(["127.0.0.1"])
    door = Acceptor(sockets, hall)
    door.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        door.stop()
        hall.pre_shutdown()
        await hall.shutdown(0.1)


@contextlib.asynccontextmanager
async def rig(folder: Path, handler: Handler = ok, **changes: Any) -> AsyncIterator[Rig]:
    """A proxy before an endpoint that answers by `handler`."""
    seen: list[Seen] = []

    async def record(request: web.BaseRequest) -> web.StreamResponse:
        headers = {k.lower(): v for k, v in request.headers.items()}
        seen.append(Seen(request.method, request.raw_path, headers, await request.read()))
        return await handler(request)

    def factory(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        loop = asyncio.get_running_loop()
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=1 << 27)

    endpoint = web.Server(record, request_factory=factory, handler_cancellation=True, auto_decompress=False)
    jobs, forwarder = Jobs(folder), Forwarder()
    server, control = Server(jobs, forwarder), Control(jobs, "control")
    async with (
        listening(endpoint) as upstream,
        accepting(server.hall()) as url,
        accepting(control.hall()) as orders,
    ):
        jobs.replace({"a.0": spec(folder, upstream, **changes)})
        async with aiohttp.ClientSession() as client:
            try:
                yield Rig(client, url, upstream, jobs, control, orders, seen)
            finally:
                forwarder.close()
