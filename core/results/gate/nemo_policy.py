"""Policies of nemo-evaluator (`nel gate`), read where they mean the same.

version: 1
defaults: {tier: supporting, max_drop: 0.015, metric: mean_reward, direction: higher_is_better}
benchmarks:
  gpqa_diamond: {tier: critical, max_drop: 0.01, max_relative_drop: 0.10, relative_guard_below: 0.15}
  adlr_humaneval: {metric: pass@1}
  mmlu: {tier: advisory}

There `supporting` blocks a release as `critical` does, so both are read as critical. A drop is ruled out by its
interval here, by which nemo-evaluator decides only where it has one. Keys that are not listed are refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...catalog.measure import Direction
from ...config.model import ConfigError, ConfigProblem
from ...config.node import Node
from .rule import Rule, Tier

_TOP = ("version", "defaults", "benchmarks")
_AMOUNTS = ("max_drop", "max_relative_drop", "relative_guard_below")
_KEYS = ("tier", *_AMOUNTS, "metric", "direction")
_TIERS = {"critical": Tier.CRITICAL, "supporting": Tier.CRITICAL, "advisory": Tier.ADVISORY}
_DIRECTIONS = {"higher_is_better": Direction.HIGHER.value, "lower_is_better": Direction.LOWER.value}
_HEADLINE = "mean_reward"  # the mean over all samples: what a task is known by here
_DEFAULT = Rule("*", Tier.CRITICAL, max_drop=0.015)


def is_nemo_policy(root: Node) -> bool:
    """Whether it is written for nemo-evaluator."""
    return isinstance(root.value, Mapping) and "benchmarks" in root.value and "rules" not in root.value


def nemo_rules(root: Node, problems: Sequence[ConfigProblem] = ()) -> tuple[Rule, ...]:
    """The rules of such a policy. Raises ConfigError with all that is wrong, and what is not known here."""
    reader = _Reader(list(problems))
    rules = reader.rules(root)
    if reader.problems:
        raise ConfigError(reader.problems)
    return rules


class _Reader:
    def __init__(self, problems: list[ConfigProblem]) -> None:
        self.problems = problems

    def rules(self, root: Node) -> tuple[Rule, ...]:
        top = self._pairs(root, "", _TOP)
        version = top.get("version")
        if version is None or version.value != 1:
            self._bad(version or root, "version", "only version 1 of nemo-evaluator's policies is known")
        base = self._rule(_DEFAULT, top["defaults"], "defaults") if "defaults" in top else _DEFAULT
        named = top["benchmarks"].value
        if not isinstance(named, Mapping) or not named:
            self._bad(top["benchmarks"], "benchmarks", "must name benchmarks")
            return ()
        found: list[Rule] = []
        for name, node in named.items():
            rule = replace(base, task=str(name))
            found.append(self._rule(rule, node, f"benchmarks.{name}") if node.value is not None else rule)
        # What is only reported need not have run.
        return tuple(replace(rule, must_run=rule.tier is not Tier.ADVISORY) for rule in found)

    def _rule(self, base: Rule, node: Node, path: str) -> Rule:
        pairs = self._pairs(node, path, _KEYS)
        amounts = {key: self._amount(pairs[key], f"{path}.{key}") for key in _AMOUNTS if key in pairs}
        rule = replace(base, **amounts)
        if "tier" in pairs:
            rule = replace(rule, tier=_TIERS[self._word(pairs["tier"], f"{path}.tier", _TIERS)])
        if "direction" in pairs:
            word = self._word(pairs["direction"], f"{path}.direction", _DIRECTIONS)
            rule = replace(rule, direction=_DIRECTIONS[word])
        if "metric" in pairs:
            metric = pairs["metric"].value
            if not isinstance(metric, str):
                self._bad(pairs["metric"], f"{path}.metric", "must be the name of a metric")
            else:
                rule = replace(rule, metric="" if metric == _HEADLINE else metric)
        return rule

    def _pairs(self, node: Node, path: str, known: Sequence[str]) -> Mapping[str, Node]:
        if not isinstance(node.value, Mapping):
            self._bad(node, path, "must be a mapping (`key: value` lines)")
            return {}
        for key, below in node.value.items():
            if key not in known:
                at = f"{path}.{key}" if path else str(key)
                self._bad(below, at, f"is a key of nemo-evaluator's that evaldock does not know: {', '.join(known)}")
        return node.value

    def _word(self, node: Node, path: str, words: Mapping[str, object]) -> str:
        if isinstance(node.value, str) and node.value in words:
            return node.value
        self._bad(node, path, f"must be one of {', '.join(words)}")
        return next(iter(words))

    def _amount(self, node: Node, path: str) -> float | None:
        found = node.value
        if found is None or (isinstance(found, (int, float)) and not isinstance(found, bool) and found >= 0):
            return None if found is None else float(found)
        self._bad(node, path, "must be a number from 0, such as 0.015")
        return None

    def _bad(self, node: Node, path: str, message: str) -> None:
        self.problems.append(ConfigProblem(message, path, node.origin))
