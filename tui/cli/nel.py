"""`evaldock nel`: the command lines of nemo-evaluator-launcher, understood as evaldock's own.

`evaldock alias nel` makes a program of it, so that scripts which call `nel` go on.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from .exit_codes import ExitCode
from .rows import plain
from .select import newest

_DRY = frozenset(("-n", "--dry-run", "--dry_run"))
_VERBOSE = ("-v", "--verbose")
_LONG = {"--run-config-file": "--config", "-f": "--config", "--nodry-run": "", "--non": ""}


@click.command(
    add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def command(args: tuple[str, ...]) -> ExitCode:
    """Run a command line of nemo-evaluator-launcher."""
    from .main import cli

    words, folder = without_output(args)
    code: object = cli.main(translated(words), prog_name="evaldock", standalone_mode=False)
    sys.stdout.flush()
    ended = ExitCode(code) if isinstance(code, int) else ExitCode.OK
    if folder and ended is ExitCode.OK and not _DRY & set(words):
        save_config(Path(folder))
    return ended


def without_output(args: Sequence[str]) -> tuple[list[str], str]:
    """The words without `--config-output DIR`, and DIR ("" when it is not given)."""
    words: list[str] = []
    folder = ""
    rest = iter(args)
    for word in rest:
        name, equals, value = _dashed(word).partition("=")
        if name == "--config-output":
            folder = value if equals else next(rest, "")
        else:
            words.append(word)
    return words, folder


def save_config(folder: Path) -> None:
    """Put the config of the newest run into `folder`, as `<invocation>_config.yml`, and say so on stderr."""
    from ...core.results.delivery import write_file

    for target in newest():
        text = target.run.paths.config.read_text(encoding="utf-8", errors="replace")
        path = write_file(folder / f"{target.run.invocation}_config.yml", text)
        click.echo(f"config: {plain(path)}", err=True)


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
