"""Giving the model a system message."""

from __future__ import annotations

from typing import ClassVar

from ...config.model import Tree
from ..exchange import Exchange, JobScope, Reply
from ..interceptor import Interceptor
from ._settings import as_list, as_object, objects, text


class SystemMessage(Interceptor):
    """Puts one system message at the head of a chat, joined by newlines with those that the harness sends.

    `strategy`: `prepend` puts the text before them, `append` after them, `replace` in their place. Requests that
    are no chats (completions, embeddings) stay as they are; of /responses it is the `instructions`.

    ```yaml
    - name: system_message
      config:
        system_message: Think step by step.
        strategy: replace
    ```
    """

    name = "system_message"
    stage = "request"
    fields: ClassVar[dict[str, Tree]] = {
        "system_message": {"title": "The text", "type": "string"},
        "strategy": {
            "title": "How it goes with the harness's own system messages",
            "type": "string",
            "enum": ["prepend", "append", "replace"],
            "default": "prepend",
        },
    }

    def __init__(self, settings: Tree, scope: JobScope) -> None:
        super().__init__(settings, scope)
        self._text = text(self.settings, "system_message")
        self._strategy = text(self.settings, "strategy")

    def request(self, x: Exchange) -> Reply | None:
        """Put it in."""
        body = as_object(x.json)
        if body is None:
            return None
        messages = as_list(body.get("messages"))
        if messages is not None:
            body["messages"] = self._joined(messages)
        elif x.path.endswith("/responses"):
            given = body.get("instructions")
            body["instructions"] = "\n".join(self._order([given] if isinstance(given, str) and given else []))
        else:
            return None
        x.set_json(body)
        return None

    def _joined(self, messages: list[object]) -> list[object]:
        system = [m for m in messages if _is_system(m)]
        others = [m for m in messages if not _is_system(m)]
        given = [content for m in system if (content := _content(m))]
        return [{"role": "system", "content": "\n".join(self._order(given))}, *others]

    def _order(self, given: list[str]) -> list[str]:
        if self._strategy == "replace":
            return [self._text]
        return [*given, self._text] if self._strategy == "append" else [self._text, *given]


def _is_system(message: object) -> bool:
    return (as_object(message) or {}).get("role") == "system"


def _content(message: object) -> str:
    content = (as_object(message) or {}).get("content")
    if isinstance(content, str):
        return content
    return "\n".join(str(part["text"]) for part in objects(content) if isinstance(part.get("text"), str))
