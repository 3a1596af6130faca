"""`evaldock gate`: whether a run may ship, for people and for CI."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...core.base.errors import EvaldockError, ExitCode
from ...core.base.sanitize import json_text
from .complete import IdType
from .epilog import examples
from .options import json_option
from .rows import plain
from .style import style_of
from .table import Cell, Column, render

if TYPE_CHECKING:
    from ...core.results.gate.decide import Decision
    from ...core.run.store import Run

_COLUMNS = (
    Column("TIER"),
    Column("TASK", least=14),
    Column("RULE"),
    Column("CHECK"),
    Column("FOUND", least=20),
)
_STYLES = {"pass": "succeeded", "fail": "failed", "inconclusive": "invalid"}


class GateProblem(EvaldockError):
    """A gate that could not be asked: 1 and 2 are its answers, so this has a code of its own."""

    exit_code = ExitCode.GATE_USAGE


class _GateCommand(click.Command):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's, but a mistake ends with 64."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            raise GateProblem(error.format_message()) from None


@click.command(
    cls=_GateCommand,
    epilog=examples(
        ("gate policy.yaml 90bc --baseline 3f2a", "may it ship? exit 0 only on GO"),
        ("gate policy.yaml 90bc --baseline 3f2a --md", "for a pull request"),
        ("gate --schema", "the JSON Schema of a policy, for editors"),
    ),
)
@click.argument("policy", type=click.Path(path_type=Path), required=False, metavar="POLICY.yaml")
@click.argument("run_id", type=IdType(jobs=False), required=False, metavar="[RUN]")
@click.option("--baseline", type=IdType(jobs=False), metavar="RUN", help="The run that it is measured against.")
@click.option("--md", is_flag=True, help="Print Markdown.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Also write JUnit XML.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a policy.")
@json_option
def command(
    policy: Path | None,
    run_id: str | None,
    baseline: str | None,
    md: bool,
    junit: Path | None,
    schema: bool,
    as_json: bool,
) -> ExitCode:
    """Hold a run (the newest without RUN) to a policy: GO (exit 0), NO-GO (1) or INCONCLUSIVE (2).

    A drop is ruled out only when the 95 % interval of the difference says so, corrected for the number of tasks in a
    tier. A failed critical rule is NO-GO; one that cannot be decided, or a failed supporting one, is INCONCLUSIVE.
    What cannot be asked ends with 64.
    """
    from ...core.results.gate.forms import gate_junit, gate_markdown

    if schema:
        from ...core.results.gate.policy import policy_schema

        click.echo(json_text(policy_schema(), indent=2))
        return ExitCode.OK
    if policy is None:
        raise GateProblem("Give a policy: evaldock gate POLICY.yaml RUN. `evaldock gate --schema` shows its keys.")
    run, decision = _decided(policy, run_id, baseline)
    title = f"{run.invocation} {run.plan.model_id}" + (f" against {baseline}" if baseline else "")
    if junit is not None:
        from ...core.base.atomic import write_report

        try:
            write_report(junit, gate_junit(decision, title), 0o644)
        except OSError as error:
            raise GateProblem(f"Cannot write {plain(junit)}: {error.strerror}.") from error
    if as_json:
        click.echo(json_text({"run": run.invocation, **decision.to_json()}, indent=2))
    elif md:
        click.echo(gate_markdown(decision, title), nl=False)
    else:
        _print(decision, title)
    return {"GO": ExitCode.OK, "NO-GO": ExitCode.FAILED}.get(decision.outcome.value, ExitCode.INCONCLUSIVE)


def _decided(policy: Path, run_id: str | None, baseline: str | None) -> tuple[Run, Decision]:
    from ...core.results.gate.decide import decide
    from ...core.results.gate.policy import read_policy
    from .select import newest, targets

    try:
        rules = read_policy(policy)
        found = targets([run_id]) if run_id else newest()
        if not found:
            raise GateProblem("There are no runs yet. Start one: evaldock run PATH.yaml")
        run = found[0].run
        against = targets([baseline])[0].run if baseline else None
        if against is None and any(rule.needs_baseline for rule in rules):
            raise GateProblem("The policy speaks of a baseline: name it with --baseline RUN.")
        return run, decide(rules, run, against)
    except EvaldockError as error:
        raise GateProblem(str(error)) from error


def _print(decision: Decision, title: str) -> None:
    style = style_of(sys.stdout)
    rows = [
        [
            Cell(check.tier.value, "dim"),
            Cell(plain(check.task)),
            Cell(check.rule),
            Cell(check.passed.value, _STYLES[check.passed.value]),
            Cell(plain(check.why)),
        ]
        for check in decision.checks
    ]
    for line in render(_COLUMNS, rows, style):
        click.echo(line)
    word = decision.outcome.value
    colour = {"GO": "succeeded", "NO-GO": "failed"}.get(word, "invalid")
    click.echo(f"{style.paint(word, colour)}  {plain(title)}")
