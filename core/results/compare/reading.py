"""What a comparison reads of the files that containers left; to be called through `read_apart`."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ...catalog.measure import Measure
from ..files import Unreadable
from ..measured import Source, measured
from ..merge import TooManyFigures
from ..model import Metric
from ..read import read_figures
from ..samples.evidence import Evidence, SampleFiles
from ..samples.model import Texts, TooLarge


def figure_behind(source: Source, fmt: str, file: str, metric: str) -> tuple[Metric | None, Evidence | None]:
    """The figure called `metric` as it is read today, and the samples behind it. Raises nothing."""
    files = SampleFiles(source.artifacts, source.measure)
    try:
        figures = measured(read_figures(source.artifacts, fmt, file), source, files)
    except (Unreadable, TooManyFigures):
        return None, None
    found = next((figure for figure in figures if figure.metric.name == metric), None)
    if found is None or not found.metric.evidence:
        return found.metric if found else None, None
    behind = files.behind(found, found.metric.value, rounded=True)
    return found.metric, behind if isinstance(behind, Evidence) else None


def texts_behind(artifacts: Path, measure: Measure, label: str, wanted: Collection[str]) -> dict[str, Texts]:
    """Item -> the texts of its first answer, of those in `wanted`. Raises nothing."""
    found: dict[str, Texts] = {}
    for table in SampleFiles(artifacts, measure).tables:
        try:
            for row in table.rows():
                for item in (row.id, f"{table.task}:{row.id}"):
                    if item in wanted and item not in found and label in row.values:
                        found[item] = table.texts(row)
        except TooLarge:
            continue
    return found
