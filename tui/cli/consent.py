"""Asking once whether a config may take along what it takes along besides what it is for."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from .errors import UsageProblem

if TYPE_CHECKING:
    from ...core.config.model import Config
    from ...core.plan.spec import Plan


trust_option = click.option(
    "--trust", is_flag=True, help="Agree to what the config takes along besides; see run --dry-run."
)


def ask_consent(config: Config, plan: Plan, env: Mapping[str, str], *, trust: bool, ask: bool) -> None:
    """Returns when the user agrees, now or earlier, or there is nothing to ask. Raises UsageProblem.

    `trust`: agreed on the command line. `ask`: where a terminal is there to answer.
    """
    from ...core.plan.takes import taken_along
    from ...core.run.consent import give_consent, has_consent
    from .rows import plain

    taken = taken_along(config, plan, env)
    if not taken or has_consent(config, taken, env):
        return
    listed = "\n".join(f"  - {plain(text)}" for text in taken)
    about = f"This config takes along more than its endpoint and its env_vars:\n{listed}"
    if not trust:
        if not (ask and sys.stdin.isatty() and sys.stderr.isatty()):
            raise UsageProblem(f"{about}\nRead it (evaldock run --dry-run shows all of it), then agree once: --trust")
        click.echo(about, err=True)
        if not click.confirm("Agree, for this config as it is now?", err=True):
            raise UsageProblem("Nothing was started.")
    try:
        give_consent(config, taken, env)
    except OSError as error:
        click.echo(f"evaldock: warning: the agreement cannot be remembered: {error.strerror}", err=True)
