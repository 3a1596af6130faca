"""BFCL: `score/<model>/BFCL_v3_<category>_score.json` counts and lists what is wrong, `result/` has every answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ...base.narrow import as_items, as_tree, as_whole
from .artifacts import Artifacts, objects
from .model import Row, Table, Texts, shown

_SCORE = re.compile(r"(?:.*/)?BFCL_v\d+_(?P<category>.+)_score\.json")
_NON_LIVE = {
    "simple": "python_simple_ast",
    "java": "java_simple_ast",
    "javascript": "javascript_simple_ast",
    "multiple": "multiple_ast",
    "parallel": "parallel_ast",
    "parallel_multiple": "parallel_multiple_ast",
    "exec_simple": "python_simple_exec",
    "rest": "rest_simple_exec",
    "exec_multiple": "multiple_exec",
    "exec_parallel": "parallel_exec",
    "exec_parallel_multiple": "parallel_multiple_exec",
    "irrelevance": "irrelevance_detection",
}
_LIVE = {
    "live_simple": "python_simple_ast",
    "live_multiple": "python_multiple_ast",
    "live_parallel": "python_parallel_ast",
    "live_parallel_multiple": "python_parallel_multiple_ast",
    "live_irrelevance": "irrelevance_detection",
    "live_relevance": "relevance_detection",
}
_TURNS = {
    "multi_turn_base": "base",
    "multi_turn_miss_func": "miss_func",
    "multi_turn_miss_param": "miss_param",
    "multi_turn_long_context": "long_context",
}
LABELS = {
    **{category: f"{label}_non_live" for category, label in _NON_LIVE.items()},
    **{category: f"{label}_live" for category, label in _LIVE.items()},
    **_TURNS,
}
"""Category -> what its figure is called."""

OVERALL = {
    "live_overall_acc": frozenset(_LIVE),
    "non_live_overall_acc": frozenset(_NON_LIVE),
    "multi_turn_overall_acc": frozenset(_TURNS),
}
"""Figure -> the categories that it sums up. Those that did not run count as 0 there."""


@dataclass(frozen=True)
class BfclTable:
    """One category: right is what has an answer and is not listed as wrong."""

    artifacts: Artifacts
    file: str
    score_file: str
    category: str
    task: str = ""
    _wrong: dict[str, tuple[int, int]] = field(default_factory=dict[str, "tuple[int, int]"], compare=False, repr=False)

    def rows(self) -> Iterator[Row]:
        """A row an answer; none when the counts of the score file do not fit."""
        wrong, total = self._errors()
        answers = [
            (shown(tree.get("id")), offset, size) for offset, size, tree in objects(self.artifacts, self.file) if tree
        ]
        if total is not None and total == len(answers):
            label = LABELS.get(self.category, self.category)
            for identity, offset, size in answers:
                yield Row(identity, {label: float(identity not in wrong)}, "", offset, size)

    def _errors(self) -> tuple[dict[str, tuple[int, int]], int | None]:
        total: int | None = None
        for offset, size, tree in objects(self.artifacts, self.score_file):
            if "total_count" in tree:
                total = as_whole(tree.get("total_count"))
            elif tree.get("id"):
                self._wrong[shown(tree.get("id"))] = (offset, size)
        return self._wrong, total

    def texts(self, row: Row) -> Texts:
        """The question stands in the score file, for wrong answers only."""
        answer = as_tree(self.artifacts.json(self.file, row.offset, row.size))
        error = as_tree(self.artifacts.json(self.score_file, *self._wrong.get(row.id, (0, 0))))
        turns = as_items(as_tree(error.get("prompt")).get("question"))
        last = as_tree((as_items(turns[-1]) or [None])[-1]) if turns else {}
        return Texts(
            prompt=shown(last.get("content")),
            answer=shown(answer.get("result")),
            extracted=shown(error.get("error")),
            reference=shown(error.get("possible_answer")),
            tokens=as_whole(answer.get("output_token_count")),
        )


def bfcl_tables(artifacts: Artifacts, cluster: str = "") -> Sequence[Table]:
    """Every category that has scores and answers."""
    found: list[Table] = []
    names = set(artifacts.names)
    for name in artifacts.names:
        match = _SCORE.fullmatch(name)
        if match:
            answers = re.sub(r"(^|/)score/", r"\1result/", name).replace("_score.json", "_result.json")
            if answers in names:
                found.append(BfclTable(artifacts, answers, name, match["category"]))
    return found
