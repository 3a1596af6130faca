"""`<output_dir>/<task>`: links to a task's directory in the newest run, so that its log has a path that stays."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from .pointers import RUN_DIR


def is_ours(link: Path) -> bool:
    """Whether a symbolic link leads to a task of its own name in a run beside it, as only evaldock's do."""
    parts = Path(os.readlink(link)).parts
    return len(parts) == 2 and RUN_DIR.fullmatch(parts[0]) is not None and parts[1] == link.name


def link_job(output: Path, run_name: str, dir_name: str) -> None:
    """Let `<output>/<dir_name>` lead into the run `run_name`; a file that is not ours is left alone."""
    link = output / dir_name
    if os.path.lexists(link) and not (link.is_symlink() and is_ours(link)):
        return
    temp = output / f".{dir_name}.{os.urandom(4).hex()}.tmp"
    try:
        os.symlink(Path(run_name) / dir_name, temp)
        os.replace(temp, link)
    except OSError:
        # File systems without links, or a directory that came up meanwhile: the run stands without the link.
        with contextlib.suppress(OSError):
            temp.unlink()


def relink(gone: Path) -> None:
    """After the run `gone` was removed: let its links lead to the newest run that has the task, or remove them."""
    output = gone.parent
    try:
        names = os.listdir(output)
    except OSError:
        return
    runs = sorted((name for name in names if RUN_DIR.fullmatch(name)), reverse=True)
    for name in names:
        link = output / name
        with contextlib.suppress(OSError):
            if not link.is_symlink() or Path(os.readlink(link)).parts != (gone.name, name):
                continue
            newest = next((run for run in runs if (output / run / name).is_dir()), None)
            if newest is None:
                link.unlink()
            else:
                link_job(output, newest, name)
