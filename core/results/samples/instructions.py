"""IFBench and IFEval: `eval_results_{strict,loose}.jsonl`, one prompt a line with what became of each instruction."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...base.narrow import as_items, as_tree
from .artifacts import Artifacts, objects
from .model import Row, Table, Texts, digest, plain, shown

_NAME = re.compile(r"(?:.*/)?eval_results_(?P<kind>strict|loose)\.jsonl")


@dataclass(frozen=True)
class InstructionTable:
    """One such file; instructions of one prompt are a cluster."""

    artifacts: Artifacts
    file: str
    kind: str
    task: str = ""

    def rows(self) -> Iterator[Row]:
        """A row a prompt (`strict_prompt_level`), and one an instruction: all of them (`strict_instruction_level`), by
        family (`strict_count`) and by kind (`strict_count_conjunctions`)."""
        for offset, size, tree in objects(self.artifacts, self.file):
            whole = tree.get("follow_all_instructions")
            if not isinstance(whole, bool):
                continue
            prompt = digest(shown(tree.get("prompt")))
            yield Row(prompt, {f"{self.kind}_prompt_level": float(whole)}, "", offset, size)
            names = [shown(name) for name in as_items(tree.get("instruction_id_list"))]
            for name, passed in zip(names, as_items(tree.get("follow_instruction_list")), strict=False):
                labels = {"instruction_level", plain(name.partition(":")[0]), plain(name)}
                values = {f"{self.kind}_{label}": float(passed is True) for label in labels}
                yield Row(f"{prompt}:{name}", values, prompt, offset, size)

    def texts(self, row: Row) -> Texts:
        """Of the prompt."""
        tree = as_tree(self.artifacts.json(self.file, row.offset, row.size))
        names = ", ".join(shown(name) for name in as_items(tree.get("instruction_id_list")))
        return Texts(shown(tree.get("prompt")), shown(tree.get("response")), "", names)


def instruction_tables(artifacts: Artifacts, cluster: str = "") -> Sequence[Table]:
    """The newest of each kind."""
    found: dict[str, Table] = {}
    for name in artifacts.names:
        match = _NAME.fullmatch(name)
        if match:
            found.setdefault(match["kind"], InstructionTable(artifacts, name, match["kind"]))
    return list(found.values())
