"""Writing down requests."""

from __future__ import annotations

from typing import ClassVar

from ...base.clock import utc_iso
from ...base.secrets import hide_in_headers, hide_in_query
from ...config.model import Tree
from ..exchange import Exchange, JobScope, Reply
from ..interceptor import Interceptor
from ._lines import JsonLines
from ._settings import flag, whole


class RequestLogging(Interceptor):
    """Appends the first `max_requests` requests to `requests.jsonl` in the job's directory, as they are at this
    place of the list: `{"id", "at", "method", "path", "query", "headers", "body"}`. The answer in `responses.jsonl`
    has the same `id`. Headers that carry credentials, and keys and tokens anywhere, are hidden.

    ```yaml
    - name: request_logging
      config:
        max_requests: 50   # null: all
    ```
    """

    name = "request_logging"
    stage = "request"
    fields: ClassVar[dict[str, Tree]] = {
        "max_requests": {
            "title": "How many requests to write down; null: all",
            "type": ["integer", "null"],
            "minimum": 0,
            "default": 2,
        },
        "log_request_body": {"title": "With the body", "type": "boolean", "default": True},
        "log_request_headers": {"title": "With the headers", "type": "boolean", "default": True},
    }

    def __init__(self, settings: Tree, scope: JobScope) -> None:
        super().__init__(settings, scope)
        self._lines = JsonLines(scope.dir / "requests.jsonl", whole(self.settings, "max_requests"))
        self._body = flag(self.settings, "log_request_body")
        self._headers = flag(self.settings, "log_request_headers")

    def request(self, x: Exchange) -> Reply | None:
        """Write it down."""
        if not self._lines.wants:
            return None
        record: dict[str, object] = {"id": x.id, "at": utc_iso(), "method": x.method, "path": x.path}
        if x.query:
            record["query"] = hide_in_query(x.query)
        if self._headers:
            record["headers"] = hide_in_headers(x.headers)
        if self._body:
            record["body"] = x.body.decode("utf-8", "replace") if x.json is None else x.json
        self._lines.write(record)
        return None

    def close(self) -> None:
        """Close the file."""
        self._lines.close()
