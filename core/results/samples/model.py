"""Samples, as frozen values, and what a reader of them gives."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from ...base.errors import EvaldockError
from ...base.narrow import as_number


@dataclass(frozen=True, slots=True)
class Row:
    """One scored sample without its texts.

    `id` is the same for the same sample in another run; of several rows with one id and label each is a repeat.
    `cluster` names what it shares with others (a prompt, a passage, a subject), "" when it stands alone. `values` are
    its scores by label. `offset` and `size` say where in the table's file it is, in bytes.
    """

    id: str
    values: Mapping[str, float]
    cluster: str = ""
    offset: int = 0
    size: int = 0


@dataclass(frozen=True)
class Texts:
    """What people read of a sample; "" for what the file does not hold. Untrusted, of any length."""

    prompt: str = ""
    answer: str = ""
    extracted: str = ""
    reference: str = ""
    tokens: int | None = None

    @property
    def prompt_hash(self) -> str:
        """What joins it with a request that the proxy saw."""
        return digest(self.prompt.strip())


class Table(Protocol):
    """The samples of one task, in one file."""

    @property
    def file(self) -> str:
        """Relative to the artifacts."""
        ...

    @property
    def task(self) -> str:
        """Whose they are, as `plain` writes it; "" when the file does not say."""
        ...

    def rows(self) -> Iterator[Row]:
        """All of them, in the order of the file; what is damaged is left out. Raises TooLarge."""
        ...

    def texts(self, row: Row) -> Texts:
        """The texts of one of its rows. Raises nothing."""
        ...


class SampleTooLarge(EvaldockError):
    """More than a harness writes: reading stops."""


@functools.lru_cache(maxsize=4096)  # the same few names stand in every line
def plain(name: str) -> str:
    """Lower case, with every run of other characters as one underscore: `strict:prompt-level`, `pass@1`."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def as_score(value: object) -> float | None:
    """What a sample scored: right or wrong as 1 or 0, or a finite number."""
    if isinstance(value, bool):
        return float(value)
    number = as_number(value)
    return None if number is None else float(number)


def digest(value: object) -> str:
    """A short name for a text or a tree."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def shown(value: object) -> str:
    """Any value as text."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
