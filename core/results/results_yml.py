"""NVIDIA's `results.yml`: results.{tasks|groups}.<name>.metrics.<metric>.scores.<score>.{value, stats}."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from .merge import Found, TooManyFigures, merged
from .model import Metric
from .numbers import MAX_DEPTH, as_count, as_mapping, as_number

# One mapping may be named in many places (YAML aliases), so a small file can hold an endless tree.
MAX_GROUPS = 20_000


def read_results_yml(tree: object) -> tuple[Found, ...]:
    """Figures of the parsed file, tasks before groups, each group before the groups inside it.

    Names are `<task>_<metric>` where the score is called like the metric, `<task>_<metric>_<score>` otherwise, and
    `<group>_<sub>_...` inside nested groups. Raises TooManyFigures.
    """
    return merged(_tree(as_mapping(as_mapping(tree).get("results"))))


def _tree(results: Mapping[str, object]) -> Iterator[Found]:
    waiting = list(reversed(_children((), results, False)))
    seen = 0
    while waiting:
        seen += 1
        if seen > MAX_GROUPS:
            raise TooManyFigures(f"it lists more than {MAX_GROUPS} tasks and groups")
        owner, node, is_group = waiting.pop()
        yield from _figures(owner, node, is_group)
        if len(owner) < MAX_DEPTH:
            waiting.extend(reversed(_children(owner, node, True)))


def _children(
    owner: tuple[str, ...], node: Mapping[str, object], inside_group: bool
) -> list[tuple[tuple[str, ...], Mapping[str, object], bool]]:
    return [
        ((*owner, name), as_mapping(child), inside_group or section == "groups")
        for section in ("tasks", "groups")
        for name, child in as_mapping(node.get(section)).items()
    ]


def _figures(owner: tuple[str, ...], node: Mapping[str, object], is_group: bool) -> Iterator[Found]:
    for metric, scores in as_mapping(node.get("metrics")).items():
        for score, raw in as_mapping(as_mapping(scores).get("scores")).items():
            entry = as_mapping(raw)
            if "value" not in entry:
                continue
            label = metric if score == metric else f"{metric}_{score}"
            stats = as_mapping(entry.get("stats"))
            n = as_count(stats.get("count"))
            name = "_".join((*owner, label))
            yield Found(Metric.read(name, entry["value"], _stderr(stats, n), n), owner, label, is_group)


def _stderr(stats: Mapping[str, object], n: int | None) -> float | None:
    stderr = as_number(stats.get("stderr"))
    if stderr is not None:
        return stderr
    stddev = as_number(stats.get("stddev"))
    return None if stddev is None or not n else stddev / math.sqrt(n)
