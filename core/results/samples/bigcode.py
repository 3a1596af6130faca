"""bigcode-evaluation-harness: `generations.json`, for each problem the list of its answers, in the order of the data.

It says what was answered and nothing of what passed, so it is no evidence; but it tells how many problems there were,
which `evaluation_results.json` does not.
"""

from __future__ import annotations

import re

from ...base.narrow import as_items
from .artifacts import Artifacts

_NAME = re.compile(r"(?:.*/)?generations(?:_[^/]*)?\.json")
_FIGURE = re.compile(r"(?:.*_)?pass_\d+")


def generated(artifacts: Artifacts, label: str) -> tuple[int, int] | None:
    """How many problems were answered, and how often each, behind the figure `label` (as `plain` writes it).

    None where that is no `pass@k`, where there is no such file, or where not all were answered equally often.
    """
    name = next((name for name in artifacts.names if _NAME.fullmatch(name)), "")
    if not name or not _FIGURE.fullmatch(label):
        return None
    problems = as_items(artifacts.json(name))
    counts = {len(as_items(answers)) for answers in problems}
    return (len(problems), counts.pop()) if len(counts) == 1 and 0 not in counts else None
