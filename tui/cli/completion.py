"""`evaldock completion`: makes a shell complete commands, options, tasks and ids."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click

from .epilog import examples
from .errors import Failure, UsageProblem
from .rows import plain

_SHELLS = ("bash", "zsh", "fish")
_RC = {"bash": ".bashrc", "zsh": ".zshrc"}
# Without it, zsh does not know the command with which a completion is registered.
_ZSH_HEAD = "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }\n"


@click.command(
    epilog=examples(
        ("completion --install", "for your shell, once and for all"),
        ("completion zsh", "the script, to be put elsewhere"),
    )
)
@click.argument("shell", type=click.Choice(_SHELLS), required=False)
@click.option("--install", is_flag=True, help="Write the script where SHELL finds it whenever it starts.")
@click.pass_context
def command(ctx: click.Context, shell: str | None, install: bool) -> None:
    """Print or install the completion script of SHELL (default: the shell that $SHELL names)."""
    shell = shell or _own_shell()
    script = _script(ctx, shell)
    if not install:
        click.echo(script, nl=False)
        return
    try:
        for path in _install(shell, script):
            click.echo(plain(path))
    except OSError as error:
        raise Failure(f"{plain(error.filename)} cannot be written: {error.strerror}.") from error
    click.echo(f"Start a new {shell}, then press tab after `evaldock `.", err=True)


def _own_shell() -> str:
    name = Path(os.environ.get("SHELL", "")).name
    if name not in _SHELLS:
        raise UsageProblem(f"Which shell? One of: {', '.join(_SHELLS)}.")
    return name


def _script(ctx: click.Context, shell: str) -> str:
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None, shell
    script = found(ctx.find_root().command, {}, "evaldock", "_EVALDOCK_COMPLETE").source()
    return (_ZSH_HEAD if shell == "zsh" else "") + script.rstrip() + "\n"


def _install(shell: str, script: str) -> list[Path]:
    """The files that were written: the script, and the shell's own start-up file when it did not load the script."""
    from ...core.base.home import home_dir, xdg_dir

    if shell == "fish":
        path = xdg_dir("config") / "fish" / "completions" / "evaldock.fish"
        _write(path, script)
        return [path]
    path = xdg_dir("data") / "evaldock" / f"completion.{shell}"
    _write(path, script)
    start = Path(os.environ.get("ZDOTDIR") or home_dir()) / _RC[shell] if shell == "zsh" else home_dir() / _RC[shell]
    before = start.read_text("utf-8", "surrogateescape") if start.exists() else ""
    name = shlex.quote(str(path))
    line = f"[ -r {name} ] && . {name}  # completion of evaldock\n"
    if line in before:
        return [path]
    with start.open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.write(line if not before or before.endswith("\n") else "\n" + line)
    return [path, start]


def _write(path: Path, text: str) -> None:
    from ...core.base.atomic import write_atomic

    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, text.encode(), mode=0o644)
