"""The config that a run was made from, as text to show."""

from __future__ import annotations

from typing import cast

from ..base.atomic import read_head
from ..plan.mask import masked_tree
from ..plan.trees import yaml_text
from .store import Run

_LIMIT = 1 << 20


def config_text(run: Run) -> str:
    """The run's own copy of its composed config as YAML, without what looks like a secret; "" when it was not kept."""
    import yaml

    data = read_head(run.paths.config, _LIMIT) or b""
    try:
        tree: object = yaml.safe_load(data)
    except (yaml.YAMLError, RecursionError, ValueError):
        return ""
    if not isinstance(tree, dict):
        return ""
    masked = masked_tree(cast("dict[str, object]", tree))
    return yaml_text(masked, width=100)
