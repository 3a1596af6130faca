"""What a comparison reads of the files that containers left; to be called through `read_apart`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from ...catalog.measure import Measure
from ..files import Unreadable
from ..made import Made
from ..measured import Source, measured
from ..merge import TooManyFigures
from ..model import Metric
from ..read import read_made
from ..samples.evidence import Evidence, SampleFiles
from ..samples.model import SampleTooLarge, Texts


@dataclass(frozen=True)
class Behind:
    """A figure as it is read today, the samples behind it, and how it was made; None for what there is not."""

    metric: Metric | None = None
    evidence: Evidence | None = None
    made: Made = field(default_factory=Made)


def figure_behind(source: Source, fmt: str, file: str, metric: str) -> Behind:
    """What is behind the figure called `metric`. Raises nothing."""
    files = SampleFiles(source.artifacts, source.measure)
    try:
        written, made = read_made(source.artifacts, fmt, file)
        figures = measured(written, source, files)
    except (Unreadable, TooManyFigures):
        return Behind()
    found = next((figure for figure in figures if figure.metric.name == metric), None)
    if found is None or not found.metric.evidence:
        return Behind(found.metric if found else None, None, made)
    behind = files.behind(found, found.metric.value, rounded=True)
    return Behind(found.metric, behind if isinstance(behind, Evidence) else None, made)


def texts_behind(artifacts: Path, measure: Measure, label: str, wanted: Collection[str]) -> dict[str, Texts]:
    """Item -> the texts of its first answer, of those in `wanted`. Raises nothing."""
    found: dict[str, Texts] = {}
    for table in SampleFiles(artifacts, measure).tables:
        try:
            for row in table.rows():
                for item in (row.id, f"{table.task}:{row.id}"):
                    if item in wanted and item not in found and label in row.values:
                        found[item] = table.texts(row)
        except SampleTooLarge:
            continue
    return found
