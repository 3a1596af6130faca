"""What is in an answer as the harness gets it: cut off by the token limit, empty, or without a word on why it ended.

An answer with nothing but whitespace scores as a wrong one, although the model may have said it all where the harness
does not look: in `reasoning_content`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import cast

from ..config.model import Tree
from .endpoints import kind_of
from .exchange import Exchange, Reply, parse_json
from .sse import SseEvent, SseParser

_CUT = frozenset(("length", "max_tokens", "max_output_tokens"))
_OTHER = ("tool_calls", "function_call", "refusal", "audio")
_REASONING = ("reasoning_content", "reasoning")
_THINKING = frozenset(("thinking", "redacted_thinking", "reasoning"))
# Asked is for the probabilities of a prompt, or for one token: the limit cuts nothing off there.
_MEASURING = re.compile(
    rb'"(?:echo"\s*:\s*true|prompt_logprobs"\s*:\s*\d|max_(?:completion_|output_)?tokens"\s*:\s*[01]\s*[,}])'
)
_ENDED = re.compile(r'"finish_reason"\s*:\s*"([^"]*)"')
_PERHAPS = re.compile(
    r'"(?:content|text|refusal|reasoning|reasoning_content)"\s*:\s*(?:"(?:\\[nrtf]|\s)*+[^"]|\[)'
    r'|"(?:tool_calls|function_call|audio)"\s*:\s*[\[{]'
)


@dataclass(frozen=True, slots=True)
class Contents:
    """Counts of answers: `cut` off by the token limit; `empty` although they were not; of those, `thought` with
    reasoning alone; `unended`, of which nothing says why they ended."""

    cut: int = 0
    empty: int = 0
    thought: int = 0
    unended: int = 0


NOTHING = Contents()


def contents_of(x: Exchange, reply: Reply) -> Contents:
    """What is in the complete answer to `x`; nothing of an answer that cannot be read."""
    if measures(x):
        return NOTHING
    if reply.streamed:
        parser, stream = SseParser(), StreamContents(x)
        for event in (*parser.feed(reply.body), *parser.end()):
            stream.feed(event)
        return stream.end()
    tree = reply.json
    return _of_tree(kind_of(x.path), cast(Tree, tree)) if isinstance(tree, dict) else NOTHING


def measures(x: Exchange) -> bool:
    """Whether a request asks for probabilities or a single token, and not for a text."""
    return _MEASURING.search(x.body) is not None


@dataclass(slots=True)
class StreamContents:
    """The same for a streamed answer, event by event. Of several choices, one with text makes all of them full."""

    x: Exchange
    _said: bool = False
    _thought: bool = False
    _reasons: list[str] = field(default_factory=list[str])
    _whole: Contents | None = None
    _kind: str = field(init=False)

    def __post_init__(self) -> None:
        self._kind = "" if measures(self.x) else kind_of(self.x.path)

    def feed(self, event: SseEvent) -> None:
        """Take an event in."""
        if self._kind == "choices":
            self._reasons += _ENDED.findall(event.data)
            if not self._said and _PERHAPS.search(event.data):
                self._read(event)
        elif self._kind == "output" and '"response.' in event.data:
            tree = _object(parse_json(event.data.encode("utf-8", "replace")))
            if tree.get("type") in ("response.completed", "response.incomplete"):
                self._whole = _of_tree("output", _object(tree.get("response")))

    def _read(self, event: SseEvent) -> None:
        tree = _object(parse_json(event.data.encode("utf-8", "replace")))
        for choice in _objects(tree.get("choices")):
            told = _object(choice.get("delta") or choice.get("message"))
            self._said = self._said or _said(choice, told)
            self._thought = self._thought or _thought(told)

    def end(self) -> Contents:
        """What was in it, once it has ended."""
        if self._kind != "choices":
            return self._whole or NOTHING
        cut = sum(reason in _CUT for reason in self._reasons)
        empty = 0 if self._said else max(1, len(self._reasons)) - cut
        return Contents(cut, empty, empty if self._thought else 0, int(not self._reasons))


def _of_tree(kind: str, tree: Tree) -> Contents:
    if kind == "choices":
        cut = empty = thought = unended = 0
        for choice in _objects(tree.get("choices")):
            reason = choice.get("finish_reason")
            told = _object(choice.get("message"))
            unended += not reason
            if reason in _CUT:
                cut += 1
            elif not _said(choice, told):
                empty += 1
                thought += _thought(told)
        return Contents(cut, empty, thought, unended)
    if kind == "output":
        reason = _object(tree.get("incomplete_details")).get("reason")
        items = list(_objects(tree.get("output")))
        said = any(_full(item.get("content")) if item.get("type") == "message" else _is_said(item) for item in items)
        return _of_one(reason, said, any(item.get("type") in _THINKING for item in items))
    if kind == "content":
        parts = list(_objects(tree.get("content")))
        thought = any(part.get("type") in _THINKING for part in parts)
        return _of_one(tree.get("stop_reason"), any(map(_is_said, parts)), thought)
    return NOTHING


def _of_one(reason: object, said: bool, thought: bool) -> Contents:
    if reason in _CUT:
        return Contents(cut=1)
    return NOTHING if said else Contents(empty=1, thought=int(thought))


def _said(choice: Tree, told: Tree) -> bool:
    """Whether a choice holds anything that a harness looks at."""
    return _full(told.get("content")) or _full(choice.get("text")) or any(told.get(name) for name in _OTHER)


def _thought(told: Tree) -> bool:
    return any(_full(told.get(name)) for name in _REASONING) or any(
        part.get("type") in _THINKING for part in _objects(told.get("content"))
    )


def _full(content: object) -> bool:
    """Whether content is a text that is not blank, or has a part that is no reasoning and not blank."""
    if isinstance(content, str):
        return bool(content) and not content.isspace()
    return any(map(_is_said, _objects(content)))


def _is_said(part: Tree) -> bool:
    text = part.get("text")
    return part.get("type") not in _THINKING and (not isinstance(text, str) or _full(text))


def _object(value: object) -> Tree:
    return cast(Tree, value) if isinstance(value, dict) else {}


def _objects(value: object) -> Iterator[Tree]:
    items = cast("Iterable[object]", value) if isinstance(value, list) else ()
    return (cast(Tree, item) for item in items if isinstance(item, dict))
