"""`evaldock run`: compose, plan, check, run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...core.base.sanitize import json_text
from .chosen import Chosen, config_options
from .consent import ask_consent, trust_option
from .epilog import examples
from .errors import report
from .exit_codes import ExitCode
from .face import Face, face_for
from .look import look_options
from .options import detach_option, json_option, no_tui_option

if TYPE_CHECKING:
    from ...core.config.model import Config
    from ...core.plan.spec import Plan


@click.command(
    epilog=examples(
        ("run nightly.yaml", "in the dashboard, or in lines without a terminal"),
        ("run nightly.yaml --dry-run", "what would run; nothing is started"),
        ("run nightly.yaml -t ifeval -o target.api_endpoint.model_id=other", "one task, another model"),
        ("run nightly.yaml --no-tui --json", "for CI: one JSON object a line"),
        ("run --config-dir examples --config-name local_llama_3_1_8b_instruct", "a config by its name"),
    )
)
@config_options
@click.option("-n", "--dry-run", is_flag=True, help="Show what would run; start and write nothing.")
@click.option("--watch", is_flag=True, help="With --dry-run: show it again whenever the config is saved.")
@trust_option
@click.option("--no-check", is_flag=True, help="Start even if the endpoint refuses requests.")
@no_tui_option
@json_option
@detach_option
@look_options
def command(
    chosen: Chosen,
    dry_run: bool,
    watch: bool,
    trust: bool,
    no_check: bool,
    no_tui: bool,
    as_json: bool,
    detach: bool,
) -> ExitCode:
    """Run the tasks of a config.

    Give CONFIG as a path, or as --config-dir and --config-name. On a terminal it opens the dashboard; with --no-tui,
    in a pipe, or where CI is set, it reports in lines; there Ctrl-C stops the tasks, and a second one kills them. The
    exit code is 0 only when every task succeeded. A run does not start when its endpoint is closed, rejects the key,
    or does not know the model or path; `evaldock check CONFIG` says more.
    """
    if watch:
        return _watched(chosen.required("run"), dry_run=dry_run, as_json=as_json)
    config, plan = chosen.required("run").plan()
    if dry_run:
        return _dry_run(config, plan, chosen.env, as_json=as_json)
    face = face_for(no_tui=no_tui, as_json=as_json, detach=detach)
    ask_consent(config, plan, chosen.env, trust=trust, ask=not as_json)
    return _start(config, plan, chosen.env, face, check=not no_check)


def _watched(chosen: Chosen, *, dry_run: bool, as_json: bool) -> ExitCode:
    from .watching import show_on_save

    if not dry_run or as_json:
        raise click.UsageError("--watch goes with --dry-run and without --json.")
    files = [chosen.file]

    def show() -> list[Path]:
        try:
            config, plan = chosen.plan()
            _dry_run(config, plan, chosen.env, as_json=False)
            files[:] = config.sources
        except Exception as error:  # noqa: BLE001 - a mistake is shown like any other, until the next save
            report(error)
        return files

    show_on_save(show)
    return ExitCode.OK


def _dry_run(config: Config, plan: Plan, env: dict[str, str], *, as_json: bool) -> ExitCode:
    if as_json:
        from ...core.plan.codec import plan_to_json
        from ...core.plan.mask import masked_plan

        click.echo(json_text(masked_plan(plan_to_json(plan))))
        return ExitCode.OK
    from ...core.plan.render import render_plan
    from ...core.run.history import past_of

    click.echo(render_plan(config, plan, env, past=past_of(plan, env)), nl=False)
    return ExitCode.OK


def _start(config: Config, plan: Plan, env: dict[str, str], face: Face, *, check: bool) -> ExitCode:
    from . import launch, rows

    warnings = [rows.plain(text) for text in (*map(str, config.warnings), *plan.warnings)]
    for warning in warnings:
        click.echo(f"evaldock: warning: {warning}", err=True)
    return launch.start_new(plan, config.tree, env, face, check=check, sources=config.sources, told=warnings)
