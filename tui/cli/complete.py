"""Parameter types that complete: ids of runs and jobs, names of tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_MOST = 100  # runs offered; older ones are still found when typed


class IdType(click.types.StringParamType):
    """An invocation, or with `jobs` also a job id, each by any unique prefix."""

    name = "id"

    def __init__(self, *, jobs: bool = True) -> None:
        self._jobs = jobs

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Invocations that start with what was typed, and the jobs of the one that was typed out."""
        from click.shell_completion import CompletionItem

        try:
            return [CompletionItem(value, help=text) for value, text in _ids(incomplete, self._jobs)]
        except Exception:  # noqa: BLE001 - a damaged run must not spill an error into the user's prompt
            return []


class TaskType(click.types.StringParamType):
    """The name of a task of the catalog."""

    name = "task"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Names, and `harness.name` once a dot was typed."""
        from click.shell_completion import CompletionItem

        try:
            return [CompletionItem(value, help=text) for value, text in _tasks(incomplete)]
        except Exception:  # noqa: BLE001 - as above
            return []


def _ids(incomplete: str, jobs: bool) -> list[tuple[str, str]]:
    from ...core.run.index import list_runs

    found: list[tuple[str, str]] = []
    stem = incomplete.partition(".")[0]
    matches = [run for run in list_runs() if run.invocation.startswith(stem.lower())][:_MOST]
    for run in matches:
        found.append((run.invocation, f"{len(run.plan.jobs)} jobs, {run.plan.model_id}".rstrip(", ")))
        if jobs and len(matches) == 1:
            found.extend((job.id, job.task) for job in run.plan.jobs)
    return [item for item in found if item[0].startswith(incomplete.lower())]


def _tasks(incomplete: str) -> list[tuple[str, str]]:
    from ...core.catalog.load import load_catalog

    tasks = [task for task in load_catalog().tasks if task.listed]
    names = {task.full_name if "." in incomplete else task.name: task.description for task in tasks}
    return [(name, text) for name, text in sorted(names.items()) if name.startswith(incomplete)]
