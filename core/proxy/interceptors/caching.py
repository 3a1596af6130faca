"""Answering from answers of earlier runs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import ClassVar, cast

from ...config.model import Tree
from ..allowed import NEUTRAL
from ..cache import Answer, answer_key, open_store
from ..exchange import Exchange, JobScope, Reply
from ..interceptor import EventFilter, Interceptor
from ..sse import SseEvent
from ..verdict import verdict_on
from ._settings import as_object, flag, text, whole

_GREEDY = 1e-3
_LARGEST = 64 * 1024 * 1024
_CONTAINER_RESULTS = Path("/results")
# Of the connection it came by, of the person it was for, or not true any more.
_NOT_KEPT = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade"),
        *("content-length", "content-encoding", "set-cookie", "date", "age"),
    }
)


class Caching(Interceptor):
    """Keeps the endpoint's answers, and gives them to requests that are the same.

    The same is: method, path, endpoint, body whatever the order of its keys, and the headers but for those that say
    nothing of the answer (such as User-Agent), as the endpoint would see them. Kept are complete answers of status 200,
    untouched, also streams, which are replayed as streams; the other interceptors work on an answer from the cache as
    on any other, so changing their settings changes the result.

    `reuse_cached_responses` is true unless switched off (in NeMo Evaluator it must be switched on): who lists a cache
    expects a second run to be served from it.

    `cache_dir` is, when not absolute, in the `output_dir` of the runs (`execution.output_dir`), so that all runs
    there share it; without it each run has its own, `cache` in the run's directory. A path below `/results`, which
    is inside a container, is one in the run's directory. Several runs may use one directory at the same time.

    A request that a job repeats word for word, and that asks for a random sample (no temperature 0, no seed), is a new
    sample: with `repeats: distinct` it gets another kept answer or, when there is none left, goes to the endpoint.
    Else a benchmark that asks n times and takes the mean would get one answer n times. `same` gives one answer. The
    jobs of one task that runs several times (`evaluation.repeats`) never get each other's answers.

    ```yaml
    - name: caching
      config:
        cache_dir: ./evaluation_cache
    ```
    """

    name = "caching"
    stage = "both"
    raw = True
    fields: ClassVar[dict[str, Tree]] = {
        "cache_dir": {
            "title": "Directory of the cache, in output_dir unless absolute; null: one for this run only",
            "type": ["string", "null"],
            "default": None,
        },
        "reuse_cached_responses": {"title": "Answer from the cache", "type": "boolean", "default": True},
        "save_responses": {"title": "Keep answers", "type": "boolean", "default": True},
        "save_requests": {"title": "Keep the bodies of requests", "type": "boolean", "default": False},
        "max_saved_responses": {
            "title": "How many answers to keep of this job; null: all",
            "type": ["integer", "null"],
            "minimum": 0,
            "default": None,
        },
        "max_saved_requests": {
            "title": "How many requests to keep of this job; null: all",
            "type": ["integer", "null"],
            "minimum": 0,
            "default": None,
        },
        "repeats": {
            "title": "What a sampling request gets that the job has sent before",
            "type": "string",
            "enum": ["distinct", "same"],
            "default": "distinct",
        },
    }

    def __init__(self, settings: Tree, scope: JobScope) -> None:
        super().__init__(settings, scope)
        self._reuse = flag(self.settings, "reuse_cached_responses")
        self._save = flag(self.settings, "save_responses")
        self._save_requests = flag(self.settings, "save_requests")
        self._answers_left = whole(self.settings, "max_saved_responses")
        self._requests_left = whole(self.settings, "max_saved_requests")
        self._distinct = text(self.settings, "repeats") == "distinct"
        # The same for every proxy of an attempt: none of them may give it one of its own answers as a new sample.
        self._writer = hashlib.sha256(f"{scope.run_dir}\0{scope.job}\0{scope.attempt}".encode()).digest()[:16]
        self._given: dict[bytes, int] = {}
        self._store = open_store(cache_directory(text(self.settings, "cache_dir"), scope))

    def request(self, x: Exchange) -> Reply | None:
        """An answer from the cache, if there is one."""
        return self.lookup(x)

    def response(self, x: Exchange, reply: Reply) -> None:
        """Keep a complete answer."""
        self.store(x, reply)

    def stream(self, x: Exchange) -> EventFilter | None:
        """Keep a streamed one once it is complete."""
        return _Recorder(self, x) if self._save and self.name in x.notes else None

    def lookup(self, x: Exchange) -> Reply | None:
        """The answer to `x`, or None: ask the endpoint."""
        if x.method != "POST":
            return None
        body = x.body if x.json is None else x.json
        headers = {name: value for name, value in x.headers.items() if name not in NEUTRAL}
        where = (x.method, x.path, x.query, self.scope.upstream)
        key = answer_key(*where, body, headers, repeat=self.scope.repeat)
        shared = not self._distinct or _always_same(x)
        x.notes[self.name] = (key, shared)
        found = self._find(key, shared) if self._reuse else None
        if found is not None:
            reply = Reply(200, dict(found.headers), found.body, cached=True)
            # Earlier versions kept what is no answer.
            if verdict_on(x.path, reply, _uncounted).held:
                return reply
        if self._save_requests and self._requests_left != 0:
            self._requests_left = _less(self._requests_left)
            self._store.put_request(key, x.body)
        return None

    def store(self, x: Exchange, reply: Reply) -> None:
        """Keep `reply` if it is new and holds an answer."""
        if not self._save or reply.cached or reply.status != 200 or len(reply.body) > _LARGEST:
            return
        if verdict_on(x.path, reply, _uncounted).held:
            self.keep(x, {n: v for n, v in reply.headers.items() if n not in _NOT_KEPT}, reply.body)

    def keep(self, x: Exchange, headers: dict[str, str], body: bytes) -> None:
        """Keep this answer to `x`, without questions."""
        noted = x.notes.get(self.name)
        if not isinstance(noted, tuple) or self._answers_left == 0:
            return
        key, shared = cast("tuple[bytes, bool]", noted)
        self._answers_left = _less(self._answers_left)
        self._store.put(key, Answer(headers, body), writer=self._writer, shared=shared)

    def close(self) -> None:
        """Wait until everything is written."""
        self._store.release()

    def _find(self, key: bytes, shared: bool) -> Answer | None:
        if shared:
            found = self._store.get(key)
            return found[1] if found else None
        found = self._store.get(key, after=self._given.get(key, -1), not_by=self._writer)
        if found is None:
            return None
        self._given[key] = found[0]
        return found[1]


class _Recorder(EventFilter):
    """Collects the bytes of a stream, and keeps them when it has ended as a whole answer."""

    def __init__(self, owner: Caching, x: Exchange) -> None:
        self._owner, self._x = owner, x
        self._raw: list[bytes] = []
        self._size = 0

    def feed(self, event: SseEvent) -> list[SseEvent]:
        self._size += len(event.raw)
        if self._size > _LARGEST:
            self._raw.clear()
        else:
            self._raw.append(event.raw)
        return [event]

    def end(self) -> list[SseEvent]:
        if self._size <= _LARGEST:
            self._owner.keep(self._x, {"content-type": "text/event-stream"}, b"".join(self._raw))
        return []


def cache_directory(setting: str, scope: JobScope) -> Path:
    """Where the cache is; `run_dir` is a directory in `output_dir`."""
    if not setting:
        return scope.run_dir / "cache"
    path = Path(os.path.expanduser(setting))
    if path.is_relative_to(_CONTAINER_RESULTS):
        inside = os.path.normpath(path.relative_to(_CONTAINER_RESULTS))
        return scope.run_dir / ("cache" if inside in (".", "..") or inside.startswith("../") else inside)
    return Path(os.path.normpath(scope.run_dir.parent / path))


def _always_same(x: Exchange) -> bool:
    """Whether asking again is expected to give the same answer."""
    body = as_object(x.json)
    if body is None or x.path.endswith("/embeddings"):
        return True
    temperature = body.get("temperature")
    greedy = isinstance(temperature, int | float) and temperature < _GREEDY
    return greedy or body.get("top_k") == 1 or body.get("seed") is not None


def _uncounted(_: object) -> None:
    """Nothing is counted of an answer that may not be used."""


def _less(left: int | None) -> int | None:
    return None if left is None else left - 1
