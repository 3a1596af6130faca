"""The smallest real request of each protocol, and whether an answer to it is one."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import cast

from .wire import EndpointAnswer

PROMPT = "Hi"
_SIDE = 56  # pixels: vision models refuse images smaller than a few patches


def smallest(kind: str, model_id: str, *, limit: str = "max_tokens") -> dict[str, object]:
    """A request for one token (or one embedding). `limit` is the field that bounds the answer."""
    model: dict[str, object] = {"model": model_id} if model_id else {}
    if kind == "embedding":
        return {**model, "input": PROMPT}
    if kind == "completions":
        return {**model, "prompt": PROMPT, limit: 1}
    if kind == "completions_logprob":
        return {**model, "prompt": PROMPT, limit: 1, "logprobs": 1}
    content: object = PROMPT
    if kind == "vlm":
        image = f"data:image/png;base64,{base64.b64encode(_png()).decode()}"
        content = [{"type": "text", "text": PROMPT}, {"type": "image_url", "image_url": {"url": image}}]
    return {**model, "messages": [{"role": "user", "content": content}], limit: 1}


def has_items(kind: str, answer: EndpointAnswer) -> bool:
    """Whether an answer has the list that one of its protocol has, with something in it."""
    items = answer.tree.get("data" if kind == "embedding" else "choices")
    return isinstance(items, list) and bool(cast("list[object]", items))


def lacks(kind: str, answer: EndpointAnswer) -> str:
    """What an answer lacks to be one of its protocol, as the end of a sentence; "" when it lacks nothing."""
    field = "data" if kind == "embedding" else "choices"
    items = answer.tree.get(field)
    if not isinstance(items, list) or not items:
        what = answer.headers.get("content-type", "").partition(";")[0].strip() or "something"
        return f"{'JSON' if answer.tree else what} without `{field}`"
    if kind == "completions_logprob":
        first = cast("list[object]", items)[0]
        if not isinstance(first, dict) or not cast("dict[str, object]", first).get("logprobs"):
            return "no log-probabilities, which the task scores by"
    return ""


def _png() -> bytes:
    """A white square."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = (b"\0" + b"\xff" * 3 * _SIDE) * _SIDE
    head = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
