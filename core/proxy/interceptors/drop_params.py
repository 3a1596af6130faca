"""Leaving parameters out of requests."""

from __future__ import annotations

from typing import ClassVar

from ...config.model import Tree
from ..exchange import Exchange, JobScope, Reply
from ..interceptor import Interceptor
from ._settings import as_object, texts


class DropParams(Interceptor):
    """Removes parameters at the top level of the body, for an endpoint that refuses some of them.

    To remove keys at any depth use payload_modifier.

    ```yaml
    - name: drop_params
      config:
        params: [seed, logit_bias]
    ```
    """

    name = "drop_params"
    stage = "request"
    fields: ClassVar[dict[str, Tree]] = {
        "params": {
            "title": "Names of the parameters to leave out",
            "type": "array",
            "items": {"type": "string"},
            "default": [],
        },
    }

    def __init__(self, settings: Tree, scope: JobScope) -> None:
        super().__init__(settings, scope)
        self._names = texts(self.settings, "params")

    def request(self, x: Exchange) -> Reply | None:
        """Drop them."""
        body = as_object(x.json) if self._names else None
        present = [name for name in self._names if body and name in body]
        if body is not None and present:
            for name in present:
                body.pop(name, None)
            x.set_json(body)
        return None
