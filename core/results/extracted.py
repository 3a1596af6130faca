"""What the single answers to each sample were, for a vote; to be called through `read_apart`."""

from __future__ import annotations

from pathlib import Path

from ..catalog.measure import Measure
from .samples.declared import DeclaredTable
from .samples.evidence import SampleFiles
from .samples.lm_eval import LmEvalTable
from .samples.model import SampleTooLarge, digest
from .samples.nemo_skills import NemoSkillsTable
from .samples.simple_evals import SimpleEvalsTable

# Whose files name the part of an answer that was judged, and find it without reading all of the file.
_VOTING = (DeclaredTable, LmEvalTable, NemoSkillsTable, SimpleEvalsTable)


def extracted_answers(artifacts: Path, measure: Measure, label: str) -> dict[str, list[tuple[str, float]]]:
    """Item -> what was extracted from each of its answers (as a digest), and what that scored; {} where nothing was.

    Raises nothing.
    """
    found: dict[str, list[tuple[str, float]]] = {}
    said = False
    for table in SampleFiles(artifacts, measure).tables:
        if not isinstance(table, _VOTING):
            continue
        try:
            for row in table.rows():
                if label in row.values:
                    text = table.texts(row).extracted.strip()
                    said = said or bool(text)
                    found.setdefault(row.id, []).append((digest(text), row.values[label]))
        except SampleTooLarge:
            return {}
    return found if said else {}
