"""lm-evaluation-harness JSON: {"results": {task: {"metric,filter": value, "metric_stderr,filter": e}}, "n-samples"}."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ..catalog.measure import Direction
from .merge import Found, merged
from .model import Metric
from .numbers import as_count, as_mapping, as_number, is_infinite
from .samples.model import plain

_NOT_METRICS = frozenset({"alias", "samples", "sample_len", "sample_count", "name"})


def read_lm_eval(tree: object) -> tuple[Found, ...]:
    """Figures of the parsed file: `<task>_<metric>`, and `<task>_<metric>_<filter>` where a filter other than
    "none" made it. Groups (`groups`, with the same shape) come after the tasks they average. Raises TooManyFigures.
    """
    fields = as_mapping(tree)
    samples = as_mapping(fields.get("n-samples"))
    groups = as_mapping(fields.get("groups"))
    better = as_mapping(fields.get("higher_is_better"))
    return merged(
        found
        for section in (as_mapping(fields.get("results")), groups)
        for task, scores in section.items()
        for found in _task(
            task, as_mapping(scores), _samples(samples.get(task)), task in groups, as_mapping(better.get(task))
        )
    )


def _task(
    task: str, scores: Mapping[str, object], n: int | None, is_group: bool, better: Mapping[str, object]
) -> Iterator[Found]:
    for key, raw in scores.items():
        metric, _, filter_name = key.partition(",")
        if metric in _NOT_METRICS or metric.endswith("_stderr") or isinstance(raw, (bool, dict, list)):
            continue
        # Only what has a filter is certainly a figure; other texts may be anything.
        if as_number(raw) is None and not (filter_name or is_infinite(raw)):
            continue
        label = metric if filter_name in ("", "none") else f"{metric}_{filter_name}"
        stderr_key = f"{metric}_stderr,{filter_name}" if filter_name else f"{metric}_stderr"
        stderr = as_number(scores.get(stderr_key))
        number = Metric.read(f"{task}_{label}", raw, stderr, n)
        yield Found(replace(number, direction=_direction(better.get(metric))), (task,), label, is_group)


def written_directions(tree: object) -> dict[tuple[str, str], Direction]:
    """(task, metric) -> which way is better, as the parsed file says it; names as `plain` writes them."""
    return {
        (plain(task), plain(metric)): _direction(higher)
        for task, metrics in as_mapping(as_mapping(tree).get("higher_is_better")).items()
        for metric, higher in as_mapping(metrics).items()
        if isinstance(higher, bool)
    }


def _direction(higher: object) -> Direction:
    if not isinstance(higher, bool):
        return Direction.UNKNOWN
    return Direction.HIGHER if higher else Direction.LOWER


def _samples(entry: object) -> int | None:
    counts = as_mapping(entry)
    effective = as_count(counts.get("effective"))
    return effective if effective is not None else as_count(counts.get("original"))
