"""Which of several tasks with one name is meant.

A bare name such as `mmlu` may stand in several harnesses. The rule, in this order:

1. Tasks of the user's own catalog files hide packaged ones of the same name.
2. Tasks of `codec` (contamination detection) measure something else under the same names. They are meant only
   when written as `codec.NAME`, or when no other harness has the name - whatever the endpoint type.
3. Of the rest, those that speak the wanted endpoint type, if there are any.
4. Of those, the harness of the lowest rank below. Two of the same rank are ambiguous: the user must choose.

| rank | harness |
|------|---------|
| 1    | the one that carries the task's own name (`ifbench.ifbench`, `scicode.scicode`, `hle.hle`) |
| 2    | `simple_evals` |
| 3    | `lm-evaluation-harness` |
| 4    | `bigcode-evaluation-harness` |
| 5    | every other |

So for a chat endpoint: ifeval -> lm-evaluation-harness; gpqa_diamond, mmlu_pro, humaneval -> simple_evals.
"""

from __future__ import annotations

from collections.abc import Sequence

from .model import TaskSpec

LAST_RESORT = "codec"
_RANKS = {"simple_evals": 2, "lm-evaluation-harness": 3, "bigcode-evaluation-harness": 4}
_OTHER = 5

# What an endpoint of one type also serves: images ride on chat messages, log-probabilities on completions.
_ALSO_SERVES = {
    "chat": ("vlm",),
    "completions": ("completions_logprob",),
    "completions_logprob": ("completions",),
}


def normal(name: str) -> str:
    """The form in which names are compared: case and `-` / `_` do not matter."""
    return name.strip().lower().replace("-", "_")


def fitting_type(spec: TaskSpec, wanted: str) -> str | None:
    """The endpoint type with which `spec` can use an endpoint of type `wanted`; None if it cannot."""
    usable = (wanted, *_ALSO_SERVES.get(wanted, ()))
    return next((kind for kind in usable if kind in spec.endpoint_types), None)


def preferred(candidates: Sequence[TaskSpec], wanted: str | None, own: Sequence[TaskSpec] = ()) -> tuple[TaskSpec, ...]:
    """Those of `candidates` that a bare name means: one, or several when it stays ambiguous.

    `own` holds those of them that come from the user's own catalog files.
    """
    left = list(own) or [spec for spec in candidates if spec.harness != LAST_RESORT] or list(candidates)
    if wanted:
        left = [spec for spec in left if fitting_type(spec, wanted)] or left
    best = min(_rank(spec) for spec in left)
    return tuple(spec for spec in left if _rank(spec) == best)


def _rank(spec: TaskSpec) -> int:
    if normal(spec.harness) == normal(spec.name):
        return 1
    return _RANKS.get(spec.harness, _OTHER)
