"""The tasks that an image itself says it has: the answer of `nemo-evaluator ls`.

harness:
  * task
  * task
"""

from __future__ import annotations

import re
from dataclasses import replace

from .catalog import Catalog
from .model import CatalogError, TaskSpec

COMMANDS = (("nemo-evaluator", "ls"), ("eval-factory", "ls"))
"""By the name of today, and by its first one."""

NOT_FOUND = 127

_HARNESS = re.compile(r"([A-Za-z0-9][\w.-]*):\s*")
_TASK = re.compile(r"\s+\*\s+([A-Za-z0-9_][\w.+-]*)\s*")


def parse_listing(text: str, image: str, catalog: Catalog) -> list[TaskSpec]:
    """The tasks in such a text, to be run in `image`; what `catalog` knows of them is kept. Other lines are log lines.

    Raises CatalogError when there is none.
    """
    found: list[TaskSpec] = []
    harness = ""
    for line in text.splitlines():
        if head := _HARNESS.fullmatch(line):
            harness = head[1]
        elif harness and (item := _TASK.fullmatch(line)):
            found.append(_spec(harness, item[1], image, catalog))
    if not found:
        said = next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "nothing")
        raise CatalogError(f"{image} does not list its tasks: `{' '.join(COMMANDS[0])}` said: {said[:300]}")
    return found


def _spec(harness: str, name: str, image: str, catalog: Catalog) -> TaskSpec:
    known = catalog.find(f"{harness}.{name}")
    if known is not None:
        return replace(known, image=image, digest="")
    return TaskSpec(name=name, harness=harness, image=image)
