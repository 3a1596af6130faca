"""Whether what an endpoint answers below 400 holds an answer: servers report errors with status 200, too.

An answer has choices (or embeddings, or the output of another API) of which none ended in an error. A stream is one
when it came to its own end: a reason why it finished, the end event of its API, or `[DONE]` after some text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

from ..config.model import Tree
from .endpoints import kind_of, one_line, said_in, words_of
from .exchange import Reply, parse_json, readable
from .sse import SseEvent, SseParser

_FAILED = frozenset(("error", "abort", "aborted", "cancelled", "failed"))
_MOST_CHOICES = 4096
TOO_MANY = "it has more choices than anybody asks for"
_FILTERED = "content_filter"
_FILTER_WORDS = "the endpoint's content filter withheld it"
_SAID = ("content", "tool_calls", "function_call", "refusal", "audio", "reasoning_content", "reasoning")
_ENDINGS = frozenset(("response.completed", "response.incomplete", "message_stop"))
_BROKEN = frozenset(("error", "response.failed", "response.error"))
_TELLING = re.compile(r'"(?:error|usage|type)"\s*:\s*[^n\s]|"finish_reason"\s*:\s*"')
_STREAM = re.compile(rb"\s*(?:data|event|id|retry):|:")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`answers` that may be counted, 0 for none; `why` there is none, as the end of a sentence; `filtered` choices."""

    answers: int
    why: str = ""
    filtered: int = 0

    @property
    def held(self) -> bool:
        """Whether there is an answer."""
        return not self.why


def verdict_on(path: str, reply: Reply, count: Callable[[object], object]) -> Verdict:
    """The verdict on a complete answer to a POST to `path`; `count` is called with what is to be counted of it."""
    body = reply.body
    if not body.strip():
        return Verdict(0, "its body is empty")
    if not readable(body):
        return _scanned(path, body)
    tree = reply.json
    if reply.streamed or (tree is None and _STREAM.match(body)):
        return stream_verdict(path, body, count)
    count(tree)
    if isinstance(tree, list) and tree and kind_of(path) == "":
        return Verdict(1)
    if not isinstance(tree, dict):
        said = one_line(said_in(body))
        return Verdict(0, "it is a page of HTML" if said.lstrip().startswith("<") else f"it is not JSON: {said}")
    return _on_tree(kind_of(path), cast(Tree, tree))


def stream_verdict(path: str, body: bytes, count: Callable[[object], object]) -> Verdict:
    """The verdict on a streamed answer that is here as a whole."""
    parser, verdict = SseParser(), StreamVerdict(path, count)
    for event in (*parser.feed(body), *parser.end()):
        verdict.feed(event)
    return verdict.end()


@dataclass(slots=True)
class StreamVerdict:
    """The same for a streamed answer, event by event."""

    path: str
    count: Callable[[object], object]
    _finished: int = 0
    _filtered: int = 0
    _why: str = ""
    _text: bool = False
    _done: bool = False
    _ended: bool = False
    _events: int = 0
    _kind: str = field(init=False)

    def __post_init__(self) -> None:
        self._kind = kind_of(self.path)

    def feed(self, event: SseEvent) -> None:
        """Take an event in."""
        data = event.data
        if event.done:
            self._done = True
            return
        if event.event in _ENDINGS:
            self._ended = True
        # Most events are a piece of text, and need not be parsed.
        if self._text and not _TELLING.search(data) and event.event not in _BROKEN:
            return
        if not data:
            # What has no field may be an error as plain JSON, in place of a stream.
            tree = parse_json(event.raw) if event.raw.lstrip().startswith(b"{") else None
            if isinstance(tree, dict):
                self._why = self._why or _error(cast(Tree, tree)) or "it is no stream of events"
            return
        self._events += 1
        tree = parse_json(data.encode("utf-8", "replace"))
        found = cast(Tree, tree) if isinstance(tree, dict) else None
        if event.event in _BROKEN:
            self._why = self._why or (_error(found) if found else "") or one_line(data)
        elif found is not None:
            # Events of the responses API wrap the answer.
            self.count(_inner(found) or found)
            self._read(found)

    def _read(self, tree: Tree) -> None:
        kind = tree.get("type")
        if kind in _ENDINGS:
            self._ended = True
        error = _error(tree) or (_error(_inner(tree)) if kind in _BROKEN else "")
        if error or kind in _BROKEN:
            self._why = self._why or error or "it reports an error"
            return
        choices = tree.get("choices")
        if not isinstance(choices, list):
            self._text = self._text or "delta" in tree or self._kind == ""
            return
        for choice in _objects(cast("list[object]", choices)):
            delta = choice.get("delta")
            said = cast(Tree, delta) if isinstance(delta, dict) else choice
            self._text = self._text or bool(choice.get("text")) or any(said.get(name) for name in _SAID)
            reason = choice.get("finish_reason")
            if isinstance(reason, str) and reason:
                self._finish(reason, choice)

    def _finish(self, reason: str, choice: Tree) -> None:
        self._finished += 1
        if reason in _FAILED:
            self._why = self._why or _failed_words(reason, choice)
        elif reason == _FILTERED and not self._text:
            self._filtered += 1
            self._why = self._why or _FILTER_WORDS

    def end(self) -> Verdict:
        """The verdict, once it has ended."""
        if self._why:
            return Verdict(0, self._why, self._filtered)
        if self._finished or self._ended or (self._done and self._text):
            return Verdict(max(1, self._finished))
        if self._kind == "" and self._events:
            return Verdict(1)
        if self._done or not self._events:
            return Verdict(0, "the stream is empty")
        return Verdict(0, "the stream stopped without a finish_reason and without [DONE]")


