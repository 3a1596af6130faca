"""The commands that take something out of the dashboard: to the clipboard, a pager, a folder, a file."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from ..desktop import show_on_desktop
from ..draw.numbers import counted
from .command import Command, Commands

if TYPE_CHECKING:
    from ..screens.run import RunScreen


def takeout_commands(screen: RunScreen) -> Commands:
    """Copy, copy the docker command, open the log, open the folder."""

    def a_task() -> bool:
        return screen.row is not None

    def copy() -> None:
        text = screen.panes.copy_text()
        if not text:
            screen.dashboard.tell("There is nothing to copy here.")
            return
        screen.dashboard.copy_to_clipboard(text)
        lines = text.count("\n") + (not text.endswith("\n"))
        screen.dashboard.tell(f"Copied {counted(lines, 'line')}.")

    def copy_command() -> None:
        from ...core.plan.docker_line import docker_run_line

        if (row := screen.row) is None:
            return
        job = screen.run.job(row.job)
        screen.dashboard.copy_to_clipboard(docker_run_line(job, str(screen.run.paths.root), row.attempt))
        screen.dashboard.tell(f"Copied the docker command of {row.task}; secrets are in it by name only.")

    def open_pager() -> None:
        path = screen.panes.file()
        if path is None or not path.is_file():
            screen.dashboard.tell("There is no file to open yet.")
            return
        screen.outside(lambda: page(path))

    def open_folder() -> None:
        if (row := screen.row) is not None:
            screen.dashboard.tell(show_folder(screen.run.paths.job(row.dir_name).artifacts))

    return {
        "copy": Command(copy, lambda: "copy" if a_task() else ""),
        "copy_command": Command(copy_command, lambda: "copy command" if a_task() else ""),
        "open_pager": Command(open_pager, lambda: f"open {screen.panes.tab.lower()}" if a_task() else ""),
        "open_folder": Command(open_folder, lambda: "open folder" if a_task() else ""),
    }


def page(path: Path) -> str:
    """Open a file in $PAGER, else $EDITOR, else less or more; blocks until it is closed."""
    program = os.environ.get("PAGER") or os.environ.get("EDITOR") or ("less" if shutil.which("less") else "more")
    try:
        done = subprocess.run([*shlex.split(program), str(path)], check=False)
    except (OSError, ValueError) as error:
        return f"{program} cannot be started: {error}."
    return "" if done.returncode in (0, 130) else f"{program} ended with exit code {done.returncode}."


def show_folder(path: Path) -> str:
    """Show a folder on the desktop where there is one; what to tell."""
    return f"Opened {path}" if show_on_desktop(path) else f"The files are in {path}"
