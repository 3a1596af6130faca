"""What a container may ask the endpoint for in its job's name: operations, models, headers.

The key that goes out with a request may be good for more than an evaluation needs: deleting files, starting a training,
another organization's bill. So only what harnesses do is let through; `target.api_endpoint.allow` lets more through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from urllib.parse import unquote_to_bytes

from .exchange import readable

_CHAT = ("POST chat/completions", "POST responses", "POST messages")
_TEXT = ("POST completions",)
_VECTORS = ("POST embeddings",)
_OF_TYPE = {
    "chat": _CHAT,
    "vlm": _CHAT,
    "completions": _TEXT,
    "completions_logprob": _TEXT,
    "embedding": _VECTORS,
}
_ALL = (*_CHAT, *_TEXT, *_VECTORS)
_ALWAYS = ("GET models", "GET models/*", "POST tokenize", "POST detokenize")
_ASKING_ABOUT = ("HEAD", "OPTIONS")
_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"))

_HEADERS = frozenset(
    (
        *("accept", "accept-language", "content-type", "user-agent", "x-request-id", "idempotency-key"),
        *("openai-beta", "anthropic-version", "anthropic-beta"),
    )
)
NEUTRAL = frozenset(("accept", "accept-language", "content-type", "user-agent", "x-request-id", "idempotency-key"))
"""Headers that change nothing about what is answered."""

_PATH = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,=:@/%\[\]]*")
_TWICE = re.compile(rb"%[0-9a-fA-F]{2}")
_BAD_BYTES = re.compile(rb"[\x00-\x1f\x7f\\;?#]")


@dataclass(frozen=True)
class Allowed:
    """What one job may ask. `operations` are `METHOD path`, the path below `base`, `*` for any part of it.

    `models` are names, and `headers` lower-case names; `*` alone stands for all.
    """

    base: str
    operations: tuple[str, ...]
    models: frozenset[str] = frozenset()
    headers: frozenset[str] = _HEADERS

    @cached_property
    def _written(self) -> tuple[bytes, ...]:
        """How bodies usually say that they are for one of the models."""
        names = [json.dumps(name, ensure_ascii=False).encode("utf-8", "replace") for name in sorted(self.models)]
        return tuple(b'"model":%s%s' % (space, name) for name in names for space in (b" ", b""))

    @classmethod
    def of(cls, path: str, base: str, kind: str, models: Sequence[str], more: Mapping[str, Sequence[str]]) -> Allowed:
        """What a job may whose endpoint has `path` and `base` in its URL and is of `kind`; `more` is opened besides.

        Where `more` has no `models`, any may be asked; else those and `models`.
        """
        own = path.rstrip("/").removeprefix(base).strip("/")
        operations = (*_OF_TYPE.get(kind, _ALL), *_ALWAYS, f"POST {own}", *more.get("operations", ()))
        # Harnesses call a model by names of their own, so only who lists models limits a job to them.
        listed = more.get("models", ())
        named = frozenset((*models, *listed)) if listed else frozenset("*")
        return cls(base, operations, named, _HEADERS | {name.lower() for name in more.get("headers", ())})

    def operation(self, method: str, path: str) -> bool:
        """Whether a request with this method and raw path may go on."""
        if method not in _METHODS or not plain_path(path, self.base):
            return False
        if "*" in self.operations:
            return True
        asked = unquote_to_bytes(path.removeprefix(self.base)).decode("utf-8", "replace").strip("/")
        methods = ("GET", "POST") if method in _ASKING_ABOUT else (method,)
        return any(fnmatchcase(f"{one} {asked}", known) for one in methods for known in self.operations)

    def model(self, body: bytes) -> str | None:
        """The name of a model that may not be asked, None when nothing is wrong. `body` is a request's."""
        if "*" in self.models:
            return None
        escaped = b"\\" in body and b"\\u006" in body
        if not escaped and body.count(b'"model"') == 1 and any(form in body for form in self._written):
            return None
        return next((str(name) for name in _models_in(body) if str(name) not in self.models), None)

    def sent(self, headers: dict[str, str]) -> dict[str, str]:
        """Those of a request's headers that go on."""
        if "*" in self.headers:
            return headers
        return {name: value for name, value in headers.items() if name in self.headers}


def _models_in(body: bytes) -> list[object]:
    """Each value of `model` at the top of a JSON object: of two keys of one name servers take the one or the other."""
    outer: list[tuple[str, object]] = []

    def note(pairs: list[tuple[str, object]]) -> None:
        nonlocal outer
        outer = pairs

    if not readable(body):
        return ["(in a body that is too large to be read)"]
    try:
        json.loads(body, object_pairs_hook=note)
    except (ValueError, RecursionError):
        return []
    return [value for name, value in outer if name == "model"]


def plain_path(path: str, base: str) -> bool:
    """Whether a raw request path lies below `base` for every server, however it undoes escapes and dots."""
    if not (path == base or path.startswith(base + "/")) or not _PATH.fullmatch(path):
        return False
    once = unquote_to_bytes(path)
    if _TWICE.search(once) or _BAD_BYTES.search(once):
        return False
    try:
        segments = once.decode("utf-8").split("/")
    except UnicodeDecodeError:
        return False
    return not any(segment.strip(" .") == "" and segment.startswith(".") for segment in segments)
