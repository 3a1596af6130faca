"""Runs whose containers ask an endpoint through the proxy: an endpoint that does as it is told, and plans for it."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml
from evaldock.core.catalog.catalog import Catalog
from evaldock.core.config.load import load_config
from evaldock.core.plan.make import make_plan
from evaldock.core.plan.spec import Plan
from evaldock.core.run.store import Run

from .conftest import IMAGE, Bench

KEY = "sk-the-real-key-of-this-test-0123456789"
PATH = "/v1/chat/completions"
ANSWER = {
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1},
}


@dataclass(frozen=True)
class Answer:
    """What the endpoint does with one request. `cut`: hang up after half of the body; `reset`: before any of it."""

    status: int = 200
    body: Mapping[str, Any] = field(default_factory=lambda: ANSWER)
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    reset: bool = False
    never: bool = False


OK = Answer()
RESET = Answer(reset=True)
HALF = Answer(cut=True)
NEVER = Answer(never=True)


def status(code: int, text: str = "no", **headers: str) -> Answer:
    """An error in OpenAI's shape."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(code, {"error": {"message": text}}, named)


Script = Callable[[str, int], Answer]
"""From the text of a sample and how often it was asked already to an answer."""


class Endpoint:
    """An endpoint on 127.0.0.1 and nowhere else. `asked` counts by sample, `keys` what came as key."""

    def __init__(self, script: Script, port: int = 0) -> None:
        self.script = script
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.keys: set[str] = set()
        self.ended = threading.Event()
        self.hold = threading.Event()
        self.hold.set()
        self._lock = threading.Lock()
        self.connections: set[socket.socket] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        """Where chats go."""
        return f"http://127.0.0.1:{self.port}{PATH}"

    def next(self, sample: str, key: str) -> Answer:
        """What to do with a request; waits while `hold` is cleared."""
        with self._lock:
            before = self.asked[sample]
            self.asked[sample] += 1
            self.keys.add(key)
        self.hold.wait()
        return self.script(sample, before)

    def sent(self, sample: str) -> None:
        """A whole good answer has left."""
        with self._lock:
            self.answered[sample] += 1

    def stop(self) -> None:
        """Be gone."""
        self.ended.set()
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _handler(endpoint: Endpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            endpoint.connections.add(self.connection)

        def do_POST(self) -> None:
            tree = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            sample = str(tree["messages"][-1]["content"])
            answer = endpoint.next(sample, self.headers.get("Authorization", ""))
            if answer.never:
                endpoint.ended.wait()
            if answer.never or answer.reset:
                self._hang_up()
                return
            body = json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body[: len(body) // 2] if answer.cut else body)
            except OSError:
                return
            if answer.cut:
                self._hang_up()
            elif answer.status == 200:
                endpoint.sent(sample)

        def _hang_up(self) -> None:
            # Linger 0 makes the close a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.wfile.flush()
            self.connection.close()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def endpoint(script: Script | Answer = OK) -> Iterator[Endpoint]:
    """An endpoint for the time of a test."""
    made = Endpoint(script if callable(script) else lambda _sample, _before: script)
    try:
        yield made
    finally:
        made.stop()


def plan_for(
    bench: Bench,
    at: Endpoint | str,
    *behaviours: Mapping[str, object],
    adapter: Mapping[str, object] | None = None,
    docker_args: str = "",
    key: str | None = "API_KEY",
    samples: int | None = None,
    **options: object,
) -> Plan:
    """A plan as a config makes it, one task of the contract image for each behaviour; `options` of the requests."""
    url = at if isinstance(at, str) else at.url
    extra = [{f"config.params.extra.{name}": value for name, value in b.items()} for b in behaviours]
    limit = {} if samples is None else {"config.params.limit_samples": samples}
    asked = {"retry_backoff": 0, "max_retries": 2, **options}
    tree = {
        "execution": {"output_dir": str(bench.root / "out"), "pull": "never", "extra_docker_args": docker_args},
        "target": {
            "api_endpoint": {
                "url": url,
                "model_id": "m",
                "api_key_name": key,
                "adapter_config": dict(adapter or {}),
                **asked,
            }
        },
        "evaluation": {
            "tasks": [{"name": f"t{n}", "container": IMAGE, "overrides": {**limit, **e}} for n, e in enumerate(extra)]
        },
    }
    path = bench.root / "config.yaml"
    path.write_text(yaml.safe_dump(tree), encoding="utf-8")
    invocation = bench.invocation()
    return make_plan(load_config(path=path, env={}), Catalog(), invocation=invocation)


def figures(run: Run, task: str = "t0") -> dict[str, Any]:
    """What the proxy left of a job."""
    found: dict[str, Any] = json.loads((run.paths.root / task / "requests.json").read_bytes())
    return found


def files_with(text: str, root: Path) -> list[Path]:
    """All files below `root` that hold a text."""
    return [path for path in root.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]
