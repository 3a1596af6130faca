"""`evaldock ls tasks` and `evaldock ls task`: what can be run."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from ...core.base.sanitize import json_text
from ..draw.cells import cell_len, cut_end, padded
from .complete import TaskType
from .epilog import examples
from .errors import Failure, UsageProblem
from .exit_codes import ExitCode
from .options import ShapedCommand, json_option, nel_option
from .rows import plain
from .style import Style, style_of

if TYPE_CHECKING:
    from ...core.catalog.catalog import Catalog
    from ...core.catalog.model import TaskSpec

_PATIENCE = 120.0  # seconds that an image may take to list its tasks
_MOST_LINES = 20_000
_LABEL = 14


@click.command(
    "tasks",
    cls=ShapedCommand,
    epilog=examples(
        ("ls tasks", "all, by harness"),
        ("ls tasks gsm", "by a few letters"),
        ("ls tasks --harness lm-evaluation-harness --json", "for programs"),
        ("ls tasks --from-container IMAGE", "what an image itself knows"),
    ),
)
@click.argument("pattern", nargs=-1, type=TaskType())
@click.option("--harness", help="Only tasks of this harness.")
@click.option("--endpoint", help="Only tasks for this endpoint type: chat, completions, vlm, embedding.")
@click.option(
    "--from-container", "image", metavar="IMAGE", help="List the tasks that an image on this machine provides."
)
@json_option
@nel_option
def tasks(
    pattern: tuple[str, ...], harness: str | None, endpoint: str | None, image: str | None, as_json: bool, as_nel: bool
) -> ExitCode:
    """List the tasks that can be run, by harness.

    PATTERN matches part of a name, a glob, or a few letters in order; several may be given.
    """
    from ...core.catalog.load import load_catalog
    from ...core.catalog.prefer import normal
    from ...core.catalog.search import search

    catalog = load_catalog()
    known = _listed_by(image, catalog) if image else catalog.tasks
    fitting = [task for task in search(known, pattern) if task.listed or pattern]
    found = [
        task
        for task in fitting
        if (harness is None or normal(task.harness) == normal(harness))
        and (endpoint is None or endpoint.lower() in task.endpoint_types)
    ]
    if as_nel:
        from .nel_json import tasks_json

        click.echo(json_text(tasks_json(found), indent=2))
    elif as_json:
        click.echo(json_text([task_json(task) for task in found], indent=2))
    elif found:
        click.echo("\n".join(_lines(found, style_of(sys.stdout), ranked=bool(pattern))))
    else:
        click.echo(_nothing(harness, catalog), err=True)
    return ExitCode.OK


def _nothing(harness: str | None, catalog: Catalog) -> str:
    from ...core.catalog.prefer import normal
    from ...core.config.suggest import did_you_mean

    if harness is not None and normal(harness) not in {normal(task.harness) for task in catalog.tasks}:
        return f"There is no harness '{plain(harness)}'" + did_you_mean(harness, {t.harness for t in catalog.tasks})
    return "No task fits. `evaldock ls tasks` lists all; `evaldock ls runs` lists runs."


def _listed_by(image: str, catalog: Catalog) -> list[TaskSpec]:
    """Ask a local image. Raises UsageProblem when it is not here, Failure when it does not answer."""
    from ...core.catalog.listing import COMMANDS, NOT_FOUND, parse_listing
    from ...core.engine.docker.survey import Ended, Survey
    from ...core.engine.executor import JobProblem

    survey = Survey()
    survey.facts()
    try:
        if survey.image(image) is None:
            raise UsageProblem(f"The image {image} is not on this machine: docker pull {image}")
        ended = Ended(NOT_FOUND, "")
        for command in COMMANDS:
            ended = survey.run_once(image, command, env={}, network="none", timeout=_PATIENCE, lines=_MOST_LINES)
            if ended.code != NOT_FOUND:
                break
    except JobProblem as problem:
        raise Failure(str(problem)) from None
    if ended.code is None:
        raise Failure(f"{image} did not list its tasks within {_PATIENCE:.0f} s.")
    return parse_listing(ended.output, image, catalog)


def task_json(task: TaskSpec) -> dict[str, Any]:
    """One task as a JSON object."""
    return {
        "task": task.name,
        "harness": task.harness,
        "endpoint_types": list(task.endpoint_types),
        "image": task.image,
        "digest": task.digest,
        "architectures": task.architectures,
        "required_env": list(task.required_env),
        "params": dict(task.params),
        "description": task.description,
    }


def _lines(found: Sequence[TaskSpec], style: Style, *, ranked: bool) -> list[str]:
    groups: dict[tuple[str, str], list[TaskSpec]] = {}
    for task in found:
        groups.setdefault((task.harness, task.image), []).append(task)
    lines: list[str] = []
    for (harness, image), members in groups.items():
        lines.append(f"{style.paint(plain(harness), 'bold')}  {style.paint(plain(image), 'dim')}")
        members = members if ranked else sorted(members, key=lambda task: task.name.lower())
        shared = {task.description for task in members} if len(members) > 1 else set[str]()
        lines += _rows(members, style, title=next(iter(shared)) if len(shared) == 1 else None)
        lines.append("")
    number = "1 task" if len(found) == 1 else f"{len(found)} tasks"
    return [*lines, number]


def _rows(members: Sequence[TaskSpec], style: Style, *, title: str | None) -> Iterator[str]:
    """One line a task. A description that all of them share is told once, as `title`."""
    if title:
        yield f"  {style.paint(_cut(title, style), 'dim')}"
    name = max(cell_len(plain(task.name)) for task in members)
    kinds = max(len(", ".join(task.endpoint_types)) for task in members)
    for task in members:
        needs = f"needs {', '.join(task.required_env)}" if task.required_env else ""
        about = "  ".join(filter(None, [needs, task.description if title is None else ""]))
        head = f"  {padded(plain(task.name), name)}  {', '.join(task.endpoint_types).ljust(kinds)}"
        yield f"{head}  {style.paint(_cut(about, style, cell_len(head) + 2), 'dim')}".rstrip()


def _cut(text: str, style: Style, taken: int = 2) -> str:
    line = plain(" ".join(text.split()))
    room = None if style.width is None else style.width - taken
    if room is None or cell_len(line) <= room:
        return line
    return cut_end(line, room, style.ellipsis) if room > 8 else ""


@click.command(
    "task",
    short_help="Show one task and a config that runs it.",
    epilog=examples(("ls task ifeval", "image, parameters, variables, a config that runs it")),
)
@click.argument("name", type=TaskType())
@json_option
def task(name: str, as_json: bool) -> ExitCode:
    """Show one task: image, defaults, what it needs, and a config that runs it."""
    from ...core.catalog.example import example_config
    from ...core.catalog.load import load_catalog

    catalog = load_catalog()
    spec = catalog.resolve(name)
    others = catalog.namesakes(spec)
    example = example_config(spec, spec.full_name if others else spec.name)
    if as_json:
        tree = {**task_json(spec), **_more_json(spec), "example": example}
        click.echo(json_text(tree, indent=2))
        return ExitCode.OK
    style = style_of(sys.stdout)
    click.echo(f"{style.paint(plain(spec.name), 'bold')}  {style.paint(plain(spec.full_name), 'dim')}")
    for label, value in _facts(spec, others):
        click.echo(f"  {style.paint(label.ljust(_LABEL), 'dim')}{plain(value)}")
    click.echo()
    click.echo(example, nl=False)
    return ExitCode.OK


def _facts(spec: TaskSpec, others: Iterable[TaskSpec]) -> Iterator[tuple[str, str]]:
    import shlex

    if spec.description:
        yield "about", " ".join(spec.description.split())
    yield "image", spec.image
    if spec.digest:
        yield "digest", spec.digest
    yield (
        "made for",
        {"multiarch": "amd64 and arm64", "amd": "amd64", "arm": "arm64"}.get(spec.architectures, spec.architectures),
    )
    yield "endpoint", ", ".join(spec.endpoint_types)
    yield "needs", ", ".join(spec.required_env) or "no variables but the endpoint's key"
    if spec.params:
        yield "defaults", ", ".join(f"{key} {_value(value)}" for key, value in spec.params.items())
    if spec.command is not None:
        yield "command", shlex.join(spec.command)
    yield "results", " ".join(filter(None, [spec.result_format, spec.result_file, spec.primary_metric]))
    if names := [other.full_name for other in others]:
        yield "same name", ", ".join(names)


def _value(value: object) -> str:
    return json_text(value) if not isinstance(value, str) else value


def _more_json(spec: TaskSpec) -> dict[str, Any]:
    return {
        "command": list(spec.command) if spec.command is not None else None,
        "result": {"format": spec.result_format, "file": spec.result_file, "metric": spec.primary_metric},
    }
