"""`evaldock check`: what would go wrong, before it does."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ...core.base.sanitize import json_text
from .chosen import Chosen, config_options
from .consent import ask_consent, trust_option
from .epilog import examples
from .exit_codes import ExitCode
from .options import json_option
from .rows import plain
from .style import Style, style_of

if TYPE_CHECKING:
    from ...core.preflight.model import Check

_MARKS = {"ok": "succeeded", "warn": "invalid", "fail": "failed", "skipped": "skipped"}
_NAME = 11


@click.command(
    epilog=examples(
        ("check", "Docker and this machine"),
        ("check nightly.yaml", "and images, keys, endpoint, a container's way there"),
    )
)
@config_options
@trust_option
@json_option
def command(chosen: Chosen, trust: bool, as_json: bool) -> ExitCode:
    """Check what a config needs, and explain how to fix what is missing.

    Docker, images, disk space, variables, the endpoint (reachable, key, model, protocol, speed), the clock, and
    whether a container reaches the endpoint. Without CONFIG only this machine. Starts no task; sends the endpoint one
    request for one token. Exit code: 1 when a check fails, 2 for a wrong config, 3 when Docker is not available.
    """
    from ...core.preflight.checks import run_checks
    from ...core.preflight.model import Check

    plan, first = None, []
    if chosen.any:
        config, plan = chosen.plan()
        # The endpoint is sent what the config says.
        ask_consent(config, plan, chosen.env, trust=trust, ask=not as_json)
        warnings = [*map(str, config.warnings), *plan.warnings]
        first = [Check("config", "warn", text) for text in warnings] or [_about(len(plan.jobs))]
    style = style_of(sys.stdout)
    shown = _Shown(style, as_json=as_json)
    for check in first:
        shown.add(check)
    found = [*first, *run_checks(plan, chosen.env, on_check=shown.add, in_order=True)]
    if as_json:
        click.echo(json_text([check.to_json() for check in found], indent=2))
    else:
        click.echo(_summary(found))
    return exit_code(found)


def exit_code(checks: Sequence[Check]) -> ExitCode:
    """Docker's absence has a code of its own; it is told even when more is wrong."""
    failed = [check.name for check in checks if check.state == "fail"]
    if "docker" in failed:
        return ExitCode.DOCKER
    return ExitCode.FAILED if failed else ExitCode.OK


def lines_of(check: Check, style: Style) -> list[str]:
    """One line, and one with the remedy where there is one."""
    mark = style.paint(style.glyph(_MARKS[check.state]), _MARKS[check.state])
    lines = [f"{mark} {check.name.ljust(_NAME)}  {plain(check.text)}"]
    if check.remedy and check.state in ("fail", "warn"):
        lines.append(f"  {' ' * _NAME}  {style.paint(plain(check.remedy), 'dim')}")
    return lines


class _Shown:
    """Prints checks as they come."""

    def __init__(self, style: Style, *, as_json: bool) -> None:
        self._style = style
        self._quiet = as_json

    def add(self, check: Check) -> None:
        """Print one."""
        if not self._quiet:
            click.echo("\n".join(lines_of(check, self._style)))


def _about(jobs: int) -> Check:
    from ...core.preflight.model import Check

    return Check("config", "ok", f"valid, {jobs} {'task' if jobs == 1 else 'tasks'}")


def _summary(checks: Sequence[Check]) -> str:
    counted = [sum(check.state == state for check in checks) for state in ("fail", "warn", "skipped")]
    failed, warned, skipped = counted
    words = [f"{failed} failed"] if failed else ["ready to run"]
    words += [f"{warned} to look at"] if warned else []
    words += [f"{skipped} skipped"] if skipped else []
    return "\n" + ", ".join(words) + "."
