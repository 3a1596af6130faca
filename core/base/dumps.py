"""Processes that hold keys leave no image of their memory behind."""

from __future__ import annotations

import contextlib
import sys

_PR_SET_DUMPABLE = 4  # linux/prctl.h


def no_dumps() -> None:
    """No core dump of this process and its children, and nobody else of the same user may read its memory."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with contextlib.suppress(Exception):  # a C library without it, or none that can be loaded
            import ctypes

            # Also where core dumps go to a program (kernel.core_pattern), for which the limit does not count.
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
