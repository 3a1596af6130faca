"""Stopping a job that can only fail."""

from __future__ import annotations

from typing import ClassVar

from ...base.sanitize import clean_line
from ...base.secrets import scrub
from ...config.model import Tree
from ..exchange import Exchange, JobScope, Reply
from ..interceptor import Interceptor, StopJob
from ._settings import as_object, whole, wholes

_LONGEST = 300


class RaiseClientErrors(Interceptor):
    """Ends the job at the first answer that says the request was wrong (400 to 499): the harness would go on
    to collect thousands of them. 408 and 429 are passed over, since those pass.

    With `status_codes` exactly those count, and neither the range nor the exclusions.

    ```yaml
    - name: raise_client_errors
      config:
        exclude_status_codes: [404, 408, 429]
    ```
    """

    name = "raise_client_errors"
    stage = "response"
    fields: ClassVar[dict[str, Tree]] = {
        "exclude_status_codes": {
            "title": "Statuses in the range that do not end the job",
            "type": ["array", "null"],
            "items": {"type": "integer"},
            "default": [408, 429],
        },
        "status_codes": {
            "title": "Only these statuses end the job",
            "type": ["array", "null"],
            "items": {"type": "integer"},
            "default": None,
        },
        "status_code_range_start": {"title": "First status of the range", "type": ["integer", "null"], "default": 400},
        "status_code_range_end": {"title": "Last status of the range", "type": ["integer", "null"], "default": 499},
    }

    def __init__(self, settings: Tree, scope: JobScope) -> None:
        super().__init__(settings, scope)
        self._only = wholes(self.settings, "status_codes")
        self._never = wholes(self.settings, "exclude_status_codes") or frozenset()
        first, last = (whole(self.settings, f"status_code_range_{end}") for end in ("start", "end"))
        self._range = range(400 if first is None else first, (499 if last is None else last) + 1)

    def response(self, x: Exchange, reply: Reply) -> None:
        """Raises StopJob for a status that counts."""
        if not self._counts(reply.status):
            return
        said = _message(reply)
        raise StopJob(
            f"The endpoint answered {reply.status} to {x.method} {x.path}"
            + (f": {said}" if said else "")
            + ". raise_client_errors ends the job at such an answer."
        )

    def _counts(self, status: int) -> bool:
        if self._only is not None:
            return status in self._only
        return status in self._range and status not in self._never


def _message(reply: Reply) -> str:
    body = as_object(reply.json) or {}
    error = as_object(body.get("error")) or body
    said = error.get("message") or error.get("detail") or body.get("error")
    if not isinstance(said, str):
        said = reply.body[: 4 * _LONGEST].decode("utf-8", "replace")
    line = clean_line(scrub(said)).rstrip(".")
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
