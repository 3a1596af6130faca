"""`evaldock rerun`: run jobs again."""

from __future__ import annotations

from pathlib import Path

import click

from .complete import IdType
from .errors import UsageProblem
from .exit_codes import BAD_STATES, TERMINAL_STATES, ExitCode
from .options import detach_option, env_file_option, environment, json_option, no_tui_option
from .select import Target, rows_of, targets


@click.command()
@click.argument("ids", nargs=-1, required=True, type=IdType(), metavar="ID...")
@click.option("--failed", is_flag=True, help="Of the jobs named, only those that failed, were killed or lost.")
@env_file_option
@no_tui_option
@json_option
@detach_option
def command(
    ids: tuple[str, ...], failed: bool, env_files: tuple[Path, ...], no_tui: bool, as_json: bool, detach: bool
) -> ExitCode:
    """Run jobs again: the job named, or all jobs of a run that failed, were killed or lost.

    The new attempt uses the environment of this shell. Files of earlier attempts stay in attempts/. Give job ids of
    one run, or --detach.
    """
    from . import launch

    found = targets(ids)
    chosen = [(target, _jobs(target, failed=failed)) for target in found]
    chosen = [(target, jobs) for target, jobs in chosen if jobs]
    if not chosen:
        click.echo("Nothing to run again: every job has succeeded. Name a job to run it all the same.", err=True)
        return ExitCode.OK
    if len(chosen) > 1 and not detach:
        raise UsageProblem("These ids belong to several runs. Rerun one at a time, or add --detach.")
    env = environment(env_files)
    for target, jobs in chosen:
        if target.run.engine_alive() is None:
            launch.refuse_missing_env(target.run.plan, env, jobs)
    executor = launch.checked_executor()
    code = ExitCode.OK
    for target, jobs in chosen:
        code = max(code, launch.rerun(target.run, jobs, env, executor, as_json=as_json, detach=detach))
    return code


def _jobs(target: Target, *, failed: bool) -> tuple[str, ...]:
    """The jobs of `target` to run again. Raises UsageProblem for one named outright that has not ended."""
    rows = rows_of(target)
    if failed or target.whole:
        return tuple(str(row["job"]) for row in rows if row["state"] in BAD_STATES)
    for row in rows:
        if row["state"] not in TERMINAL_STATES:
            raise UsageProblem(
                f"{row['job']} is {row['state']}. Only a job that has ended can run again; "
                f"stop it first: evaldock kill {row['job']}"
            )
    return tuple(str(row["job"]) for row in rows)
