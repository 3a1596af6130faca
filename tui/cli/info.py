"""`evaldock info`: where a run is, how much room it takes, and what it was made with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from ...core.base.sanitize import json_text
from ..draw.numbers import elapsed, size
from .complete import IdType
from .epilog import examples
from .exit_codes import ExitCode
from .options import json_option
from .rows import plain
from .select import newest, targets

if TYPE_CHECKING:
    from ...core.run.store import Run

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command(
    epilog=examples(
        ("info", "the newest run"),
        ("info 3f2a --json", "for programs"),
        ("info 3f2a.0 --logs --copy-logs here", "where the log of a job is, and a copy of it"),
    )
)
@click.argument("ids", nargs=-1, type=IdType(), metavar="[RUN|JOB]...")
@json_option
@click.option("--config", "show_config", is_flag=True, help="Print the config instead.")
@click.option("--artifacts", is_flag=True, help="Print the directories of the results instead.")
@click.option("--logs", is_flag=True, help="Print the paths of the logs instead.")
@click.option("--copy-logs", type=_FOLDER, metavar="DIR", help="Copy the logs into DIR, a directory for each job.")
@click.option("--copy-artifacts", type=_FOLDER, metavar="DIR", help="Copy the results into DIR, as --copy-logs does.")
def command(
    ids: tuple[str, ...],
    as_json: bool,
    show_config: bool,
    artifacts: bool,
    logs: bool,
    copy_logs: Path | None,
    copy_artifacts: Path | None,
) -> ExitCode:
    """Show paths, sizes, versions and images of runs (default: the newest)."""
    found = targets(ids) if ids else newest()
    if not found:
        click.echo("There are no runs yet. Start one: evaldock run PATH.yaml", err=True)
        return ExitCode.OK
    if show_config or artifacts or logs or copy_logs or copy_artifacts:
        from .info_files import copied, shown

        for target in found:
            for line in shown(target, config=show_config, artifacts=artifacts, logs=logs):
                click.echo(plain(line))
            for path in copied(target, logs=copy_logs, artifacts=copy_artifacts):
                click.echo(plain(path))
        return ExitCode.OK
    every = [_facts(target.run) for target in found]
    if as_json:
        click.echo(json_text(every[0] if len(every) == 1 else every, indent=2))
        return ExitCode.OK
    for number, facts in enumerate(every):
        if number:
            click.echo()
        rows = list(_rows(facts))
        width = max(len(name) for name, _ in rows)
        for name, value in rows:
            click.echo(f"{name:<{width}}  {plain(value)}".rstrip())
    return ExitCode.OK


def _facts(run: Run) -> dict[str, Any]:
    from ...core.base.urls import bare_url
    from ...core.control.remove import size_of

    paths = run.paths
    jobs = [paths.job(job.dir_name) for job in run.plan.jobs]
    summary = run.summary()
    return {
        **{key: summary[key] for key in ("invocation", "config", "created", "ended", "seconds", "state", "counts")},
        "model": run.plan.model_id,
        "endpoint": bare_url(run.plan.url),
        "replays": run.plan.replays,
        "paths": {
            "directory": str(paths.root),
            "config": str(paths.config),
            "journal": str(paths.journal),
            "written_config": run.plan.config_path,
        },
        "sizes": {
            "total": size_of(paths.root),
            "artifacts": sum(size_of(job.artifacts) for job in jobs),
            "logs": sum(size_of(job.logs) for job in jobs),
            "attempts": sum(size_of(job.attempts) for job in jobs),
            "cache": size_of(paths.root / "cache"),
        },
        "tasks": [job.task for job in run.plan.jobs],
        "provenance": run.provenance(),
    }


def _rows(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "run", facts["invocation"] + (f", {facts['config']}" if facts["config"] else "")
    if facts["replays"]:
        yield "replays", facts["replays"]
    yield "state", ", ".join(f"{number} {state}" for state, number in facts["counts"].items())
    yield "created", facts["created"]
    yield "took", elapsed(facts["seconds"])
    yield "model", facts["model"]
    yield "endpoint", facts["endpoint"]
    for name, path in facts["paths"].items():
        if path:
            yield name.replace("_", " "), path
    yield "size", _sizes(facts["sizes"])
    yield from _made_with(facts["provenance"])
    yield "tasks", ", ".join(facts["tasks"])


def _sizes(sizes: dict[str, int]) -> str:
    parts = [f"{name} {size(count)}" for name, count in sizes.items() if name != "total" and count]
    return size(sizes["total"]) + (f" ({', '.join(parts)})" if parts else "")


def _made_with(provenance: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if not provenance:
        return
    host, docker = _tree(provenance.get("host")), _tree(provenance.get("docker"))
    yield "evaldock", f"{provenance.get('evaldock', '')} on Python {provenance.get('python', '?')}"
    yield "docker", f"{docker.get('version', '?')} at {docker.get('address', '?')}"
    yield "host", ", ".join(str(host[key]) for key in ("name", "system", "machine") if host.get(key))
    yield "config sha256", str(_tree(provenance.get("config")).get("sha256", ""))
    from ...core.base.narrow import as_items

    images: dict[str, str] = {}
    for entries in _tree(provenance.get("jobs")).values():
        for made in map(_tree, as_items(entries)):
            known = as_items(made.get("digests"))
            images[f"{made.get('image')}"] = str(known[0] if known else made.get("image_id"))
    for image, known in images.items():
        yield "image", f"{image} = {known}"


def _tree(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
