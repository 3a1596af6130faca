"""`evaldock completion`: the script that makes a shell complete commands, options, tasks and ids."""

from __future__ import annotations

import click

_PLACES = {
    "bash": 'eval "$(evaldock completion bash)"    # in ~/.bashrc',
    "zsh": 'eval "$(evaldock completion zsh)"    # in ~/.zshrc',
    "fish": "evaldock completion fish > ~/.config/fish/completions/evaldock.fish",
}


@click.command(epilog="\b\n" + "\n".join(_PLACES.values()))
@click.argument("shell", type=click.Choice(tuple(_PLACES)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of SHELL."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"click knows no completion for {shell}.")
    click.echo(found(ctx.find_root().command, {}, "evaldock", "_EVALDOCK_COMPLETE").source())
