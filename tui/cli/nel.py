"""`evaldock nel`: the command lines of nemo-evaluator-launcher, understood as evaldock's own.

`evaldock alias nel` makes a program of it, so that scripts which call `nel` go on.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from .exit_codes import ExitCode

_VERBOSE = ("-v", "--verbose")
_LONG = {"--run-config-file": "--config", "-f": "--config", "--nodry-run": "", "--non": ""}


@click.command(
    add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def command(args: tuple[str, ...]) -> ExitCode:
    """Run a command line of nemo-evaluator-launcher."""
    from .main import cli

    code: object = cli.main(translated(args), prog_name="evaldock", standalone_mode=False)
    sys.stdout.flush()
    return ExitCode(code) if isinstance(code, int) else ExitCode.OK


def translated(args: Sequence[str]) -> list[str]:
    """The words of a launcher's command line as evaldock's."""
    words = [word for word in map(_dashed, args) if word not in _VERBOSE]
    command = words[0] if words else ""
    if command == "run":
        return _run(words)
    if command == "logs":
        # The launcher shows the last lines of all jobs and follows them.
        return [*words, "--follow", "--tail", "15"]
    if command == "export":
        return words if "--dest" in _names(words) else [*words, "--dest", "local"]
    shaped = command == "status" or (command == "ls" and not {"task", "runs"} & set(words[:2]))
    if shaped:
        return ["--json=nel" if word == "--json" else word for word in words]
    return words


def _run(words: list[str]) -> list[str]:
    found: list[str] = []
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if name == "--config-mode":
            value = value if equals else next(rest, "")
            if value not in ("hydra", "raw"):
                raise click.UsageError(f"--config-mode is hydra or raw, not '{value}'.")
        elif name in _LONG:
            found += [_LONG[name] + equals + value] if _LONG[name] else []
        else:
            found.append(word)
    # It returns when the run has been started.
    return found if {"-n", "--dry-run", "--detach"} & set(found) else [*found, "--detach"]


def _names(words: Sequence[str]) -> set[str]:
    return {word.partition("=")[0] for word in words}


def _dashed(word: str) -> str:
    """A long option with dashes where the launcher also takes underscores."""
    name, equals, value = word.partition("=")
    return name.replace("_", "-") + equals + value if name.startswith("--") else word
