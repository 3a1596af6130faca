"""What the engine tells the proxy: requests on a port of this machine's loopback that no container is served on."""

from __future__ import annotations

import asyncio
import json
from typing import cast

import aiohttp
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage

from .accept import Hall
from .decode import MAX_BODY
from .exchange import error_reply
from .headers import token_of
from .jobs import Jobs

_PLACES = 16


class Control:
    """Answers the engine, who knows `token`. `stopping` is set by `POST /-/stop`."""

    def __init__(self, jobs: Jobs, token: str) -> None:
        self._jobs = jobs
        self._token = token
        self.stopping = asyncio.Event()
        self.hurried = False

    def hurry(self) -> None:
        """End now, whatever is in flight."""
        self.hurried = True
        self.stopping.set()

    def hall(self) -> Hall:
        """What to accept connections for."""
        return Hall(self.handle, _PLACES, request_factory=request_factory)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request."""
        path = request.raw_path
        if token_of(request.headers)[0] != self._token:
            return _error(401, "Only the engine of this run may ask that.")
        if request.method == "GET" and path == "/-/jobs":
            return web.json_response({"jobs": sorted(job.id for job in self._jobs.by_token.values())})
        if request.method != "POST" or path not in ("/-/jobs", "/-/stop"):
            return _error(404, f"There is no {request.method} {path}.")
        if path == "/-/stop":
            self.stopping.set()
            return web.json_response({"stopping": True})
        try:
            tree = json.loads(await request.read())
            left = self._jobs.replace(cast("dict[str, object]", tree["jobs"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return _error(400, f"Invalid job list: {error}")
        files = self._jobs.files_of([*left, *self._jobs.unwritten()])
        await asyncio.get_running_loop().run_in_executor(None, self._jobs.write, files)
        return web.json_response({"left": {job.id: job.figures.to_json() for job in left}})


def request_factory(
    message: RawRequestMessage,
    payload: aiohttp.StreamReader,
    protocol: web.RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    """A request with a body of up to `MAX_BODY`; what web.Server makes by itself refuses those over 1 MiB."""
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY)


def _error(status: int, message: str) -> web.Response:
    reply = error_reply(status, message)
    return web.Response(status=status, headers=reply.headers, body=reply.body)
