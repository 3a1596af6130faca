"""Names of files and directories made from task names, which may be any text."""

from __future__ import annotations

import re

MAX_LENGTH = 64

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_DOTS = re.compile(r"\.{2,}")

# What a run directory holds beside its jobs.
_TAKEN: frozenset[str] = frozenset(
    (
        *("config.yaml", "plan.json", "journal.jsonl", "live.json", "provenance.json", "requests", "cache"),
        *("engine.lock", "engine.log", "engine.pid"),
        *("proxy.json", "proxy.key", "proxy.lock", "proxy.log", "requests-live.json"),
    )
)


def safe_dir_name(task: str) -> str:
    """One path part made from any text: `[A-Za-z0-9._-]`, 1 to 64 characters, no leading dot or dash, no `..`."""
    name = _DOTS.sub(".", _UNSAFE.sub("_", task)).lstrip(".-")[:MAX_LENGTH].rstrip(".")
    return name or "task"


class DirNames:
    """Hands out directory names of one run; no two are the same, even where case does not matter."""

    def __init__(self) -> None:
        self._taken = set(_TAKEN)

    def take(self, task: str, index: int) -> str:
        """`<task>` for the first of a name, `<task>.<index>` for further ones."""
        base = safe_dir_name(task)
        name, suffix = base, f".{index}"
        while name.casefold() in self._taken:
            name = base[: MAX_LENGTH - len(suffix)] + suffix
            suffix += "_"
        self._taken.add(name.casefold())
        return name
