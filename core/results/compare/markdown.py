"""A comparison as Markdown, for a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from .matrix import Matrix
from .model import Difference, Verdict
from .words import chance, differently, figure, paired, signed

_MARKS = {Verdict.BETTER: "🟢", Verdict.WORSE: "🔴", Verdict.INCOMPARABLE: "⚠️"}


def markdown(title: str, rows: Sequence[Difference]) -> str:
    """A heading, a table, and a list of what the table does not say. Ends in a newline."""
    lines = [f"### {escaped(title)}", "", "| task | metric | before | after | change | p | samples | verdict |"]
    lines.append("|---|---|--:|--:|--:|--:|---|---|")
    lines += [_row(row) for row in rows]
    said = [
        f"- **{escaped(row.task)}**: {escaped(text)}." for row in rows for text in (row.why, differently(row)) if text
    ]
    notes = [f"- {escaped(row.task)}: {escaped(note)}" for row in rows for note in row.notes]
    lines += ["", *said] if said else []
    lines += ["", "<details><summary>What else differs</summary>", "", *notes, "", "</details>"] if notes else []
    return "\n".join(lines) + "\n"


def markdown_matrix(found: Matrix) -> str:
    """A table, a row a task. Ends in a newline."""
    lines = ["| " + " | ".join(["task", *map(escaped, found.runs)]) + " |", "|---" + "|--:" * len(found.runs) + "|"]
    for task, places in found.lines:
        cells = (_MARKS.get(one.verdict, "⚪") + " " + one.words if one.verdict else one.words for one in places)
        lines.append("| " + " | ".join([escaped(task), *map(escaped, cells)]) + " |")
    return "\n".join(lines) + "\n"


def _row(row: Difference) -> str:
    cells = (
        row.task,
        row.metric,
        figure(row.before, row.unit),
        figure(row.after, row.unit),
        signed(row.delta, row.unit),
        chance(row.p_holm),
        paired(row),
        f"{_MARKS.get(row.verdict, '⚪')} {row.verdict.value}",
    )
    return "| " + " | ".join(escaped(cell) for cell in cells) + " |"


def escaped(text: str) -> str:
    """Names come from containers and configs: nothing of them is markup."""
    for character in "\\`*_[]<>|#":
        text = text.replace(character, f"\\{character}")
    return text.replace("\n", " ")
