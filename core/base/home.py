"""Where the user is at home."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def home_dir(env: Mapping[str, str] | None = None) -> Path:
    """The home directory: `$HOME` of `env` (default: this process's), else what the system knows.

    A user whom the system does not know, as in many containers, lives at `/`, as Docker has it.
    """
    found = (os.environ if env is None else env).get("HOME") or os.path.expanduser("~")
    return Path(found if os.path.isabs(found) else "/")
