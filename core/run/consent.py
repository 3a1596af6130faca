"""What the user agreed to let a config take along (see `plan.takes`), remembered in the state directory.

An agreement holds for the config's files as they are, and for the very things that were listed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..base.atomic import make_dirs, read_head, write_atomic
from ..base.home import state_dir
from ..config.model import Config

_MOST_BYTES = 4 << 20


def has_consent(config: Config, taken: Iterable[str], env: Mapping[str, str]) -> bool:
    """Whether the user agreed earlier to what this config takes along."""
    return os.path.isfile(_place(config, taken, env))


def give_consent(config: Config, taken: Iterable[str], env: Mapping[str, str]) -> None:
    """Remember that the user agrees. Raises OSError."""
    path = _place(config, taken, env)
    make_dirs(path.parent)
    content = {"config": str(config.sources[0]) if config.sources else "", "taken": list(taken)}
    write_atomic(path, json.dumps(content, indent=1, ensure_ascii=False).encode("utf-8", "replace") + b"\n")


def _place(config: Config, taken: Iterable[str], env: Mapping[str, str]) -> Path:
    digest = hashlib.sha256()
    files = (read_head(path.resolve(), _MOST_BYTES) or b"" for path in config.sources)
    for part in (*files, *(text.encode("utf-8", "replace") for text in taken)):
        digest.update(len(part).to_bytes(8, "big") + part)
    return state_dir(env) / "consent" / f"{digest.hexdigest()}.json"
