"""The Config tab: what the container was given, and the command that made it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from ...core.plan.render import Again, plan_sections
from ...core.run.store import Run
from ..draw.line import Span
from ..view.preview import Preview, command_lines, yaml_lines
from ..view.row import TaskRow
from .pane import ReadPane


class ConfigPane(ReadPane[tuple[Preview, tuple[str, ...]]]):
    """The dry run's own words about one attempt, and its run configuration."""

    def read(self, row: TaskRow, run: Run) -> tuple[Preview, tuple[str, ...]]:
        """The spec of the newest attempt, without a secret value."""
        import yaml

        from ...core.plan.mask import masked_tree

        spec = run.job(row.job)
        plan = replace(run.plan, jobs=(spec,), warnings=())
        again = {row.job: Again(row.attempt)}
        sections = plan_sections(None, plan, os.environ, run_dir=str(run.paths.root), again=again)
        text = yaml.safe_dump(masked_tree(dict(spec.run_config)), sort_keys=False, allow_unicode=True, width=1000)
        return Preview(row.task, ((row.job, row.task, row.attempt),), sections), tuple(text.splitlines())

    def lines(self, data: tuple[Preview, tuple[str, ...]], row: TaskRow, width: int) -> Sequence[Sequence[Span]]:
        """The command, the environment, the run configuration."""
        preview, config = data
        head = (Span("Run configuration", "bright", bold=True), Span("  mounted into the container", "dim"))
        return [*command_lines(preview, row.job, "Y", width), (), head, *yaml_lines(config)]

    def copy_text(self) -> str:
        """The docker command, literal."""
        return self._data[0].command(self._data[0].jobs[0][0]) if self._data is not None else ""
