"""NeMo Skills: `eval-results/<benchmark>/output*.jsonl`; with several seeds one file each, `output-rs<seed>.jsonl`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...base.narrow import as_tree, as_whole
from .artifacts import Artifacts, objects
from .model import Row, Table, Texts, as_score, digest, plain, shown

_NAME = re.compile(r"(?:.*/)?eval-results/(?P<task>[^/]+)/output(?:-rs\d+)?\.jsonl")
_VALUES = ("symbolic_correct", "judge_correct", "is_correct", "correct")
_QUESTION = ("problem", "question", "prompt")


@dataclass(frozen=True)
class NemoSkillsTable:
    """The answers with one seed."""

    artifacts: Artifacts
    file: str
    task: str

    def rows(self) -> Iterator[Row]:
        """A row an answer; the same problem in another file is its repeat."""
        for offset, size, tree in objects(self.artifacts, self.file):
            values = {name: value for name in _VALUES if (value := as_score(tree.get(name))) is not None}
            if values:
                asked = next((tree[key] for key in _QUESTION if tree.get(key)), tree.get("id"))
                yield Row(digest(shown(asked)), values, "", offset, size)

    def texts(self, row: Row) -> Texts:
        """Of one answer."""
        tree = as_tree(self.artifacts.json(self.file, row.offset, row.size))
        return Texts(
            prompt=shown(next((tree[key] for key in _QUESTION if tree.get(key)), "")),
            answer=shown(tree.get("generation")),
            extracted=shown(tree.get("predicted_answer")),
            reference=shown(tree.get("expected_answer")),
            tokens=as_whole(tree.get("num_generated_tokens")),
        )


def nemo_skills_tables(artifacts: Artifacts, cluster: str = "") -> Sequence[Table]:
    """All of them, seeds in order."""
    return [
        NemoSkillsTable(artifacts, name, plain(match["task"]))
        for name in reversed(artifacts.names)
        if (match := _NAME.fullmatch(name))
    ]
