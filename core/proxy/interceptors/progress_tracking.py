"""Telling another system how far a job is."""

from __future__ import annotations

import json
import logging
import os
import threading
import urllib.error
import urllib.request
from typing import ClassVar
from urllib.parse import urlsplit

from ...base.proxies import open_url
from ...config.model import Tree
from ..exchange import Exchange, JobScope, Reply
from ..interceptor import EventFilter, Interceptor
from ..sse import SseEvent
from ._settings import seconds, text, whole

log = logging.getLogger("evaldock.proxy")

_TIMEOUT = 10.0
_LAST_WAIT = 2.0


class ProgressTracking(Interceptor):
    """Counts answers of status 200, and sends the count to `progress_tracking_url` as `{"samples_processed": n}`:
    after every so many answers, or every so many seconds, whichever is first, and at the end.

    Sending happens on the side: a slow or dead receiver delays no request. `$NAME` in the URL is taken from the
    environment. Answers from a cache count, since those samples are processed too. Progress in `status` and the
    dashboard needs none of this.

    ```yaml
    - name: progress_tracking
      config:
        progress_tracking_url: http://localhost:8000/jobs/$JOB/progress
        progress_tracking_interval: 10
    ```
    """

    name = "progress_tracking"
    stage = "response"
    fields: ClassVar[dict[str, Tree]] = {
        "progress_tracking_url": {
            "title": "Where to send the count; null: nowhere",
            "type": ["string", "null"],
            "default": None,
        },
        "progress_tracking_interval": {
            "title": "Send after so many answers",
            "type": ["integer", "null"],
            "minimum": 1,
            "default": 1,
        },
        "progress_tracking_interval_seconds": {
            "title": "Send after so many seconds",
            "type": ["number", "null"],
            "exclusiveMinimum": 0,
            "default": None,
        },
        "request_method": {
            "title": "HTTP method",
            "type": "string",
            "enum": ["PATCH", "POST", "PUT"],
            "default": "PATCH",
        },
        "output_dir": {
            "title": "Accepted, without effect: progress is counted in any case",
            "type": ["string", "null"],
            "default": None,
        },
    }

    def __init__(self, settings: Tree, scope: JobScope) -> None:
        super().__init__(settings, scope)
        self._count = 0
        self._interval = whole(self.settings, "progress_tracking_interval")
        url = os.path.expandvars(text(self.settings, "progress_tracking_url"))
        method = text(self.settings, "request_method")
        every = seconds(self.settings, "progress_tracking_interval_seconds")
        self._sender = _Sender(url, method, every) if url else None

    def figures(self) -> dict[str, int]:
        """How many answers there were."""
        return {"samples_processed": self._count}

    def response(self, x: Exchange, reply: Reply) -> None:
        """Count a complete answer."""
        if reply.status == 200:
            self.count(x)

    def stream(self, x: Exchange) -> EventFilter | None:
        """Count a streamed one at its end."""
        return _Count(self, x)

    def count(self, x: Exchange) -> None:
        """One answer more."""
        self._count += 1
        x.notes[self.name] = self._count
        if self._sender is not None:
            self._sender.tell(self._count, now=bool(self._interval and self._count % self._interval == 0))

    def close(self) -> None:
        """Send the last count, if that takes no time to speak of."""
        if self._sender is not None:
            self._sender.close()


class _Count(EventFilter):
    def __init__(self, owner: ProgressTracking, x: Exchange) -> None:
        self._owner, self._x = owner, x

    def end(self) -> list[SseEvent]:
        self._owner.count(self._x)
        return []


class _Sender:
    """Sends the newest count from a thread of its own; counts that come in meanwhile replace each other."""

    def __init__(self, url: str, method: str, every: float | None) -> None:
        self._url, self._method = url, method
        self._every = every if every and every > 0 else None
        self._wake = threading.Condition()
        self._count = 0
        self._sent = 0
        self._due = False
        self._closing = False
        self._warned = False
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
        self._thread.start()

    def tell(self, count: int, *, now: bool) -> None:
        with self._wake:
            self._count = count
            if now:
                self._due = True
                self._wake.notify()

    def close(self) -> None:
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(_LAST_WAIT)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._due or self._closing, self._every)
                count, closing = self._count, self._closing
                self._due = False
            if count != self._sent:
                self._send(count)
                self._sent = count
            if closing:
                return

    def _send(self, count: int) -> None:
        host = ""
        try:
            parts = urlsplit(self._url)
            host = parts.hostname or ""
            if parts.scheme not in ("http", "https"):
                raise ValueError("only http and https")
            data = json.dumps({"samples_processed": count}).encode()
            headers = {"Content-Type": "application/json"}
            request = urllib.request.Request(self._url, data, headers, method=self._method)
            with open_url(request, timeout=_TIMEOUT) as answer:
                answer.read(1)
        # Whatever goes wrong here is not worth a job; the thread must live on. The URL may hold a token, so no
        # message quotes it.
        except Exception as error:  # noqa: BLE001
            if not self._warned:
                self._warned = True
                what = f"status {error.code}" if isinstance(error, urllib.error.HTTPError) else type(error).__name__
                log.warning("Progress cannot be sent to progress_tracking_url on '%s' (%s).", host, what)
