"""Programs outside evaldock that its faces start: the desktop's file manager, a shell in a container."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The best shell that there is; a container always runs one of them if it has any.
_BEST_SHELL = "command -v bash >/dev/null 2>&1 && exec bash || exec sh"


def show_on_desktop(path: Path) -> bool:
    """Show a folder in the desktop's file manager; False where there is no desktop."""
    # On Linux `open` is another program, if it is there at all.
    mac = sys.platform == "darwin"
    opener = "open" if mac else "xdg-open"
    desktop = mac or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not desktop or shutil.which(opener) is None:
        return False
    subprocess.Popen(
        [opener, str(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return True


def shell_command(container: str, *, terminal: bool = True) -> list[str] | None:
    """The command that opens a shell in a container; None where the program `docker` is missing."""
    if shutil.which("docker") is None:
        return None
    return ["docker", "exec", "-it" if terminal else "-i", container, "sh", "-c", _BEST_SHELL]
