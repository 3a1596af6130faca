"""Reminding a model in a long conversation how many turns are left."""

from __future__ import annotations

from typing import ClassVar

from ...config.model import Tree
from ..exchange import Exchange, JobScope, Reply, error_reply
from ..interceptor import Interceptor
from ._settings import as_list, as_object, objects, text, whole

_WARN = 0.80
_URGE = 0.95


class TurnCounter(Interceptor):
    """Writes into a chat which turn it is, out of `max_turns`; without `max_turns` it does nothing.

    A turn is counted from the conversation itself (the assistant's messages in it, and this one), so a repeated
    request is the same turn and two conversations never mix. `trigger: threshold` speaks up at 80 % of the turns,
    more firmly at 95 %; `periodic` each `interval` turns. `every` is another name for `interval`: the larger of both
    counts. `position` is where it goes: a new `system_message` at the end, the end of the last `user_message`, a
    `new_user_message`, or the end of the last `tool_message` (only when that is the last message). A request beyond
    `max_turns` is answered with an error 400 and never reaches the endpoint.

    ```yaml
    - name: turn_counter
      config:
        max_turns: 30
        trigger: periodic
        interval: 5
        position: user_message
    ```
    """

    name = "turn_counter"
    stage = "request"
    fields: ClassVar[dict[str, Tree]] = {
        "max_turns": {
            "title": "Turns that a conversation may have",
            "type": ["integer", "null"],
            "minimum": 1,
            "default": None,
        },
        "trigger": {
            "title": "When the model is told",
            "type": "string",
            "enum": ["threshold", "periodic"],
            "default": "threshold",
        },
        "interval": {"title": "Periodic: each so many turns", "type": "integer", "minimum": 1, "default": 1},
        "every": {"title": "The same as interval", "type": "integer", "minimum": 1, "default": 1},
        "position": {
            "title": "Where the text goes",
            "type": "string",
            "enum": ["system_message", "user_message", "new_user_message", "tool_message"],
            "default": "system_message",
        },
    }

    def __init__(self, settings: Tree, scope: JobScope) -> None:
        super().__init__(settings, scope)
        self._most = whole(self.settings, "max_turns")
        self._periodic = text(self.settings, "trigger") == "periodic"
        self._interval = max(whole(self.settings, "interval") or 1, whole(self.settings, "every") or 1)
        self._position = text(self.settings, "position")

    def request(self, x: Exchange) -> Reply | None:
        """Put the text in, or refuse a turn too many."""
        body = as_object(x.json) if self._most is not None else None
        messages = as_list(body.get("messages")) if body is not None else None
        if self._most is None or messages is None:
            return None
        turn = 1 + sum(message.get("role") == "assistant" for message in objects(messages))
        x.notes[self.name] = turn
        if turn > self._most:
            return error_reply(400, f"This is turn {turn} of a conversation that may have {self._most} (turn_counter).")
        notice = self._notice(turn, self._most)
        if notice and _put(messages, notice, self._position):
            x.set_json(body)
        return None

    def _notice(self, turn: int, most: int) -> str:
        left = most - turn
        if self._periodic:
            return f"Turn {turn} of {most}: {_turns(left)} left after this one." if turn % self._interval == 0 else ""
        if turn >= most * _URGE:
            return f"Turn {turn} of {most}, {_turns(left)} left: give your final answer now and start nothing new."
        if turn >= most * _WARN:
            return f"Turn {turn} of {most}, {_turns(left)} left: bring your work to an end and prepare your answer."
        return ""


def _turns(number: int) -> str:
    return "1 turn" if number == 1 else f"{number or 'no'} turns"


def _put(messages: list[object], notice: str, position: str) -> bool:
    if position == "system_message":
        messages.append({"role": "system", "content": notice})
        return True
    if position == "new_user_message":
        messages.append({"role": "user", "content": notice})
        return True
    if position == "tool_message":
        last = as_object(messages[-1]) if messages else None
        target = last if last is not None and last.get("role") == "tool" else None
    else:
        target = next((m for m in reversed(objects(messages)) if m.get("role") == "user"), None)
    if target is None:
        return False
    _extend(target, notice)
    return True


def _extend(message: dict[str, object], notice: str) -> None:
    content = message.get("content")
    parts = as_list(content)
    if parts is not None:
        parts.append({"type": "text", "text": notice})
    else:
        message["content"] = f"{content}\n\n{notice}" if content else notice
