"""LiveCodeBench: `*_eval_all.json`, an array of problems, each with what became of each of its answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...base.narrow import as_items, as_tree
from .artifacts import Artifacts
from .model import Row, Table, Texts, shown

_NAME = re.compile(r"(?:.*/)?[^/]*_eval_all\.json")
LABELS = ("pass_1", "accuracy", "score")


@dataclass(frozen=True)
class LiveCodeBenchTable:
    """One such file. It is one JSON value, so it is read as a whole, within bounds."""

    artifacts: Artifacts
    file: str
    task: str = ""

    def rows(self) -> Iterator[Row]:
        """A row an answer: several of one problem are repeats."""
        for place, problem in enumerate(self._problems()):
            tree = as_tree(problem)
            for number, passed in enumerate(as_items(tree.get("graded_list"))):
                yield Row(
                    shown(tree.get("question_id")), dict.fromkeys(LABELS, float(passed is True)), "", place, number
                )

    def texts(self, row: Row) -> Texts:
        """Here `offset` is the problem's place in the array, and `size` the answer's in its list."""
        problems = self._problems()
        tree = as_tree(problems[row.offset]) if row.offset < len(problems) else {}
        answers, codes = as_items(tree.get("output_list")), as_items(tree.get("code_list"))
        return Texts(
            prompt=shown(tree.get("question_content")),
            answer=shown(answers[row.size]) if row.size < len(answers) else "",
            extracted=shown(codes[row.size]) if row.size < len(codes) else "",
        )

    def _problems(self) -> list[object]:
        return as_items(self.artifacts.json(self.file))


def livecodebench_tables(artifacts: Artifacts, cluster: str = "") -> Sequence[Table]:
    """The newest."""
    return [LiveCodeBenchTable(artifacts, name) for name in artifacts.names if _NAME.fullmatch(name)][:1]
