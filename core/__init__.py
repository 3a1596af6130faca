"""The engine room of evaldock: configuration, planning, running and results. It knows no screen.

`load_config`, `plan`, `run` and `scores` are the way in from Python; see `evaldock.core.api`. What they raise of
evaldock's own is an `EvaldockError`.
"""

# Two steps have the names of rooms. A room takes its name in this package when it is first loaded: loaded here, before
# the steps, it does not take theirs later.
from . import plan as _plan_room  # noqa: F401 # pyright: ignore[reportUnusedImport]
from . import run as _run_room  # noqa: F401 # pyright: ignore[reportUnusedImport]
from .api import load_config, plan, run, scores
from .base.errors import EvaldockError, NotStarted

__all__ = ["EvaldockError", "NotStarted", "load_config", "plan", "run", "scores"]
