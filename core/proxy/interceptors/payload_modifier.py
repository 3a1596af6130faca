"""Changing the parameters and headers of requests."""

from __future__ import annotations

from typing import ClassVar

from ...config.model import Tree
from ..exchange import Exchange, JobScope, Reply
from ..headers import CREDENTIALS
from ..interceptor import Interceptor
from ._settings import as_list, as_object, table, texts

# The proxy and its HTTP client own these.
_OWNED = frozenset({"host", "content-length", "connection", "transfer-encoding"})
_NAMES: Tree = {"type": "array", "items": {"type": "string"}, "default": []}
_RENAMES: Tree = {"type": "object", "additionalProperties": {"type": "string"}, "default": {}}


class PayloadModifier(Interceptor):
    """Body: removes keys at any depth, then sets keys at the top level, then renames keys at the top level.
    Headers: removes, renames, then sets; their case does not matter; Host, Content-Length, Connection and
    Transfer-Encoding are left alone. That holds for the header with the key, too: removed, no key goes out; renamed,
    its value goes out under the new name; and Authorization, api-key or x-api-key that is set takes its place.

    ```yaml
    - name: payload_modifier
      config:
        params_to_remove: [seed]
        params_to_add:
          chat_template_kwargs: {enable_thinking: false}
        params_to_rename: {max_tokens: max_completion_tokens}
        headers_to_add: {X-Team: evals}
    ```
    """

    name = "payload_modifier"
    stage = "request"
    fields: ClassVar[dict[str, Tree]] = {
        "params_to_remove": {**_NAMES, "title": "Keys to remove, wherever they are in the body"},
        "params_to_add": {"title": "Keys to set at the top level of the body", "type": "object", "default": {}},
        "params_to_rename": {**_RENAMES, "title": "Keys to rename at the top level: old name to new name"},
        "headers_to_remove": {**_NAMES, "title": "Headers to remove"},
        "headers_to_rename": {**_RENAMES, "title": "Headers to rename: old name to new name"},
        "headers_to_add": {
            "title": "Headers to set",
            "type": "object",
            "additionalProperties": {"type": ["string", "number", "boolean"], "pattern": r"\A[^\r\n]*\Z"},
            "default": {},
        },
    }

    def __init__(self, settings: Tree, scope: JobScope) -> None:
        super().__init__(settings, scope)
        self._remove = frozenset(texts(self.settings, "params_to_remove"))
        self._add = table(self.settings, "params_to_add")
        self._rename = _text_table(self.settings, "params_to_rename")
        self._remove_headers = _lower(texts(self.settings, "headers_to_remove"))
        self._rename_headers = _lower_table(_text_table(self.settings, "headers_to_rename"), values=True)
        self._add_headers = _lower_table(_text_table(self.settings, "headers_to_add"))

    def request(self, x: Exchange) -> Reply | None:
        """Change it."""
        self._change_credential(x)
        self._change_headers(x.headers)
        if not (self._remove or self._add or self._rename):
            return None
        body = as_object(x.json)
        if body is not None:
            self._change_body(body)
            x.set_json(body)
        return None

    def _change_body(self, body: dict[str, object]) -> None:
        if self._remove:
            _remove_deep(body, self._remove)
        body.update(self._add)
        for old, new in self._rename.items():
            if old in body:
                body[new] = body.pop(old)

    def _change_credential(self, x: Exchange) -> None:
        # The header with the key is written on the way out only: what is asked of it is kept until then.
        if x.credential in self._remove_headers:
            x.credential = ""
        if (new := self._rename_headers.get(x.credential)) is not None:
            x.credential = new
        if self._add_headers.keys() & {x.credential, *CREDENTIALS}:
            x.credential = ""

    def _change_headers(self, headers: dict[str, str]) -> None:
        for name in self._remove_headers:
            headers.pop(name, None)
        for old, new in self._rename_headers.items():
            if old in headers:
                headers[new] = headers.pop(old)
        headers.update(self._add_headers)


def _remove_deep(value: object, names: frozenset[str]) -> None:
    """Remove keys from `value` in place; not recursive, since the depth of a body is not ours to choose."""
    todo = [value]
    while todo:
        item = todo.pop()
        if (found := as_object(item)) is not None:
            for name in names & found.keys():
                del found[name]
            todo.extend(found.values())
        else:
            todo.extend(as_list(item) or [])


def _text_table(settings: Tree, name: str) -> dict[str, str]:
    return {key: _header_text(value) for key, value in table(settings, name).items()}


def _header_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _lower(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name.lower() for name in names) - _OWNED


def _lower_table(found: dict[str, str], *, values: bool = False) -> dict[str, str]:
    lowered = {key.lower(): value.lower() if values else value for key, value in found.items()}
    return {key: value for key, value in lowered.items() if key not in _OWNED and not (values and value in _OWNED)}
