"""The samples behind a figure: those whose mean it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...catalog.measure import Direction, Measure
from ..lm_eval import written_directions
from ..merge import Found
from .artifacts import Artifacts
from .bfcl import OVERALL, BfclTable, bfcl_tables
from .bigcode import generated
from .declared import declared_tables
from .human_eval import human_eval_tables
from .inspect import inspect_tables
from .instructions import instruction_tables
from .livecodebench import livecodebench_tables
from .lm_eval import lm_eval_tables
from .model import Row, SampleTooLarge, Table, plain
from .nemo_skills import nemo_skills_tables
from .simple_evals import simple_evals_tables

_LM_EVAL_RESULTS = re.compile(r"(?:.*/)?results_[^/]*\.json")

CLOSE = 1e-6
ROUNDED = 5.1e-5  # of a percentage with two decimals, as a fraction

_READERS: tuple[Callable[[Artifacts, str], Sequence[Table]], ...] = (
    lm_eval_tables,
    instruction_tables,
    simple_evals_tables,
    bfcl_tables,
    nemo_skills_tables,
    livecodebench_tables,
    human_eval_tables,
    inspect_tables,
)


@dataclass(frozen=True)
class Evidence:
    """Item -> what it scored each time it was asked, in the unit of the figure; one or more items.

    `clusters` says which items are not independent of each other; {} when all are.
    """

    file: str
    label: str
    values: Mapping[str, Sequence[float]]
    clusters: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def means(self) -> dict[str, float]:
        """Item -> the mean of its repeats."""
        return {item: sum(scores) / len(scores) for item, scores in self.values.items()}

    @property
    def repeats(self) -> int:
        """How often most items were asked."""
        return Counter(len(scores) for scores in self.values.values()).most_common(1)[0][0]

    @property
    def binary(self) -> bool:
        """Whether each item is right or wrong, and was asked once."""
        return all(len(scores) == 1 and scores[0] in (0.0, 1.0) for scores in self.values.values())

    @property
    def mean(self) -> float:
        """The mean of all scores: what a harness reports."""
        scores = [score for each in self.values.values() for score in each]
        return sum(scores) / len(scores)


@dataclass
class _Column:
    """One label of one task, as it is collected."""

    table: Table
    label: str
    values: dict[str, list[float]] = field(default_factory=dict[str, "list[float]"])
    clusters: dict[str, str] = field(default_factory=dict[str, str])

    def take(self, row: Row) -> None:
        self.values.setdefault(row.id, []).append(row.values[self.label])
        if row.cluster:
            self.clusters[row.id] = row.cluster


class SampleFiles:
    """The sample files of one job's artifacts, read once and only when something asks. Raises nothing."""

    def __init__(self, artifacts: Path, measure: Measure | None = None) -> None:
        self._artifacts = Artifacts(artifacts)
        self._measure = measure or Measure()
        self._tables: Sequence[Table] | None = None
        self._columns: dict[tuple[str, str], _Column] | None = None
        self._directions: Mapping[tuple[str, str], Direction] | None = None
        self.problem = ""

    @property
    def tables(self) -> Sequence[Table]:
        """One a file, or a part of one."""
        if self._tables is None:
            declared, cluster = self._measure.samples, self._measure.cluster
            if declared.file:
                self._tables = declared_tables(self._artifacts, declared, cluster)
            else:
                self._tables = [table for read in _READERS for table in read(self._artifacts, cluster)]
        return self._tables

    def direction(self, found: Found) -> Direction:
        """Which way is better, as lm-evaluation-harness says it in its own file beside the results."""
        if self._directions is None:
            named = (name for name in self._artifacts.names if _LM_EVAL_RESULTS.fullmatch(name))
            newest = max(named, key=lambda name: name.rpartition("/")[2], default="")
            self._directions = written_directions(self._artifacts.json(newest)) if newest else {}
        label, owner = plain(found.label), plain(found.owner[-1]) if found.owner else ""
        # `exact_match__strict-match` is the metric `exact_match` behind a filter.
        fitting = [
            (len(metric), direction)
            for (task, metric), direction in self._directions.items()
            if task == owner and (label == metric or label.startswith(f"{metric}_"))
        ]
        return max(fitting, key=lambda one: one[0], default=(0, Direction.UNKNOWN))[1]

    def generated(self, label: str) -> tuple[int, int] | None:
        """How many items were answered how often, where only the answers were written down."""
        return generated(self._artifacts, plain(label))

    def behind(self, found: Found, value: float, *, rounded: bool = False) -> Evidence | str:
        """The samples whose mean is `value`, that of a figure; else a sentence, or "" where there are none at all."""
        labels = dict.fromkeys((plain(found.label), plain(found.metric.name), ""))
        owner = plain(found.owner[-1]) if found.owner else ""
        columns = self._read()
        close = ROUNDED if rounded else CLOSE
        missed = self.problem
        for label in labels:
            for task in dict.fromkeys((owner, "")):
                column = columns.get((task, label))
                if column is None:
                    continue
                evidence = _evidence([column])
                if abs(evidence.mean - value) <= close:
                    return evidence
                missed = missed or f"The mean of {evidence.file} is {evidence.mean:.4g}, not {value:.4g}."
        return self._group(owner, labels, value, close) or self._alone(labels, value, close) or missed

    def _group(self, owner: str, labels: Iterable[str], value: float, close: float) -> Evidence | None:
        """All tasks that are named after a group: each is a cluster, for its items have a subject in common."""
        for label in labels:
            parts = [
                column
                for (task, name), column in self._read().items()
                if owner and name == label and task.startswith(f"{owner}_")
            ]
            if len(parts) > 1:
                evidence = _evidence(parts)
                if abs(evidence.mean - value) <= close:
                    return evidence
        return None

    def _alone(self, labels: Iterable[str], value: float, close: float) -> Evidence | None:
        """Of a figure that is named after something else than its file: the only task with that label."""
        for label in labels:
            columns = [column for (_, name), column in self._read().items() if name == label]
            if len(columns) == 1:
                evidence = _evidence(columns)
                if abs(evidence.mean - value) <= close:
                    return evidence
        return None

    def parts_run(self, label: str) -> tuple[int, int] | None:
        """Of a figure that sums up categories: how many of them ran, and how many there are; None for any other."""
        parts = OVERALL.get(label)
        ran = {table.category for table in self.tables if isinstance(table, BfclTable)}
        return (len(parts & ran), len(parts)) if parts is not None and ran else None

    def _read(self) -> Mapping[tuple[str, str], _Column]:
        if self._columns is None:
            self._columns = {}
            for table in self.tables:
                self._take(table, self._columns)
        return self._columns

    def _take(self, table: Table, columns: dict[tuple[str, str], _Column]) -> None:
        try:
            for row in table.rows():
                for label in row.values:
                    column = columns.get((table.task, label))
                    if column is None:
                        column = columns[table.task, label] = _Column(table, label)
                    column.take(row)
        except SampleTooLarge as error:
            self.problem = f"{table.file} {error}: not read."
            for key in [key for key, column in columns.items() if column.table is table]:
                del columns[key]


