#!/usr/bin/env python3
"""A control endpoint: it answers each request of a benchmark with an answer that is known to be right.

    docker run --rm evaldock/gsm8k:local python3 /opt/evaldock/answers.py >answers.jsonl
    python examples/control.py --port 8322 answers.jsonl

What is measured against it is the path, not a model: every score must be 1.0. It knows no language model, and no
request that is not in its files: those are answered with 422.
"""

from __future__ import annotations

import argparse
import json
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

MODEL_ID = "control-replay"


class Answers:
    """The known answers, by a part of the request that no other request has."""

    def __init__(self, files: list[Path]) -> None:
        rows = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines() if line.strip()]
        # Longest first: a problem may be quoted in a longer one.
        self._rows = sorted(((row["find"], row["answer"]) for row in rows), key=lambda row: -len(row[0]))

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, request: str) -> str | None:
        """The answer to a request, None when it is not known."""
        return next((answer for part, answer in self._rows if part in request), None)


def asked(body: dict[str, Any]) -> str:
    """What the user says in a chat request, or the prompt of a completion request."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return str(body.get("prompt", ""))
    return "\n".join(str(message.get("content", "")) for message in messages if isinstance(message, dict))


class Handler(BaseHTTPRequestHandler):
    """Models, chat and completions."""

    protocol_version = "HTTP/1.1"
    answers: Answers

    def do_GET(self) -> None:
        if self.path.rstrip("/").endswith("/models"):
            self._send(200, {"object": "list", "data": [{"id": MODEL_ID, "object": "model", "owned_by": "evaldock"}]})
        else:
            self._send(404, {"error": {"message": f"There is nothing at {self.path}."}})

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            body = json.loads(data)
        except ValueError:
            return self._send(400, {"error": {"message": "The request is not JSON."}})
        answer = self.answers.find(asked(body))
        if answer is None:
            return self._send(422, {"error": {"message": "This request has no known answer."}})
        chat = "messages" in body
        text: dict[str, Any] = {"message": {"role": "assistant", "content": answer}} if chat else {"text": answer}
        usage = {"prompt_tokens": len(data) // 4, "completion_tokens": len(answer) // 4}
        return self._send(
            200,
            {
                "id": f"control-{time.monotonic_ns()}",
                "object": "chat.completion" if chat else "text_completion",
                "created": int(time.time()),
                "model": MODEL_ID,
                "choices": [{"index": 0, "finish_reason": "stop", **text}],
                "usage": {**usage, "total_tokens": sum(usage.values())},
            },
        )

    def _send(self, status: int, tree: dict[str, Any]) -> None:
        data = json.dumps(tree).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the proxy counts."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Answer the requests of a benchmark with known answers.")
    parser.add_argument("files", nargs="+", type=Path, help='JSON lines with "find" and "answer"')
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8322, help="port, 0 for any free one (default: %(default)s)")
    arguments = parser.parse_args()
    Handler.answers = Answers(arguments.files)
    try:
        server = ThreadingHTTPServer((arguments.host, arguments.port), Handler)
    except OSError as error:
        raise SystemExit(f"Cannot serve on {arguments.host}:{arguments.port} (is the port taken?): {error}") from None
    server.daemon_threads = True
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    where = f"http://{arguments.host}:{server.server_address[1]}/v1/chat/completions"
    print(f"{where}  (model id: {MODEL_ID}, {len(Handler.answers)} answers)", flush=True)
    ended.wait()
    server.shutdown()


if __name__ == "__main__":
    main()
