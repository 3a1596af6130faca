"""A policy: what a run must keep to, task by task.

rules:
  - task: gpqa*               # a task, or a pattern
    tier: critical            # or supporting, advisory
    min: 0.60                 # the score is not lower (for a figure of which less is better: `max`)
    max_drop: 2pp             # against the baseline: a drop of this can be ruled out; 0.02 is the same
    max_relative_drop: 5%     # the same, of the baseline's score
    relative_guard_below: 20% # only where the baseline is below this
    equivalent_within: 1pp    # against the baseline: no difference of this either way
    must_run: true            # default: a task without a score is NO-GO
    min_n: 100                # samples behind the score
    max_cut: 1%               # answers cut off by the token limit
    max_unanswered: 0         # samples without an answer
    max_flips: 20             # samples that the baseline got right and this run wrong

A policy of nemo-evaluator (`version: 1`, `defaults`, `benchmarks`) is read as well; see `nemo_policy`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ...config.model import ConfigError, ConfigProblem
from ...config.node import Node
from ...config.yaml_nodes import read_yaml_file
from .nemo_policy import is_nemo_policy, nemo_rules
from .rule import AMOUNTS, Rule, Tier

_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+) ?(pp|%)?")
_TOP = "rules"


def read_policy(path: Path) -> tuple[Rule, ...]:
    """The rules of a file. Raises ConfigError with all that is wrong."""
    root, problems = read_yaml_file(path, str(path))
    if is_nemo_policy(root):
        return nemo_rules(root, problems)
    reader = _Reader(list(problems))
    rules = reader.rules(root)
    if reader.problems:
        raise ConfigError(reader.problems)
    return rules


class _Reader:
    def __init__(self, problems: list[ConfigProblem]) -> None:
        self.problems = problems

    def rules(self, root: Node) -> tuple[Rule, ...]:
        top = root.value
        if not isinstance(top, Mapping) or _TOP not in top:
            self._bad(root, "", "a policy needs a list `rules`")
            return ()
        for key in top:
            if key != _TOP:
                self._bad(top[key], str(key), "unknown key; a policy has `rules`")
        listed = top[_TOP].value
        if not isinstance(listed, (list, tuple)) or not listed:
            self._bad(top[_TOP], _TOP, "must be a list of rules")
            return ()
        found = (self._rule(node, f"{_TOP}[{place}]") for place, node in enumerate(listed))
        return tuple(rule for rule in found if rule is not None)

    def _rule(self, node: Node, path: str) -> Rule | None:
        pairs = node.value
        if not isinstance(pairs, Mapping):
            self._bad(node, path, "must be a mapping (`key: value` lines)")
            return None
        known = ("task", "tier", "must_run", *AMOUNTS)
        for key in pairs:
            if key not in known:
                self._bad(pairs[key], f"{path}.{key}", f"unknown key; known are {', '.join(known)}")
        task = pairs["task"].value if "task" in pairs else None
        if not isinstance(task, str) or not task:
            self._bad(pairs.get("task", node), f"{path}.task", "a rule needs a `task`")
            return None
        amounts = {key: self._amount(pairs[key], f"{path}.{key}") for key in AMOUNTS if key in pairs}
        return replace(Rule(task, self._tier(pairs, path), self._flag(pairs, path)), **amounts)

    def _tier(self, pairs: Mapping[str, Node], path: str) -> Tier:
        if "tier" not in pairs:
            return Tier.CRITICAL
        written = pairs["tier"].value
        if isinstance(written, str) and written in set(Tier):
            return Tier(written)
        self._bad(pairs["tier"], f"{path}.tier", f"must be one of {', '.join(Tier)}")
        return Tier.CRITICAL

    def _flag(self, pairs: Mapping[str, Node], path: str) -> bool:
        written = pairs["must_run"].value if "must_run" in pairs else True
        if not isinstance(written, bool):
            self._bad(pairs["must_run"], f"{path}.must_run", "must be true or false")
        return written is not False

    def _amount(self, node: Node, path: str) -> float | None:
        written = node.value
        match = _AMOUNT.fullmatch(str(written).strip()) if not isinstance(written, bool) else None
        if match is None:
            self._bad(node, path, "must be a number from 0, such as 0.02, 2pp or 2%")
            return None
        return float(match[1]) / (100 if match[2] else 1)

    def _bad(self, node: Node, path: str, message: str) -> None:
        self.problems.append(ConfigProblem(message, path, node.origin))


def policy_schema() -> dict[str, object]:
    """The JSON Schema of a policy file, for editors; `read_policy` is what judges."""
    amount: dict[str, object] = {
        "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": _AMOUNT.pattern}]
    }
    properties: dict[str, object] = {
        "task": {"type": "string", "description": "A task, or a pattern of tasks."},
        "tier": {"enum": list(Tier), "description": "critical unless given."},
        "must_run": {"type": "boolean", "description": "Whether a task without a score is NO-GO; true unless given."},
        **dict.fromkeys(AMOUNTS, amount),
    }
    rule = {"type": "object", "required": ["task"], "additionalProperties": False, "properties": properties}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "evaldock gate policy",
        "type": "object",
        "required": [_TOP],
        "additionalProperties": False,
        "properties": {_TOP: {"type": "array", "minItems": 1, "items": rule}},
    }
