"""Where the user is at home, and where programs keep what is theirs there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal


def home_dir(env: Mapping[str, str] | None = None) -> Path:
    """The home directory: `$HOME` of `env` (default: this process's), else what the system knows.

    A user whom the system does not know, as in many containers, lives at `/`, as Docker has it.
    """
    found = (os.environ if env is None else env).get("HOME") or os.path.expanduser("~")
    return Path(found if os.path.isabs(found) else "/")


_FOLDERS = {"config": ".config", "data": ".local/share", "state": ".local/state"}


def xdg_dir(kind: Literal["config", "data", "state"], env: Mapping[str, str] | None = None) -> Path:
    """`$XDG_CONFIG_HOME` and the like, by default the usual place under the home directory.

    platformdirs reads this process's environment alone, and a run has one of its own.
    """
    named = (os.environ if env is None else env).get(f"XDG_{kind.upper()}_HOME", "")
    # The XDG rules say that a relative path there is to be ignored.
    return Path(named) if os.path.isabs(named) else home_dir(env) / _FOLDERS[kind]


def state_dir(env: Mapping[str, str] | None = None) -> Path:
    """Where evaldock keeps its state: `$XDG_STATE_HOME/evaldock`, by default `~/.local/state/evaldock`."""
    return xdg_dir("state", env) / "evaldock"