def _evidence(columns: Sequence[_Column]) -> Evidence:
    first = columns[0]
    if len(columns) == 1:
        values, clusters = _apart(first.values, first.clusters)
        # A cluster of one item is none.
        sizes = Counter(clusters.values())
        clusters = {item: name for item, name in clusters.items() if sizes[name] > 1}
        return Evidence(first.table.file, first.label, _compact(values), clusters)
    gathered: dict[str, list[float]] = {}
    subjects: dict[str, str] = {}
    for column in columns:
        for item, scores in column.values.items():
            name = f"{column.table.task}:{item}"
            gathered[name] = scores
            subjects[name] = column.table.task
    return Evidence(f"{len(columns)} files like {first.table.file}", first.label, _compact(gathered), subjects)


def _compact(values: Mapping[str, Sequence[float]]) -> dict[str, Sequence[float]]:
    """The same with one object for all equal scores: most samples are right or wrong, and there may be many."""
    known: dict[tuple[float, ...], tuple[float, ...]] = {}
    return {item: known.setdefault(key := tuple(scores), key) for item, scores in values.items()}


def _apart(
    values: Mapping[str, list[float]], clusters: Mapping[str, str]
) -> tuple[dict[str, list[float]], dict[str, str]]:
    """Items that a data set holds twice, where nothing is repeated, are items of their own, and no independent ones."""
    several = [item for item, scores in values.items() if len(scores) > 1]
    if not several or 2 * len(several) > len(values):
        return dict(values), dict(clusters)
    found, shared = dict(values), dict(clusters)
    for item in several:
        for number, score in enumerate(values[item]):
            name = f"{item}#{number + 1}" if number else item
            found[name] = [score]
            shared.setdefault(name, clusters.get(item, item))
    return found, shared
