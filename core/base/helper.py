"""Starting programs of our own (`python -m evaldock...`, pip) beside whatever lies in the current directory.

`python -m` imports from the current directory first: in a directory that was downloaded, a `json.py` would run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

NEUTRAL = "/"
"""The directory that they work in."""

# What Python and the programs need to be found and to find their way; nothing here is a key.
_KEPT = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TZ", "LANG", "LANGUAGE", "TMPDIR", "TEMP", "TMP", "VIRTUAL_ENV")
_KEPT_PREFIXES = ("LC_", "PYTHON", "LD_LIBRARY_", "DYLD_", "XDG_")


def helper_command(module: str, *arguments: str) -> list[str]:
    """What runs a module of this Python without looking for code in the current directory (`-P`)."""
    return [sys.executable, "-P", "-m", module, *arguments]


def helper_env(env: Mapping[str, str] | None = None, also: Sequence[str] = ()) -> dict[str, str]:
    """Of `env` (default: this process's) what a helper needs, by name; no key is among it.

    `also` are beginnings of further names, in any case.
    """
    beginnings = (*_KEPT_PREFIXES, *also)
    return {
        name: value
        for name, value in (os.environ if env is None else env).items()
        if name in _KEPT or name.upper().startswith(beginnings)
    }
