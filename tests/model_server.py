"""A model endpoint in this process: real HTTP on loopback, a few models, an API key if asked for, wrong on demand."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Tree = dict[str, Any]
MODELS = ("m", "llama-3.1-8b")
CHAT = "/v1/chat/completions"


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is no news."""


class ModelServer:
    """Answers chat, completion and embedding requests for `models` with one token.

    `answer`, when set, is asked first: it gets path and body (None for a GET) and returns status, headers and body, or
    None to leave the request to the server. `key` must come as a bearer token. Everything seen is in `seen`.
    """

    def __init__(self, *, models: tuple[str, ...] = MODELS, key: str = "") -> None:
        self.models, self.key = models, key
        self.answer: Callable[[str, Tree | None], tuple[int, dict[str, str], str] | None] = lambda path, body: None
        self.seen: list[tuple[str, Tree | None]] = []
        self._server = _Quiet(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return int(self._server.server_address[1])

    def url(self, path: str = CHAT) -> str:
        """The address of one of its paths."""
        return f"http://127.0.0.1:{self.port}{path}"

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> ModelServer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def reply(self, path: str, body: Tree | None, authorization: str) -> tuple[int, dict[str, str], str]:
        """Status, headers and body for one request."""
        self.seen.append((path, body))
        own = self.answer(path, body)
        if own is not None:
            return own
        if self.key and authorization != f"Bearer {self.key}":
            return _json(401, {"error": {"message": f"Incorrect API key provided: {authorization}"}})
        if body is None:
            models = [{"id": model} for model in self.models]
            return _json(200, {"data": models}) if path == "/v1/models" else _json(404, {"detail": "Not Found"})
        limited = "max_tokens" in body or "max_completion_tokens" in body
        logprobs = {"tokens": ["x"]} if body.get("logprobs") else None
        made = {
            CHAT: {"choices": [{"message": {"content": "x"}, "finish_reason": "length" if limited else "stop"}]},
            "/v1/completions": {"choices": [{"text": "x", "logprobs": logprobs}]},
            "/v1/embeddings": {"data": [{"embedding": [0.5]}]},
        }.get(path)
        if made is None:
            return _json(404, {"detail": "Not Found"})
        if body.get("model") not in self.models:
            return _json(404, {"object": "error", "message": f"The model `{body.get('model')}` does not exist."})
        return _json(200, made)


def _json(status: int, tree: Tree) -> tuple[int, dict[str, str], str]:
    return status, {"Content-Type": "application/json"}, json.dumps(tree)


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send(server.reply(self.path, None, self.headers.get("Authorization", "")))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            self._send(server.reply(self.path, body, self.headers.get("Authorization", "")))

        def _send(self, reply: tuple[int, dict[str, str], str]) -> None:
            status, headers, text = reply
            data = text.encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
