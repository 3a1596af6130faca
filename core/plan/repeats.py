"""How a task is repeated: by its harness, told how often, or as jobs of its own, with seeds where it takes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ..base.narrow import as_tree
from ..catalog.model import REPEAT_NAMES, TaskSpec
from ..config.model import ConfigError, ConfigProblem, TaskConfig, Tree
from .trees import merged, tree_at

SEED_NAMES = ("seed", "random_seed")
_NAMED = re.compile(r"\{params\.([A-Za-z0-9_.-]+)\}")

# What the packaged harnesses read from `config.params.extra`, by the commands that NVIDIA documents for them.
_NATIVE = {
    "simple_evals": "n_samples",
    "bigcode-evaluation-harness": "n_samples",
    "livecodebench": "n_samples",
    "scicode": "n_samples",
    "nemo_skills": "num_repeats",
}
_SEEDED = {"garak": "seed"}


@dataclass(frozen=True)
class _Way:
    """Paths below `config.params`: of the number of repeats, and of the seed; () for what the harness does not take."""

    native: tuple[str, ...] = ()
    seed: tuple[str, ...] = ()


def repeats_of(task: TaskConfig, spec: TaskSpec, *, own: bool, where: str) -> Iterator[tuple[int, TaskConfig]]:
    """The jobs of a task: each with its number, from 1 on, and what it is told; 0 and the task itself for a single one.

    `own`: the user's catalog describes it. Raises ConfigError when its settings name another number, or a seed.
    """
    way, path = _way(spec, own=own), f"{where}.repeats"
    params = tree_at(task.run_config, "config", "params")
    if task.repeats < 2:
        yield 0, task
    elif way.native:
        given = _at(params, way.native)
        if given is not None and given != task.repeats:
            name = ".".join(("config.params", *way.native))
            message = f"is {task.repeats}, but {name} is {given!r}, which means the same: keep one of them"
            raise ConfigError([ConfigProblem(message, path, task.origin)])
        yield 0, _told(task, way.native, task.repeats)
    else:
        if way.seed and _at(params, way.seed) is not None:
            name = ".".join(("config.params", *way.seed))
            raise ConfigError([ConfigProblem(f"seeds are 1 to {task.repeats}: leave {name} out", path, task.origin)])
        for number in range(1, task.repeats + 1):
            yield number, _told(task, way.seed, number) if way.seed else task


def _way(spec: TaskSpec, *, own: bool) -> _Way:
    if not own and spec.command is None:
        native, seed = _NATIVE.get(spec.harness), _SEEDED.get(spec.harness)
        return _Way(("extra", native) if native else (), ("extra", seed) if seed else ())
    extra = as_tree(spec.params.get("extra"))
    known = {name: (name,) for part in spec.command or () for name in _NAMED.findall(part)}
    if spec.command is None:
        known = {**{name: ("extra", name) for name in extra}, **{name: (name,) for name in spec.params}}
    native = next((known[name] for name in REPEAT_NAMES if name in known), ())
    return _Way(native, next((known[name] for name in SEED_NAMES if name in known), ()))


def _told(task: TaskConfig, path: tuple[str, ...], value: int) -> TaskConfig:
    tree: Tree = {path[-1]: value}
    for step in reversed(("config", "params", *path[:-1])):
        tree = {step: tree}
    return replace(task, run_config=merged(task.run_config, tree))


def _at(tree: Mapping[str, object], path: tuple[str, ...]) -> object:
    return tree_at(tree, *path[:-1]).get(path[-1])
