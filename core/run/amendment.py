"""A job's spec for one attempt and those after it: what a rerun with overrides brings along."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from ..plan.codec import PlanDamaged, job_from_json, job_to_json
from ..plan.spec import JobSpec

MAX_BYTES = 1 << 24


@dataclass(frozen=True)
class Amendment:
    """`overrides` are all that hold since the run began, as they were typed; `shown` are those that are new, masked.

    Like plan.json it holds no value of the host's environment.
    """

    spec: JobSpec
    overrides: tuple[str, ...]
    shown: tuple[str, ...]

    def to_bytes(self) -> bytes:
        """The file's content: `{"overrides": [...], "shown": [...], "spec": {...}}`."""
        tree = {"overrides": list(self.overrides), "shown": list(self.shown), "spec": job_to_json(self.spec)}
        return json.dumps(tree, indent=1).encode() + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes | None, planned: JobSpec) -> Amendment:
        """What `to_bytes` wrote for a job that was planned as `planned`. Raises PlanDamaged."""
        try:
            tree: object = json.loads(data or b"")
        except (ValueError, RecursionError) as error:
            raise PlanDamaged(f"not JSON: {error}") from error
        if not isinstance(tree, dict):
            raise PlanDamaged("not an object")
        fields = cast("dict[str, object]", tree)
        spec = job_from_json(fields.get("spec"))
        if (spec.id, spec.dir_name) != (planned.id, planned.dir_name):
            raise PlanDamaged("the spec of another job")
        return cls(spec, _texts(fields.get("overrides")), _texts(fields.get("shown")))


def masked(overrides: Sequence[str]) -> tuple[str, ...]:
    """Overrides as they may be shown. Raises ConfigError for what is none."""
    from ..config.overrides import parse_override
    from ..plan.mask import masked_override

    return tuple(masked_override(text, ".".join(parse_override(text).parts)) for text in overrides)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise PlanDamaged("without its overrides")
    return tuple(str(text) for text in cast("list[object]", value))
