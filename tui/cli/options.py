"""Options that several commands share."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import click

from ...core.base import units

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON to stdout and nothing else.")
nel_option = click.option("--json-nel", "as_nel", is_flag=True, hidden=True, help="What --json=nel is.")


class ShapedCommand(click.Command):
    """A command with `nel_option`: `--json=nel` prints JSON in the shape of nemo-evaluator-launcher."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's."""
        return super().parse_args(ctx, ["--json-nel" if arg == "--json=nel" else arg for arg in args])


no_tui_option = click.option("--no-tui", is_flag=True, help="Report in lines of text instead of the dashboard.")
detach_option = click.option("--detach", is_flag=True, help="Start, print the ids, and return at once.")
env_file_option = click.option(
    "--env-file",
    "env_files",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Read environment variables from a dotenv file (default: .env here); those already set win. Repeatable.",
)

ci_option = click.option(
    "--ci",
    type=click.Choice(("wilson", "cluster", "bootstrap")),
    help="How intervals are made, where the samples are known; by default as fits each figure.",
)


def environment(env_files: tuple[Path, ...]) -> dict[str, str]:
    """The environment for an engine: this process's, and what the env files add; of none, what `.env` here adds."""
    if not env_files:
        from .dotenv import with_default

        return with_default(os.environ)
    from .dotenv import merged

    return merged(os.environ, list(env_files))


def parse_span(text: str) -> timedelta | None:
    """`30m`, `12h`, `7d`, `2w`, `1d12h`, `0`; None for anything else."""
    seconds = 0.0 if text == "0" else units.seconds(text.lower())
    try:
        return None if seconds is None else timedelta(seconds=seconds)
    except OverflowError:
        return None
