"""Taking a model's reasoning out of its answers, so that the harness scores the answer only."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import ClassVar
from weakref import WeakSet

from ...config.model import Tree
from ..exchange import Exchange, JobScope, Reply, parse_json
from ..interceptor import EventFilter, Interceptor, TooMuch
from ..sse import SseEvent, make_event
from ._settings import as_list, as_object, flag, objects, text
from ._think import Tokens, split_reasoning

_FIELDS = ("reasoning_content", "reasoning")
# Of a stream's text, counted in characters, and what Python adds to a piece.
_MOST_HELD = 64 << 20
_MOST_IN_ALL = 256 << 20
_OF_A_PIECE = 64
_STEP = 20
_UNUSED: Tree = {"title": "Accepted, without effect: nothing is kept outside the job", "default": None}


@dataclass(slots=True)
class _Message:
    """What one choice says: its text, the reasoning that the endpoint tells apart already, why it ended."""

    content: str = ""
    given: str = ""
    finish: str | None = None


@dataclass(frozen=True, slots=True)
class _Settled:
    """`reasoning` None: leave what is there."""

    content: str
    reasoning: str | None


class Reasoning(Interceptor):
    """Moves everything up to and including the last end token from a message's `content` to `reasoning_content`.

    Also right: an answer that begins inside the reasoning (the chat template wrote the start token), nested and
    repeated reasoning, and an endpoint that fills `reasoning_content` (or `reasoning`) itself, which is kept.
    Reasoning that never ends stays in the content, unless `include_if_not_finished` is false: then the content is
    empty. `add_reasoning: false` switches all this off; with `migrate_reasoning_content` it does the reverse, and
    puts `reasoning_content` back into the content between the tokens.

    Content that is a list of parts becomes one text; parts in which a model thinks go to `reasoning_content`.

    Of a stream the text is held back until the choice is finished, since only then it is known which end token is
    the last; the events keep flowing without it. Text completions are left alone: they have no place for reasoning.

    ```yaml
    - name: reasoning
      config:
        start_reasoning_token: "<think>"
        end_reasoning_token: "</think>"
        include_if_not_finished: false
    ```
    """

    name = "reasoning"
    stage = "response"
    fields: ClassVar[dict[str, Tree]] = {
        "start_reasoning_token": {
            "title": "What begins the reasoning; null: it begins with the answer",
            "type": ["string", "null"],
            "minLength": 1,
            "default": "<think>",
        },
        "end_reasoning_token": {
            "title": "What ends the reasoning",
            "type": "string",
            "minLength": 1,
            "default": "</think>",
        },
        "add_reasoning": {"title": "Take reasoning out of the content", "type": "boolean", "default": True},
        "migrate_reasoning_content": {
            "title": "With add_reasoning false: put reasoning_content back into the content",
            "type": "boolean",
            "default": False,
        },
        "enable_reasoning_tracking": {"title": "Count answers with reasoning", "type": "boolean", "default": True},
        "include_if_not_finished": {
            "title": "Keep the content of an answer whose reasoning does not end",
            "type": "boolean",
            "default": True,
        },
        "stats_file_saving_interval": {**_UNUSED, "type": ["integer", "null"]},
        "enable_caching": {**_UNUSED, "type": ["boolean", "null"]},
        "cache_dir": {**_UNUSED, "type": ["string", "null"]},
        "logging_aggregated_stats_interval": {**_UNUSED, "type": ["integer", "null"]},
    }

    def __init__(self, settings: Tree, scope: JobScope) -> None:
        super().__init__(settings, scope)
        start = text(self.settings, "start_reasoning_token") or None
        self.tokens = Tokens(start, text(self.settings, "end_reasoning_token") or Tokens().end)
        self.migrates = flag(self.settings, "migrate_reasoning_content") and not flag(self.settings, "add_reasoning")
        self._active = self.migrates or flag(self.settings, "add_reasoning")
        self._keep_unfinished = flag(self.settings, "include_if_not_finished")
        self._tracks = flag(self.settings, "enable_reasoning_tracking")
        self.filters: WeakSet[_ReasoningFilter] = WeakSet()
        self._counts = {"answers": 0, "started": 0, "finished": 0, "unfinished": 0, "words": 0}

    def figures(self) -> dict[str, int]:
        """How many answers there were, with how much reasoning, and whether it came to an end."""
        return dict(self._counts)

    def response(self, x: Exchange, reply: Reply) -> None:
        """Work on a complete answer."""
        body = as_object(reply.json) if self._active else None
        if body is None:
            return
        changed = False
        for choice in objects(body.get("choices")):
            message = as_object(choice.get("message"))
            if message is not None:
                changed |= self._message(x, message, choice.get("finish_reason"))
        if changed:
            reply.set_json(body)

    def stream(self, x: Exchange) -> EventFilter | None:
        """A filter with the same result."""
        return _ReasoningFilter(self, x) if self._active else None

    def _message(self, x: Exchange, message: dict[str, object], finish: object) -> bool:
        joined = not self.migrates and join_parts(message)
        return self._settled(x, message, finish) or joined

    def _settled(self, x: Exchange, message: dict[str, object], finish: object) -> bool:
        content = message.get("content")
        if not isinstance(content, str) and not (self.migrates and content is None):
            return False
        before = content or ""
        settled = self.settle(x, _Message(before, _given(message), str(finish)))
        changed = settled.content != before or settled.reasoning is not None
        if settled.content != before:
            message["content"] = settled.content
        if settled.reasoning is not None:
            message["reasoning_content"] = settled.reasoning
        if self.migrates and changed:
            for name in _FIELDS:
                message.pop(name, None)
        return changed

    def settle(self, x: Exchange, said: _Message) -> _Settled:
        """The content and reasoning to hand on of a message that is complete."""
        if self.migrates:
            if not said.given.strip():
                return _Settled(said.content, None)
            return _Settled(f"{self.tokens.start or ''}{said.given}{self.tokens.end}{said.content}", None)
        if said.given.strip():
            return self._settle_given(x, said)
        split = split_reasoning(
            said.content, self.tokens, keep_unfinished=self._keep_unfinished, truncated=said.finish == "length"
        )
        self._count(x, split.started, split.finished, split.reasoning or (said.content if split.started else ""))
        return _Settled(split.content, split.reasoning or None)

    def _settle_given(self, x: Exchange, said: _Message) -> _Settled:
        content = said.content
        # An endpoint that tells reasoning apart may still let a stray end token through.
        if self.tokens.end in content:
            content = split_reasoning(content, self.tokens).content
        self._count(x, started=True, finished=bool(content.strip()), reasoning=said.given)
        return _Settled(content, None)

    def _count(self, x: Exchange, started: bool, finished: bool, reasoning: str) -> None:
        if not self._tracks:
            return
        found = {
            "answers": 1,
            "started": int(started),
            "finished": int(started and finished),
            "unfinished": int(started and not finished),
            "words": len(reasoning.split()),
        }
        x.notes[self.name] = found
        for name, count in found.items():
            self._counts[name] += count


@dataclass(slots=True)
class _Choice:
    content: list[str] = field(default_factory=list[str])
    given: list[str] = field(default_factory=list[str])


class _ReasoningFilter(EventFilter):
    """Holds text back by choice, and sends it in one piece before the event that finishes the choice."""

    def __init__(self, owner: Reasoning, x: Exchange) -> None:
        self._owner = owner
        self._x = x
        self.held = 0
        owner.filters.add(self)
        self._open: dict[object, _Choice] = {}
        self._frame: dict[str, object] = {}

    def feed(self, event: SseEvent) -> list[SseEvent]:
        if event.done:
            return [*self.end(), event]
        body = _chunk(event)
        if body is None:
            return [event]
        self._frame = {name: value for name, value in body.items() if name not in ("choices", "usage", "error")}
        out: list[SseEvent] = []
        changed = False
        for choice in objects(body.get("choices")):
            changed |= self._take(choice)
            if choice.get("finish_reason") is not None:
                out += self._release(choice.get("index"), str(choice["finish_reason"]))
        return [*out, make_event(_dump(body), event.event) if changed else event]

    def end(self) -> list[SseEvent]:
        return [event for index in list(self._open) for event in self._release(index, None)]

    def _take(self, choice: dict[str, object]) -> bool:
        delta = as_object(choice.get("delta"))
        if delta is None:
            return False
        state = self._open.setdefault(choice.get("index"), _Choice())
        changed = not self._owner.migrates and join_parts(delta)
        content = delta.get("content")
        if isinstance(content, str) and content:
            state.content.append(content)
            self._hold(content)
            delta["content"] = ""
            changed = True
        if given := _given(delta):
            state.given.append(given)
            self._hold(given)
            if self._owner.migrates:
                changed = True
                for name in _FIELDS:
                    delta.pop(name, None)
        return changed

    def _hold(self, text: str) -> None:
        before, self.held = self.held, self.held + len(text) + _OF_A_PIECE
        # All together are only looked at when this one has grown by much.
        if self.held > _MOST_HELD or (
            before >> _STEP != self.held >> _STEP and sum(one.held for one in self._owner.filters) > _MOST_IN_ALL
        ):
            raise TooMuch("more text without an end than the interceptor reasoning can hold")

    def _release(self, index: object, finish: str | None) -> list[SseEvent]:
        state = self._open.pop(index, None)
        if state is None or not (state.content or state.given):
            return []
        self.held -= sum(len(text) + _OF_A_PIECE for text in (*state.content, *state.given))
        settled = self._owner.settle(self._x, _Message("".join(state.content), "".join(state.given), finish))
        deltas: list[dict[str, object]] = []
        if settled.reasoning:
            deltas.append({"reasoning_content": settled.reasoning})
        if settled.content:
            deltas.append({"content": settled.content})
        return [self._event(index, delta) for delta in deltas]

    def _event(self, index: object, delta: dict[str, object]) -> SseEvent:
        choice = {"index": index, "delta": delta, "finish_reason": None}
        return make_event(_dump({**self._frame, "choices": [choice]}))


def join_parts(message: dict[str, object]) -> bool:
    """Make content that comes as a list of parts one text, and what is thought in it `reasoning_content`; whether that
    was done. Lists with anything else in them stay."""
    parts = as_list(message.get("content"))
    if parts is None:
        return False
    said, thought = list[str](), list[str]()
    for part in parts:
        found = as_object(part) or {}
        kind = found.get("type")
        if kind in ("text", "output_text") and isinstance(found.get("text"), str):
            said.append(str(found["text"]))
        elif kind in ("thinking", "reasoning"):
            thought.append(_thought(found))
        else:
            return False
    message["content"] = "".join(said)
    if thought := [text for text in thought if text]:
        message["reasoning_content"] = "\n".join(([given] if (given := _given(message)) else []) + thought)
    return True


def _thought(part: dict[str, object]) -> str:
    """The text of a part in which a model thinks, as servers write it."""
    inner = part.get("thinking") or part.get("text") or part.get("reasoning") or part.get("summary")
    if isinstance(inner, str):
        return inner
    return "".join(str(one.get("text") or "") for one in objects(inner))


def _given(message: dict[str, object]) -> str:
    """Reasoning that the endpoint told apart; servers differ in what they call it, and some send both."""
    return next((value for name in _FIELDS if isinstance(value := message.get(name), str) and value), "")


def _chunk(event: SseEvent) -> dict[str, object] | None:
    if '"choices"' not in event.data:
        return None
    return as_object(parse_json(event.data.encode("utf-8", "replace")))


def _dump(body: dict[str, object]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
