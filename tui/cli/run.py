"""`evaldock run`: from a config to finished jobs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .complete import TaskType
from .exit_codes import ExitCode
from .options import detach_option, env_file_option, environment, json_option, no_tui_option

if TYPE_CHECKING:
    from ...core.config.model import Config
    from ...core.plan.spec import Plan

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("path", required=False, type=_FILE)
@click.option("-d", "--config-dir", type=_FILE, help="Directory with config files.")
@click.option("-c", "--config-name", help="Name of a config in --config-dir, without .yaml.")
@click.option("--config", "config_path", type=_FILE, help="A config file; the same as giving PATH.")
@click.option("-o", "--override", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a value. Repeatable.")
@click.option("-t", "--tasks", "only", multiple=True, type=TaskType(), help="Run only this task. Repeatable.")
@click.option("-n", "--dry-run", is_flag=True, help="Show what would run; start and write nothing.")
@env_file_option
@no_tui_option
@json_option
@detach_option
def command(
    path: Path | None,
    config_dir: Path | None,
    config_name: str | None,
    config_path: Path | None,
    overrides: tuple[str, ...],
    only: tuple[str, ...],
    dry_run: bool,
    env_files: tuple[Path, ...],
    no_tui: bool,
    as_json: bool,
    detach: bool,
) -> ExitCode:
    """Run the tasks of a config.

    Give the config as PATH, or as --config-dir and --config-name. Ctrl-C stops the tasks, a second one kills
    them. The exit code is 0 only when every task succeeded.
    """
    if path is not None and config_path is not None:
        raise click.UsageError("Give the config once: as PATH or with --config.")
    chosen = path or config_path
    if chosen is None and config_dir is None and config_name is None:
        raise click.UsageError("Which config? `evaldock run PATH.yaml`, or --config-dir DIR --config-name NAME.")
    if chosen is not None and (config_dir is not None or config_name is not None):
        raise click.UsageError("A config file and --config-dir / --config-name exclude each other.")
    env = environment(env_files)
    config, plan = _prepare(chosen, config_dir, config_name, overrides, only, env)
    if dry_run:
        return _dry_run(config, plan, env, as_json=as_json)
    _tell_warnings(config, plan)
    return _start(config, plan, env, as_json=as_json, detach=detach)


def _prepare(
    path: Path | None,
    config_dir: Path | None,
    config_name: str | None,
    overrides: tuple[str, ...],
    only: tuple[str, ...],
    env: dict[str, str],
) -> tuple[Config, Plan]:
    from secrets import token_hex

    from ...core.catalog.load import load_catalog
    from ...core.config.load import load_config
    from ...core.plan.make import make_plan

    config = load_config(path=path, config_dir=config_dir, config_name=config_name, overrides=overrides, env=env)
    return config, make_plan(config, load_catalog(), invocation=token_hex(4), only=only)


def _dry_run(config: Config, plan: Plan, env: dict[str, str], *, as_json: bool) -> ExitCode:
    if as_json:
        import json

        from ...core.plan.codec import plan_to_json

        click.echo(json.dumps(plan_to_json(plan), ensure_ascii=False))
        return ExitCode.OK
    from ...core.plan.render import render_plan

    click.echo(render_plan(config, plan, env), nl=False)
    return ExitCode.OK


def _tell_warnings(config: Config, plan: Plan) -> None:
    from . import rows

    for warning in [*map(str, config.warnings), *plan.warnings]:
        click.echo(f"evaldock: warning: {rows.plain(warning)}", err=True)


def _start(config: Config, plan: Plan, env: dict[str, str], *, as_json: bool, detach: bool) -> ExitCode:
    from ...core.run.layout import create_run
    from ...core.run.store import Run
    from . import launch

    launch.refuse_missing_env(plan, env)
    executor = launch.checked_executor()
    run = Run.open(create_run(plan, config.tree, now=datetime.now(UTC)).root)
    if detach:
        return launch.run_detached(run, env, as_json=as_json)
    return launch.run_here(run, env, executor, as_json=as_json)
