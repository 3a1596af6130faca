"""`-t`: which of the config's tasks to run."""

from __future__ import annotations

from collections.abc import Sequence

from ..catalog.prefer import normal
from ..config.model import ConfigError, ConfigProblem, TaskConfig


def select(tasks: Sequence[TaskConfig], only: Sequence[str]) -> list[tuple[int, TaskConfig]]:
    """`(position, task)` of the tasks that `only` names, in config order; all when it is empty.

    A name takes every task of that name (with or without the harness), `NAME.N` the one at position N of the list.
    Raises ConfigError naming all that fit nothing.
    """
    wanted: set[int] = set()
    problems: list[ConfigProblem] = []
    for text in only:
        found = _matches(tasks, text)
        wanted.update(found)
        if not found:
            names = [task.name for task in tasks]
            choices = ", ".join(name if names.count(name) == 1 else f"{name}.{i}" for i, name in enumerate(names))
            problems.append(ConfigProblem(f"-t {text}: no such task in evaluation.tasks; there are {choices}"))
    if problems:
        raise ConfigError(problems)
    return [(i, task) for i, task in enumerate(tasks) if not only or i in wanted]


def _matches(tasks: Sequence[TaskConfig], text: str) -> list[int]:
    plain = [i for i, task in enumerate(tasks) if _is_called(task, text)]
    if plain:
        return plain
    name, dot, index = text.rpartition(".")
    if not (dot and index.isascii() and index.isdigit() and int(index) < len(tasks)):
        return []
    return [int(index)] if _is_called(tasks[int(index)], name) else []


def _is_called(task: TaskConfig, text: str) -> bool:
    full = normal(task.name)
    return normal(text) in (full, full.partition(".")[2] or full)
