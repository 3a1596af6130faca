"""The figures that a proxy leaves on disk, for the next one and for the engine."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from ..base.atomic import read_head
from ..config.model import Tree
from ..plan.trees import tree_at
from .exchange import parse_json

FIGURES_FILE = "requests.json"
"""In the job's directory: written with its first request, then every few seconds, and at its end."""
LIVE_FILE = "requests-live.json"
"""In the run's directory: of all jobs, once a second while anything changes."""
_MAX_SAVED = 1 << 24


def live_figures(run_dir: Path) -> Tree:
    """`{at, unknown_token, closed, endpoint, jobs: {<id>: {attempt, ...}}}`; {} when there is nothing to read."""
    return _read_tree(run_dir / LIVE_FILE)


def newest_figures(run_dir: Path, identity: str, directory: Path, attempt: object) -> tuple[Tree | None, bool]:
    """What was written last of an attempt, None when nothing was; and whether nothing is missing in it."""
    live = live_figures(run_dir)
    both = (_read_tree(directory / FIGURES_FILE), tree_at(live, "jobs", identity))
    found = [tree for tree in both if tree.get("attempt") == attempt]
    return max(found, key=_sent, default=None), live.get("closed") is True


def _sent(tree: Tree) -> int:
    value = tree.get("sent")
    return value if isinstance(value, int) else 0


def _read_tree(path: Path) -> Tree:
    tree = parse_json(read_head(path, _MAX_SAVED) or b"")
    return cast(Tree, tree) if isinstance(tree, dict) else {}
