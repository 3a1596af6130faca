"""`evaldock demo`: the quickstart, for those who installed the package."""

from __future__ import annotations

import os
import sys
from importlib.resources import files
from pathlib import Path

import click

from .epilog import examples
from .errors import Failure

_SCRIPT = "quickstart.sh"


@click.command(
    context_settings={"ignore_unknown_options": True},
    epilog=examples(
        ("demo", "a real model; takes some minutes"), ("demo --control", "known answers: every score must be 1.0")
    ),
)
@click.option("--control", is_flag=True, help="Replay known answers instead of a model: every score must be 1.0.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def command(control: bool, options: tuple[str, ...]) -> None:
    """Run IFBench, HumanEval and GSM8K on SmolLM2-135M in containers on this machine.

    Sets up what is missing, and says so: Docker Engine (as root on Debian or Ubuntu), three harness images, a model
    server. The results go to ./quickstart_results. OPTIONS are those of `evaldock run`.
    """
    script = Path(str(files("evaldock.examples") / _SCRIPT))
    if not script.is_file():
        raise Failure(f"{script} is missing from this installation of evaldock; install the package again.")
    arguments = ["--control", *options] if control else [*options]
    os.environ["EVALDOCK_PYTHON"] = sys.executable
    # The script takes this process's place, so that signals and the terminal are its own.
    try:
        os.execvp("sh", ["sh", str(script), *arguments])
    except OSError as error:
        raise Failure(f"Cannot run {script}: {error.strerror}.") from error
