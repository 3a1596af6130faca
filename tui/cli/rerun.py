"""`evaldock rerun`: run jobs again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...core.base.sanitize import json_text
from .complete import IdType
from .epilog import examples
from .errors import UsageProblem
from .exit_codes import BAD_STATES, TERMINAL_STATES, ExitCode
from .face import face_for
from .look import look_options
from .options import detach_option, env_file_option, environment, json_option, no_tui_option
from .select import Target, rows_of, targets

if TYPE_CHECKING:
    from ...core.control.rerun import Reruns


@click.command(
    epilog=examples(
        ("rerun 3f2a --failed", "what did not succeed"),
        ("rerun 3f2a.0 -o config.params.temperature=0", "one job with another setting"),
        ("rerun --exact 3f2a", "all of it, on the very images that ran"),
    )
)
@click.argument("ids", nargs=-1, required=True, type=IdType(), metavar="ID...")
@click.option("--failed", is_flag=True, help="Of the jobs named, only those that failed, were killed or lost.")
@click.option("-o", "--override", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a value. Repeatable.")
@click.option("--exact", is_flag=True, help="Repeat a whole run as a new run, with exactly the same images.")
@click.option("-n", "--dry-run", is_flag=True, help="Show what would run and what changes; start nothing.")
@click.option("--no-check", is_flag=True, help="Start even if the endpoint refuses requests.")
@env_file_option
@no_tui_option
@json_option
@detach_option
@look_options
def command(
    ids: tuple[str, ...],
    failed: bool,
    overrides: tuple[str, ...],
    exact: bool,
    dry_run: bool,
    no_check: bool,
    env_files: tuple[Path, ...],
    no_tui: bool,
    as_json: bool,
    detach: bool,
) -> ExitCode:
    """Rerun jobs: the jobs named, or all jobs of a run that failed, were killed or lost.

    The new attempt uses the environment of this shell. Files of earlier attempts stay in attempts/. Give job ids of
    one run, or --detach.

    With -o the new attempt runs with a changed config (-o execution.timeout=2h); later attempts keep that change.

    With --exact a run is done again as a new run: the same specs, changes by -o included, and each image pinned as
    its provenance.json says.
    """
    from ...core.control.start import require_env
    from . import launch

    if exact:
        if failed or overrides or len(ids) > 1:
            raise UsageProblem("--exact takes one run as it was: leave out --failed, -o and other ids.")
        from .replay import replay

        face = face_for(no_tui=no_tui, as_json=as_json, detach=detach)
        return replay(targets(ids)[0], environment(env_files), face, dry_run=dry_run, check=not no_check)
    chosen = [(target, jobs) for target in targets(ids) if (jobs := _jobs(target, failed=failed))]
    if not chosen:
        click.echo("Nothing to rerun: every job has succeeded. To rerun one anyway, name it.", err=True)
        return ExitCode.OK
    if len(chosen) > 1 and not detach and not dry_run:
        raise UsageProblem("These ids belong to several runs. Rerun one at a time, or add --detach.")
    env = environment(env_files)
    planned = [(target, _plan(target, jobs, overrides, env)) for target, jobs in chosen]
    if dry_run:
        return _dry_run(planned, env, as_json=as_json)
    # An engine that works on the run already has its own environment, and an endpoint that answers or does not.
    idle = [reruns.plan for target, reruns in planned if target.run.engine_alive() is None]
    for plan in idle:
        require_env(plan, env)
    early = [] if no_check else [launch.early_look(plan, env) for plan in idle]
    face = face_for(no_tui=no_tui, as_json=as_json, detach=detach)
    executor = launch.executor_for(face)
    for look in early:
        launch.refuse_bad_endpoint(look)
    code = ExitCode.OK
    for target, reruns in planned:
        code = max(code, launch.rerun(target.run, reruns, env, face, executor))
    return code


def _plan(target: Target, jobs: tuple[str, ...], overrides: tuple[str, ...], env: dict[str, str]) -> Reruns:
    from ...core.control.rerun import plan_reruns

    reruns = plan_reruns(target.run, jobs, overrides, env=env)
    if overrides and not any(item.changes for item in reruns.jobs):
        click.echo("evaldock: warning: these overrides change nothing in what is run again", err=True)
    return reruns


def _dry_run(planned: list[tuple[Target, Reruns]], env: dict[str, str], *, as_json: bool) -> ExitCode:
    if as_json:
        from ...core.plan.codec import job_to_json

        jobs = [
            {
                "job": item.job,
                "attempt": item.attempt,
                "changes": [vars(change) for change in item.changes],
                "spec": job_to_json(item.spec),
            }
            for _, reruns in planned
            for item in reruns.jobs
        ]
        click.echo(json_text(jobs, indent=2))
        return ExitCode.OK
    click.echo("\n".join(reruns.render(str(target.run.paths.root), env) for target, reruns in planned), nl=False)
    return ExitCode.OK


def _jobs(target: Target, *, failed: bool) -> tuple[str, ...]:
    """The jobs of `target` to run again. Raises UsageProblem for one named outright that has not ended."""
    rows = rows_of(target)
    if failed or target.whole:
        return tuple(row.job for row in rows if row.state in BAD_STATES)
    for row in rows:
        if row.state not in TERMINAL_STATES:
            raise UsageProblem(
                f"{row.job} is {row.state}. Only a job that has ended can run again; "
                f"stop it first: evaldock kill {row.job}"
            )
    return tuple(row.job for row in rows)
