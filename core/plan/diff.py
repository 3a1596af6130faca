"""What is different between two specs of one job, for people to read. Nothing secret is in it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from .codec import job_to_json
from .mask import masked_text, masked_value
from .spec import JobSpec

_DERIVED = ("samples", "estimated", "one_request", "repeats", "position", "repeat", "reported")


@dataclass(frozen=True)
class Change:
    """One value that differs; `before` or `after` is None where there is none. Both are masked."""

    path: str
    before: object
    after: object


def spec_changes(before: JobSpec, after: JobSpec) -> tuple[Change, ...]:
    """The changes from `before` to `after`, by dotted paths such as `run_config.config.params.limit_samples`."""
    return tuple(_changes(_facts(before), _facts(after), ""))


def _facts(job: JobSpec) -> dict[str, object]:
    """A spec as a tree without what only follows from something else in it."""
    facts = job_to_json(job)
    for name in _DERIVED:
        facts.pop(name, None)
    facts["command"] = shlex.join(job.command)
    facts["env"] = {ref.name: f"{ref.value.kind}:{ref.value.source}" for ref in job.env}
    facts["mounts"] = {m.target: m.source + (":ro" if m.read_only else "") for m in job.mounts}
    endpoint = _at(_at(_at(facts, "run_config"), "target"), "api_endpoint")
    # The proxy's copy says the same as the task's, in the user's own order.
    endpoint.pop("adapter_config", None)
    return facts


def _changes(before: Mapping[str, object], after: Mapping[str, object], at: str) -> Iterator[Change]:
    for key in dict.fromkeys((*before, *after)):
        path = f"{at}.{key}" if at else key
        old, new = before.get(key), after.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _changes(cast("dict[str, object]", old), cast("dict[str, object]", new), path)
        elif before.get(key) != after.get(key):
            yield Change(path, _shown(path, before.get(key)), _shown(path, after.get(key)))


def _shown(path: str, value: object) -> object:
    if path.startswith("env."):
        return masked_text(value) if isinstance(value, str) else value
    return masked_value(path, value)


def _at(tree: dict[str, object], key: str) -> dict[str, object]:
    found = tree.get(key)
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}
