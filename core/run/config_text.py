"""The config that a run was made from, as text to show."""

from __future__ import annotations

from typing import cast

from ..base.atomic import read_head
from ..config.model import Tree
from ..plan.mask import masked_tree
from ..plan.trees import yaml_text
from .store import Run

_LIMIT = 1 << 20


def config_text(run: Run) -> str:
    """The run's own copy of its composed config as YAML, without what looks like a secret; "" when it was not kept."""
    tree = config_tree(run)
    return "" if tree is None else yaml_text(tree, width=100)


def config_tree(run: Run) -> Tree | None:
    """The run's own copy of its composed config, without what looks like a secret; None when it was not kept."""
    import yaml

    data = read_head(run.paths.config, _LIMIT) or b""
    try:
        tree: object = yaml.safe_load(data)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    return masked_tree(cast(Tree, tree)) if isinstance(tree, dict) else None
