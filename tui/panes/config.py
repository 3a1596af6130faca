"""The Config tab."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from ...core.base.atomic import read_head
from ...core.base.sanitize import clean, clean_line
from ...core.plan.spec import JobSpec
from ...core.plan.view import Again, plan_view
from ...core.run.store import Run
from ..draw.line import Span
from ..view.config_lines import ConfigData, config_tab_lines
from ..view.row import TaskRow
from ..widgets.dress import glyphs_of
from .earlier import view_of
from .pane import ReadPane

_LIMIT = 1 << 20


class ConfigPane(ReadPane[ConfigData]):
    """What an attempt was given: image, environment, run configuration, docker command."""

    def read(self, row: TaskRow, run: Run) -> ConfigData:
        """The spec of the attempt and the file that the container was given, without a secret value."""
        attempt = self.attempt
        spec = run.job(row.job, attempt)
        plan = replace(run.plan, jobs=(spec,), warnings=())
        again = {row.job: Again(attempt)}
        dry_run = plan_view(None, plan, os.environ, run_dir=str(run.paths.root), again=again)
        amendment = run.amendment(row.job, attempt)
        view = view_of(run, row, attempt)
        known = (("digest", spec.digest), ("image id", view.image_id), ("container", view.container))
        return ConfigData(
            dry_run.jobs[0],
            tuple((name, clean_line(text)) for name, text in known if text),
            tuple(clean_line(text) for text in amendment.shown) if amendment is not None else (),
            tuple(_run_config(self.folder(row, run), spec)),
        )

    def lines(self, data: ConfigData, row: TaskRow, width: int) -> Sequence[Sequence[Span]]:
        """Everything on one page."""
        return config_tab_lines(data, glyphs_of(self), width)

    def copy_text(self) -> str:
        """The docker command, literal."""
        return self._data.job.command if self._data is not None else ""


def _run_config(folder: Path, spec: JobSpec) -> list[str]:
    """The file that was mounted; what was planned where it is not there yet."""
    import yaml

    from ...core.plan.mask import masked_tree
    from ...core.plan.trees import yaml_text

    data = read_head(folder / "run_config.yaml", _LIMIT)
    try:
        tree: object = yaml.safe_load(data) if data else None
    except (yaml.YAMLError, ValueError, RecursionError):
        return ["# This file is damaged: it is not valid YAML."]
    known = cast(Mapping[str, object], tree) if isinstance(tree, dict) else spec.run_config
    return clean(yaml_text(masked_tree(dict(known)), width=1000)).splitlines()
