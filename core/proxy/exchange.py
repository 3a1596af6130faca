"""One request of a harness and its answer, as interceptors see them."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

_UNREAD = object()
_ALWAYS_READ = 1 << 16
_MOST_READ = 32 << 20
_MOST_VALUES = 300_000


@dataclass(frozen=True)
class JobScope:
    """What an interceptor may know about its job. `dir` and `run_dir` are absolute directories on the host.

    `upstream` is the endpoint's full URL; `samples` the number of answers that the job needs, if known; `attempt`
    counts from 1, and so does `repeat` for a task that runs several times, as jobs of their own; 0 for any other.
    """

    job: str
    task: str
    dir: Path
    run_dir: Path
    upstream: str
    model_id: str = ""
    samples: int | None = None
    attempt: int = 1
    repeat: int = 0


class _Message:
    """A body that is parsed at most once, and written out again only when it was changed."""

    __slots__ = ("_body", "_json", "headers")

    def __init__(self, headers: dict[str, str], body: bytes) -> None:
        self.headers = headers
        self._body: bytes | None = body
        self._json: object = _UNREAD

    @property
    def body(self) -> bytes:
        """The bytes as they go on the wire, never compressed."""
        if self._body is None:
            self._body = json.dumps(self._json, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        return self._body

    @body.setter
    def body(self, value: bytes) -> None:
        self._body = value
        self._json = _UNREAD

    @property
    def json(self) -> object:
        """The parsed body; None when it is not JSON. Whoever edits it in place must call `set_json` after that."""
        if self._json is _UNREAD:
            self._json = parse_json(self._body or b"")
        return self._json

    def set_json(self, value: object) -> None:
        """Make `value` the body."""
        self._json = value
        self._body = None


class Exchange(_Message):
    """A request on its way to the endpoint. `headers` have lower-case names and hold no key and no token.

    `path` starts with `/` and has no query; `query` has no `?`; `started` is time.monotonic(). `credential` is the
    header that the key goes out in, "" for none, and `bearer` whether as Authorization has it. `notes` is a place where
    an interceptor leaves something in the request pass for its response pass (use its own name as key). `got` is what
    its answer has of the job's budget of bytes. `retried`: how often the endpoint was asked again.
    """

    __slots__ = ("bearer", "credential", "got", "id", "job", "method", "notes", "path", "query", "retried", "started")

    def __init__(
        self, identity: str, job: JobScope, method: str, path: str, query: str, headers: dict[str, str], body: bytes
    ) -> None:
        super().__init__(headers, body)
        self.id = identity
        self.job = job
        self.method = method
        self.path = path
        self.query = query
        self.started = time.monotonic()
        self.credential = "authorization"
        self.bearer = True
        self.got = 0
        self.notes: dict[str, object] = {}
        self.retried = 0


class Reply(_Message):
    """A complete answer. `cached`: it came from a cache and not from the endpoint. `failure`: there was no answer of
    the endpoint's, and the proxy says so in its place."""

    __slots__ = ("cached", "failure", "status")

    def __init__(self, status: int, headers: dict[str, str], body: bytes, *, cached: bool = False) -> None:
        super().__init__(headers, body)
        self.status = status
        self.cached = cached
        self.failure = False

    @property
    def streamed(self) -> bool:
        """Whether the body is a stream of server-sent events."""
        return self.headers.get("content-type", "").startswith("text/event-stream")


def error_reply(status: int, message: str, kind: str = "evaldock_proxy_error") -> Reply:
    """An error as OpenAI's API writes it, with a sentence for people."""
    reply = Reply(status, {"content-type": "application/json"}, b"")
    reply.set_json({"error": {"message": message, "type": kind, "param": None, "code": status}})
    return reply


def readable(data: bytes) -> bool:
    """Whether a JSON text may be parsed here: one with very many values stops all jobs, and takes forty times its size
    in memory."""
    if len(data) <= _ALWAYS_READ:
        return True
    return len(data) <= _MOST_READ and data.count(b",") + data.count(b"[") + data.count(b"{") <= _MOST_VALUES


def parse_json(data: bytes) -> object:
    """The value of a JSON text, None when it is none, or not `readable`."""
    if not readable(data):
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
