"""Matching a regular expression of a stranger in a process of its own: `python -m evaldock.core.logs.match`.

A question is `{"pattern": str, "lines": [str, ...]}`, its answer the groups of the last match in the first of `lines`
that has one, `[]` when none has. It is ended by its timer (SIGVTALRM) when one request takes longer
than `SLOWEST` seconds of processor time.
"""

from __future__ import annotations

import json
import re
import signal

from ..base.helper import serve

SLOWEST = 0.3


def groups_of(pattern: str, lines: list[str]) -> list[str | None]:
    """The groups of the last match in the first line that has one. Raises re.error."""
    expression = re.compile(pattern)
    for line in lines:
        if found := list(expression.finditer(line)):
            return list(found[-1].groups())
    return []


def _answer(question: bytes) -> bytes:
    # The default action of this signal ends the process.
    signal.setitimer(signal.ITIMER_VIRTUAL, SLOWEST)
    found = groups_of(**json.loads(question))
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return json.dumps(found).encode()


if __name__ == "__main__":
    serve(_answer)
