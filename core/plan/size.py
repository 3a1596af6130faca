"""How many samples a job has, and how often each is asked: by its benchmark, its limit and its other settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..catalog.model import TaskSpec, repeats_in
from ..config.model import Tree
from .trees import tree_at

# Settings of `config.params.extra` with which a task answers other questions than the benchmark's own.
_OTHER_DATA = (
    *("custom_dataset", "data_dir", "data_path", "dataset", "dataset_path", "dataset_split", "end_date"),
    *("eval_split", "probes", "release_version", "start_date", "subject", "subset", "subtasks"),
)


@dataclass(frozen=True)
class Size:
    """`samples`, each asked `repeats` times; None: not known.

    `estimated`: the number is the public benchmark's and nobody counted those in the image, so no verdict hangs on it.
    """

    samples: int | None
    repeats: int
    estimated: bool


def size_of(spec: TaskSpec, run_config: Tree, *, own_data: bool, own_task: bool) -> Size:
    """The size of a job of `spec`. `own_data`: its user brings the data; `own_task`: and describes the task himself."""
    params = tree_at(run_config, "config", "params")
    extra = tree_at(params, "extra")
    other = not own_task and (own_data or any(extra.get(name) for name in _OTHER_DATA))
    whole = None if other else _part(spec.samples, extra)
    samples, exact = _limited(whole, params.get("limit_samples"))
    written = repeats_in(extra, repeats_in(params))
    repeats = repeats_in(extra, repeats_in(params, spec.repeats))
    sure = own_task or (exact and repeats == written)
    return Size(samples, repeats, estimated=samples is not None and not sure)


def _part(whole: int | None, extra: Mapping[str, object]) -> int | None:
    ratio = extra.get("downsampling_ratio")
    if whole is None or not isinstance(ratio, float) or not 0 < ratio < 1:
        return whole
    return max(1, round(ratio * whole))


def _limited(whole: int | None, limit: object) -> tuple[int | None, bool]:
    """How many of `whole` a limit leaves, and whether it alone decides that."""
    if not isinstance(limit, (int, float)) or isinstance(limit, bool) or limit <= 0:
        return whole, False
    if isinstance(limit, float) and limit < 1:
        return (None if whole is None else max(1, round(limit * whole))), False
    return (int(limit), True) if whole is None or limit <= whole else (whole, False)
