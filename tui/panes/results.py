"""The Results tab."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.results.tree import MetricTree, read_tree
from ...core.run.store import Run
from ..draw.line import Span
from ..view.results_lines import results_lines
from ..view.row import TaskRow
from ..widgets.dress import glyphs_of
from .pane import ReadPane


class ResultsPane(ReadPane[MetricTree]):
    """All scores of a task."""

    def read(self, row: TaskRow, run: Run) -> MetricTree:
        """What the harness wrote."""
        spec = run.job(row.job)
        return read_tree(
            run.paths.job(spec.dir_name).artifacts,
            fmt=spec.result_format,
            file=spec.result_file,
            task=spec.task,
            primary_metric=spec.primary_metric,
        )

    def lines(self, data: MetricTree, row: TaskRow, width: int) -> Sequence[Sequence[Span]]:
        """The table."""
        return results_lines(data, row, glyphs_of(self), width)
