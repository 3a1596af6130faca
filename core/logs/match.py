"""Matching a regular expression of a stranger in a process of its own: `python -m evaldock.core.logs.match`.

It reads lines `{"pattern": str, "lines": [str, ...]}` and answers each with a line: the groups of the last match in the
first of `lines` that has one, `[]` when none has. It is ended by its timer (SIGVTALRM) when one request takes longer
than `SLOWEST` seconds of processor time.
"""

from __future__ import annotations

import json
import re
import signal
import sys

SLOWEST = 0.2


def groups_of(pattern: str, lines: list[str]) -> list[str | None]:
    """The groups of the last match in the first line that has one. Raises re.error."""
    expression = re.compile(pattern)
    for line in lines:
        if found := list(expression.finditer(line)):
            return list(found[-1].groups())
    return []


def main() -> None:
    """Serve until stdin ends."""
    for line in sys.stdin.buffer:
        # The default action of this signal ends the process.
        signal.setitimer(signal.ITIMER_VIRTUAL, SLOWEST)
        answer = groups_of(**json.loads(line))
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