def _on_tree(kind: str, tree: Tree) -> Verdict:
    if why := _error(tree):
        return Verdict(0, why)
    if kind in ("output", "content") and (tree.get("status") == "failed" or tree.get("type") == "error"):
        return Verdict(0, "it says that it failed")
    if not kind:
        return Verdict(1) if tree and not _detail(tree) else Verdict(0, _detail(tree) or "it is empty")
    items = tree.get(kind)
    if not isinstance(items, list) or not items:
        return Verdict(0, _detail(tree) or f"it has no {kind}")
    listed = cast("list[object]", items)
    if kind != "choices":
        return Verdict(len(listed) if kind == "data" else 1)
    if len(listed) > _MOST_CHOICES:
        return Verdict(0, TOO_MANY)
    found = [_on_choice(choice) for choice in listed]
    filtered = sum(one == _FILTER_WORDS for one in found)
    why = next((one for one in found if one), "")
    return Verdict(0 if why else len(found), why, filtered)


def _on_choice(value: object) -> str:
    """Why a choice is no answer, "" when it is one."""
    if not isinstance(value, dict):
        return "one of its choices is empty"
    choice = cast(Tree, value)
    reason = choice.get("finish_reason")
    if reason in _FAILED or choice.get("error"):
        return _failed_words(str(reason), choice)
    message = choice.get("message")
    told = cast(Tree, message) if isinstance(message, dict) else {}
    said = bool(choice.get("text")) or any(told.get(name) for name in _SAID)
    if said:
        return ""
    if reason == _FILTERED:
        return _FILTER_WORDS
    if reason is None:
        return "one of its choices has no content and no finish_reason"
    return "" if told or isinstance(choice.get("text"), str) else "one of its choices has no message"


def _failed_words(reason: str, choice: Tree) -> str:
    said = words_of(choice.get("error"))
    return f"it ended with finish_reason '{reason}'" + (f": {one_line(said)}" if said else "")


def _error(tree: Tree) -> str:
    """What a body or an event says under `error`, "" when nothing is wrong."""
    error = tree.get("error")
    return one_line(words_of(error) or "it reports an error") if error else ""


def _detail(tree: Tree) -> str:
    detail = tree.get("detail") or tree.get("message")
    return one_line(words_of(detail)) if detail else ""


def _inner(tree: Tree) -> Tree:
    inner = tree.get("response")
    return cast(Tree, inner) if isinstance(inner, dict) else {}


def _objects(items: list[object]) -> Iterator[Tree]:
    return (cast(Tree, item) for item in items if isinstance(item, dict))


def _scanned(path: str, body: bytes) -> Verdict:
    """The verdict on a body that is too large to be parsed."""
    kind = kind_of(path)
    found = {"data": rb'"embedding"\s*:', "choices": rb'"finish_reason"\s*:\s*"(?!error|abort)'}.get(kind)
    count = len(re.findall(found, body)) if found else int(not kind or f'"{kind}"'.encode() in body)
    return Verdict(count) if count else Verdict(0, f"it has no {kind}")
