"""`evaldock config`: show, validate and convert configs, and the schema that editors use."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...core.base.sanitize import json_text
from .chosen import Chosen, config_options
from .epilog import examples
from .errors import UsageProblem
from .exit_codes import ExitCode
from .options import json_option
from .rows import plain

if TYPE_CHECKING:
    from ...core.config.model import ConfigProblem


@click.group()
def command() -> None:
    """Show, validate or convert configs."""


@command.command(
    "show",
    short_help="Show a config as composed, with origins.",
    epilog=examples(("config show nightly.yaml", "each value and where it was written")),
)
@config_options
@click.option("--no-origin", is_flag=True, help="Plain YAML, without the origin of each value.")
@json_option
def show(chosen: Chosen, no_origin: bool, as_json: bool) -> ExitCode:
    """Show a config as composed: each value, and the file and line, or the override, that it comes from."""
    from ...core.config.load import load_traced
    from ...core.plan.mask import masked_tree
    from ...core.plan.traced import origins_of, render_traced

    asked = chosen.required("config show")
    config, root = load_traced(
        path=asked.path,
        config_dir=asked.config_dir,
        config_name=asked.config_name,
        overrides=asked.overrides,
        env=asked.env,
    )
    if as_json:
        tree = {"config": masked_tree(config.tree), "origins": origins_of(root)}
        click.echo(json_text(tree, indent=2))
        return ExitCode.OK
    from ...core.base.sanitize import clean

    click.echo(clean(render_traced(config, root, origins=not no_origin)), nl=False)
    return ExitCode.OK


@command.command(
    "validate",
    short_help="Report every mistake in a config.",
    epilog=examples(("config validate nightly.yaml", "every mistake; exit 2 when there is one")),
)
@config_options
@json_option
def validate(chosen: Chosen, as_json: bool) -> ExitCode:
    """Report every mistake in a config, with file and line; asks neither Docker nor the endpoint.

    Exit code: 2 when something is wrong.
    """
    from ...core.config.model import ConfigError

    asked = chosen.required("config validate")
    try:
        config, plan = asked.plan()
    except ConfigError as error:
        if not as_json:
            raise
        click.echo(json.dumps({"valid": False, "problems": [_problem(p) for p in error.problems], "warnings": []}))
        return ExitCode.USAGE
    warnings = [*map(str, config.warnings), *plan.warnings]
    if as_json:
        click.echo(json_text({"valid": True, "problems": [], "warnings": warnings}))
        return ExitCode.OK
    for warning in warnings:
        click.echo(f"evaldock: warning: {plain(warning)}", err=True)
    tasks = f"{len(plan.jobs)} {'task' if len(plan.jobs) == 1 else 'tasks'}"
    click.echo(f"{plain(config.sources[0])}: valid, {tasks}")
    return ExitCode.OK


def _problem(problem: ConfigProblem) -> dict[str, Any]:
    origin = problem.origin
    return {
        "message": problem.message,
        "path": problem.path,
        "file": origin.file if origin else "",
        "line": origin.line if origin else 0,
        "column": origin.column if origin else 0,
    }


_EDITORS = """\b
The first line of a config then tells the editor:
  # yaml-language-server: $schema=evaldock.schema.json"""


@command.command(
    "schema",
    short_help="Print the JSON Schema for editors.",
    epilog=examples(("config schema > evaldock.schema.json", "for editors")) + "\n\n" + _EDITORS,
)
@click.option("--catalog", is_flag=True, help="The schema of catalog files, which describe tasks of your own.")
def schema(catalog: bool) -> ExitCode:
    """Print the JSON Schema of config files, for completion and checks in editors."""
    from ...core.catalog.schema import catalog_schema
    from ...core.config.schema import editor_schema

    click.echo(json_text(catalog_schema() if catalog else editor_schema(), indent=2))
    return ExitCode.OK


@command.command(
    "convert",
    short_help="Rewrite older spellings in a config file.",
    epilog=examples(("config convert old.yaml", "today's spelling, comments kept")),
)
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False), metavar="CONFIG")
@click.option("--write", is_flag=True, help="Change the file itself instead of printing the result.")
def convert(path: Path, write: bool) -> ExitCode:
    """Rewrite older spellings in a config file to the current ones; comments and everything else stay as they are.

    Dotted `overrides` become `nemo_evaluator_config`, bare names under `env_vars` become `host:NAME`: the result
    means the same to evaldock, and nemo-evaluator-launcher reads it as well. Changes are listed on stderr.
    """
    from ...core.base.atomic import write_atomic
    from ...core.config.convert import convert_text

    if not path.is_file():
        raise UsageProblem(f"There is no file {path}.")
    before = path.read_bytes()
    after, changes = convert_text(before, str(path))
    for change in changes:
        click.echo(f"{plain(path)}:{change.line}: {plain(change.what)}", err=True)
    if not changes:
        click.echo("Nothing to convert: every spelling is today's.", err=True)
    if not write:
        sys.stdout.write(after)
    elif changes:
        write_atomic(path.resolve(), after.encode(), mode=path.stat().st_mode & 0o777)
    return ExitCode.OK
