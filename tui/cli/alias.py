"""`evaldock alias`: a program under another name that takes the command lines of nemo-evaluator-launcher."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import click

from ...core.base.atomic import write_atomic
from ...core.base.home import home_dir
from .epilog import examples
from .errors import UsageProblem
from .rows import plain

_MARK = "# Made by `evaldock alias`."


@click.command(epilog=examples(("alias nel", "so that scripts which call nel go on")))
@click.argument("name", type=click.Choice(["nel", "nemo-evaluator-launcher", "nv-eval"]))
@click.option("--dir", "folder", type=click.Path(path_type=Path, file_okay=False), help="Default: ~/.local/bin.")
def command(name: str, folder: Path | None) -> None:
    """Write a program NAME that takes the launcher's own command lines, and print where it is."""
    path = (folder or home_dir() / ".local" / "bin") / name
    if os.path.lexists(path) and not _is_ours(path):
        raise UsageProblem(f"{plain(path)} is there already and is another program; choose another --dir.")
    beside = Path(sys.executable).with_name("evaldock")
    start = shlex.quote(str(beside) if beside.is_file() else os.path.abspath(sys.argv[0]))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, f'#!/bin/sh\n{_MARK}\nexec {start} nel "$@"\n'.encode(), mode=0o755)
    click.echo(plain(path))
    if str(path.parent) not in os.environ.get("PATH", "").split(os.pathsep):
        click.echo(f"Add it to the PATH: export PATH={plain(path.parent)}:$PATH", err=True)


def _is_ours(path: Path) -> bool:
    try:
        return path.is_file() and _MARK.encode() in path.read_bytes()[:200]
    except OSError:
        return False
