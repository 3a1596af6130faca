"""evaldock with a defect built in: F9 on the run screen raises. For the test of what a crash leaves.

python -m tests.terminal.crashing ARGUMENT...      as `evaldock ARGUMENT...`
"""

from __future__ import annotations

import os

from evaldock.tui.cli.main import main
from evaldock.tui.screens.run import RunScreen

SECRET = "sk-the-value-of-a-variable"


def _broken(_screen: RunScreen) -> None:
    secret = os.environ.get("EVALDOCK_TEST_SECRET", SECRET)
    raise RuntimeError("a defect for the test"[: len(secret)])


if __name__ == "__main__":
    RunScreen.key_f9 = _broken  # type: ignore[attr-defined]
    main()
