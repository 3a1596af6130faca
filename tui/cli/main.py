"""The `evaldock` command: a group whose subcommands are imported only when they are used."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from .look import look_options

if TYPE_CHECKING:
    from .exit_codes import ExitCode

# section -> name -> (module, one line for --help). The help stands here so that --help imports no command.
SECTIONS = {
    "Before a run": {
        "check": ("check", "Check what a config needs before it runs."),
        "config": ("config", "Show, validate or convert configs."),
        "ls": ("ls", "List tasks or runs."),
        "catalog": ("catalog", "Update the catalog of tasks."),
        "demo": ("demo", "Run three real benchmarks on a small real model."),
    },
    "Run and steer": {
        "run": ("run", "Run the tasks of a config."),
        "attach": ("attach", "Open the dashboard on a run."),
        "status": ("status", "Show the status of runs and jobs."),
        "logs": ("logs", "Show or follow the output of tasks."),
        "kill": ("kill", "Stop jobs or whole runs."),
        "rerun": ("rerun", "Rerun jobs that failed or were killed."),
        "resume": ("resume", "Take over a run whose engine has died."),
        "shell": ("shell", "Open a shell in a running job's container."),
    },
    "Scores": {
        "results": ("results", "Show the scores of runs."),
        "compare": ("compare", "Show which run is better, and how sure that is."),
        "gate": ("gate", "Hold a run to a policy: GO, NO-GO or INCONCLUSIVE."),
        "export": ("export", "Deliver scores as JSON, CSV, JUnit or to MLflow."),
        "report": ("report", "Write a run as one HTML file."),
    },
    "Housekeeping": {
        "info": ("info", "Show paths, size, versions and images of a run."),
        "open": ("folder", "Open the folder of a run or of a job's results."),
        "prune": ("prune", "Delete old runs and leftover containers."),
        "alias": ("alias", "Make `nel` take the launcher's command lines."),
        "completion": ("completion", "Set up shell completion of commands, tasks and ids."),
        "version": ("version", "Show the versions of evaldock and what it uses."),
    },
}

# Not in the help: it is what the programs of `alias` call.
HIDDEN = {"nel": ("nel", "Run a command line of nemo-evaluator-launcher.")}
COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


class LazyGroup(click.Group):
    """A group that finds its commands by name in the modules beside it."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """As click's. What --help and --version write, they write here: that may fail like any other output."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except OSError as error:
            raise click.exceptions.Exit(_reported(error)) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the sections, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the command's module; None when there is no such command."""
        entry = (COMMANDS | HIDDEN).get(cmd_name)
        if entry is None:
            return None
        module = import_module(f".{entry[0]}", __package__)
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the commands by section, without importing them."""
        width = max(map(len, COMMANDS))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), text) for name, (_, text) in commands.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, but an unknown command names the one that was probably meant."""
        name = args[0]
        if name not in COMMANDS and name not in HIDDEN and not name.startswith("-"):
            ctx.fail(_unknown(name))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; errors become a sentence and an exit code here, and nowhere else."""
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except click.ClickException as error:
            from ...core.base.sanitize import clean

            # It repeats what was typed, which may come from a script or a file name.
            vars(error)["message"] = clean(error.message)
            raise
        except click.exceptions.Exit:
            raise
        except (Exception, KeyboardInterrupt, click.Abort) as error:  # noqa: BLE001 - the last line of defence
            code = _reported(error)
        ctx.exit(int(code or 0))


def _reported(error: BaseException) -> int:
    from .errors import report

    return int(report(error))


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
    hint = f" Did you mean `{near[0]}`?" if near else " `evaldock --help` lists them."
    return f"There is no command `{name}`.{hint}"


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        click.echo(f"evaldock {version('evaldock')}")
    except PackageNotFoundError:
        click.echo("evaldock (not installed)")
    ctx.exit()


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show the version."
)
@look_options
@click.pass_context
def cli(ctx: click.Context) -> ExitCode | None:
    """Run LLM evaluation tasks as Docker containers against a model endpoint.

    Without a command, a terminal shows all runs in the dashboard.

    Exit codes: 0 all succeeded, 1 a task failed or was killed, 2 usage or config, 3 Docker unavailable,
    130 interrupted. Data goes to stdout, messages to stderr; every listing accepts `--json`.
    """
    if ctx.invoked_subcommand is not None:
        return None
    from .face import can_show

    if can_show():
        from .dashboard import open_home

        return open_home()
    click.echo(ctx.get_help())
    return None


def _open_closed_streams() -> None:
    """Lead standard streams that the caller closed (`>&-`) nowhere: the next file opened would get what is printed."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8"))


def main() -> None:
    """Entry point of the console script."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is shown escaped rather than ending the command.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    # Few objects here are in cycles, and all of them go with the process: looking for them costs more than they do.
    gc.set_threshold(20_000, 20, 20)
    try:
        cli(prog_name="evaldock")
    except SystemExit as end:
        if "evaldock.tui.app" in sys.modules:
            _end_soon(end.code)
        raise
    finally:
        gc.freeze()


def _end_soon(code: object) -> None:
    """End the process in a second at the latest: after a dashboard, threads that read a dead terminal or a dead file
    system may never end by themselves, and nothing of them is needed."""
    from threading import Timer

    last = Timer(0.8, os._exit, [code if isinstance(code, int) else int(code is not None)])
    last.daemon = True
    last.start()
