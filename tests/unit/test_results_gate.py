"""Policies and what they decide."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as XML

import jsonschema
import pytest
import yaml
from evaldock.core.config.model import ConfigError
from evaldock.core.results.compare.side import Side
from evaldock.core.results.gate.decide import Decision, Outcome, chance_of_drop, decide_sides
from evaldock.core.results.gate.forms import gate_junit, gate_markdown
from evaldock.core.results.gate.policy import policy_schema, read_policy
from evaldock.core.results.gate.rule import Rule, Tier
from evaldock.core.statistics.paired import MeanPairs
from scipy import stats

from .test_results_compare import binary, side


def decided(
    *rules: Rule, run: Side | None = None, baseline: Side | None = None, answers: tuple[int, int, int] = (100, 0, 0)
) -> Decision:
    run = run or side(binary(700, 1000))
    return decide_sides(rules, {"t": run}, {"t": baseline} if baseline else {}, lambda _: answers)


def said(decision: Decision) -> str:
    return f"{decision.outcome}: " + "; ".join(f"{c.rule} {c.passed}: {c.why}" for c in decision.checks)


RANGED = side(value=0.7, n=1000, low=0.67, high=0.73)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule("t", min=0.6), "GO: min pass: 0.700, at least 0.600; between 0.670 and 0.730"),
        (Rule("t", min=0.8), "NO-GO: min fail: 0.700, at least 0.800; between 0.670 and 0.730"),
        (
            Rule("t", min=0.69),
            "INCONCLUSIVE: min inconclusive: 0.700, at least 0.690; between 0.670 and 0.730; "
            "about 9,000 samples, or 9 repeats of these 1,000 would decide",
        ),
        (Rule("t", max=0.6), "NO-GO: max fail: 0.700, at most 0.600; between 0.670 and 0.730"),
        (Rule("t", min_n=2000), "NO-GO: min_n fail: 1,000 of at least 2,000 samples"),
        (Rule("t", max_cut=0.01), "NO-GO: max_cut fail: 3 of 100 answers cut off, 3.0 %"),
        (Rule("t", max_unanswered=0), "NO-GO: max_unanswered fail: 2 without an answer"),
        (Rule("t", max_unanswered=2), "GO: max_unanswered pass: 2 without an answer"),
        (Rule("other"), "NO-GO: must_run fail: the run has no such task"),
        (Rule("other", must_run=False), "GO: "),
    ],
)
def test_rules_of_a_run_alone(rule: Rule, expected: str) -> None:
    assert said(decided(rule, run=RANGED, answers=(100, 3, 2))) == expected


def test_a_drop_is_ruled_out_seen_or_neither() -> None:
    before = side(binary(700, 1000))
    rule = Rule("t", max_drop=0.02)
    assert said(decided(rule, run=side(binary(698, 1000)), baseline=before)) == (
        "GO: max_drop pass: -0.2 pp, between -0.73 and +0.18; a drop of 2 pp is ruled out"
    )
    assert said(decided(rule, run=side(binary(640, 1000)), baseline=before)) == (
        "NO-GO: max_drop fail: -6.0 pp, between -7.6 and -4.7; a drop of 2 pp is seen"
    )
    unsure = decided(rule, run=side(binary(69, 100)), baseline=side(binary(70, 100)))
    assert said(unsure).startswith("INCONCLUSIVE: max_drop inconclusive: -1.0 pp, between")
    assert unsure.checks[0].needs is not None and "is not ruled out; about" in unsure.checks[0].why


def test_a_relative_drop_equivalence_and_flips() -> None:
    before, after = side(binary(700, 1000)), side(binary(698, 1000))
    relative = decided(Rule("t", max_relative_drop=0.01), run=after, baseline=before)
    assert said(relative) == "INCONCLUSIVE: " + f"max_relative_drop inconclusive: {relative.checks[0].why}"
    assert "a drop of 0.7 pp is not ruled out" in relative.checks[0].why
    assert decided(Rule("t", equivalent_within=0.01), run=after, baseline=before).outcome is Outcome.GO
    assert decided(Rule("t", max_flips=1), run=after, baseline=before).outcome is Outcome.NO_GO
    assert decided(Rule("t", max_flips=2), run=after, baseline=before).outcome is Outcome.GO
    assert decided(Rule("t", max_flips=2), run=after).outcome is Outcome.INCONCLUSIVE


def test_tiers() -> None:
    for tier, outcome in (
        (Tier.CRITICAL, Outcome.NO_GO),
        (Tier.SUPPORTING, Outcome.INCONCLUSIVE),
        (Tier.ADVISORY, Outcome.GO),
    ):
        assert decided(Rule("t", tier, min=0.9), run=RANGED).outcome is outcome


def test_one_of_many_tasks_must_rule_it_out_more_clearly() -> None:
    rule = Rule("*", max_drop=0.035)
    sides = {f"t{i}": side(binary(700, 1000), task=f"t{i}") for i in range(20)}
    after = {task: side(binary(690, 1000), task=task) for task in sides}
    after["t0"] = side(binary(679, 1000), task="t0")
    alone = decide_sides([rule], {"t0": after["t0"]}, {"t0": sides["t0"]}, lambda _: (0, 0, 0))
    among = decide_sides([rule], after, sides, lambda _: (0, 0, 0))
    assert alone.outcome is Outcome.GO
    assert among.outcome in (Outcome.GO, Outcome.INCONCLUSIVE)
    found = MeanPairs(-0.01, 0.011, 200, False)
    chance = chance_of_drop(found, 0.035, lower=False)
    # Against the one-sided t test of the shifted mean.
    assert chance == pytest.approx(stats.t.sf((0.035 - 0.01) / 0.011, 199), rel=1e-6)


def test_a_missing_or_invalid_score_is_named() -> None:
    broken = side(value=0.5, validity="invalid", why="No answers.")
    assert said(decided(Rule("t"), run=broken)) == "NO-GO: must_run fail: its score is invalid: No answers"


def test_a_policy_is_read_and_fits_its_schema(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(
        "rules:\n  - task: gpqa*\n    min: 0.6\n    max_drop: 2pp\n    max_cut: 1%\n"
        "  - {task: mmlu, tier: advisory, must_run: false, max_flips: 20}\n"
    )
    assert read_policy(path) == (
        Rule("gpqa*", min=0.6, max_drop=0.02, max_cut=0.01),
        Rule("mmlu", Tier.ADVISORY, must_run=False, max_flips=20),
    )
    jsonschema.Draft7Validator(policy_schema()).validate(yaml.safe_load(path.read_text()))


def test_all_that_is_wrong_with_a_policy_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("rules:\n  - task: a\n    mni: 1\n    min: lots\n    tier: top\n  - min: 0\n  - 3\nmore: 1\n")
    with pytest.raises(ConfigError) as told:
        read_policy(path)
    text = str(told.value)
    for part in (":3:", "unknown key; known are task", ":4:", "such as 0.02, 2pp", ":5:", "critical", "needs a `task`"):
        assert part in text
    for wrong in ("", "rules: 3", "- a", "rules: []"):
        path.write_text(wrong)
        with pytest.raises(ConfigError):
            read_policy(path)


def test_forms() -> None:
    decision = decided(Rule("t", min=0.9), Rule("t", min=0.69), Rule("t", Tier.ADVISORY, min=0.9), run=RANGED)
    text = gate_markdown(decision, "a|b")
    assert text.startswith("### 🔴 NO-GO: a\\|b\n") and "| ✗ | critical | t | min |" in text
    suite = XML.fromstring(gate_junit(decision, "x\x1b"))[0]
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("1", "1", "1")
    assert suite[0][0].get("value") == "NO-GO"


NEMO = """
version: 1
defaults:
  tier: supporting
  max_drop: 0.015
  metric: mean_reward
  direction: higher_is_better
  relative_guard_below: 0.15
benchmarks:
  gpqa:
    tier: critical
    max_drop: 0.01
    max_relative_drop: 0.10
  simple_evals.AIME_2025:
    max_relative_drop: 0.10
  humaneval:
    metric: pass@1
  ruler-128k: {}
  scicode:
  mmlu:
    tier: advisory
    metric: exact_match
"""


def test_a_policy_of_nemo_evaluator_means_the_same(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(NEMO)
    common = {"max_drop": 0.015, "direction": "higher", "relative_guard_below": 0.15}
    assert read_policy(tmp_path / "p.yaml") == (
        Rule("gpqa", **{**common, "max_drop": 0.01}, max_relative_drop=0.1),  # type: ignore[arg-type]
        Rule("simple_evals.AIME_2025", **common, max_relative_drop=0.1),  # type: ignore[arg-type]
        Rule("humaneval", **common, metric="pass@1"),  # type: ignore[arg-type]
        Rule("ruler-128k", **common),  # type: ignore[arg-type]
        Rule("scicode", **common),  # type: ignore[arg-type]
        Rule("mmlu", Tier.ADVISORY, False, **common, metric="exact_match"),  # type: ignore[arg-type]
    )
    (tmp_path / "p.yaml").write_text("version: 1\nbenchmarks: {t: {}}\n")
    assert read_policy(tmp_path / "p.yaml") == (Rule("t", max_drop=0.015),)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("version: 2\nbenchmarks: {t: {}}", "p.yaml:1:10: version: only version 1"),
        ("benchmarks: {t: {}}", "version: only version 1"),
        ("version: 1\nbenchmarks: {}", "p.yaml:2:13: benchmarks: must name benchmarks"),
        ("version: 1\nbenchmarks: {t: {min_samples: 3}}", "benchmarks.t.min_samples: is a key of nemo-evaluator's"),
        ("version: 1\nstrict: true\nbenchmarks: {t: {}}", "strict: is a key of nemo-evaluator's that evaldock"),
        (
            "version: 1\nbenchmarks: {t: {tier: high}}",
            "benchmarks.t.tier: must be one of critical, supporting",
        ),
        ("version: 1\nbenchmarks: {t: {max_drop: 1.5pp}}", "benchmarks.t.max_drop: must be a number from 0"),
        ("version: 1\ndefaults: {direction: up}\nbenchmarks: {t: {}}", "defaults.direction: must be one of higher_is"),
    ],
)
def test_what_of_such_a_policy_is_not_known_is_refused_by_name(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(ConfigError) as error:
        read_policy(tmp_path / "p.yaml")
    assert problem in str(error.value)


def test_both_drops_hold_and_the_relative_one_only_below_its_guard() -> None:
    before, after = side(binary(100, 1000)), side(binary(92, 1000))
    both = Rule("t", max_drop=0.05, max_relative_drop=0.02, relative_guard_below=0.2)
    assert [(check.rule, check.passed.value) for check in decided(both, run=after, baseline=before).checks] == [
        ("max_drop", "pass"),
        ("max_relative_drop", "fail"),
    ]
    high = Rule("t", max_drop=0.05, max_relative_drop=0.02, relative_guard_below=0.05)
    assert [check.rule for check in decided(high, run=after, baseline=before).checks] == ["max_drop"]


def test_a_policy_for_another_figure_decides_nothing() -> None:
    run = side(binary(700, 1000))
    assert said(decided(Rule("t", metric="pass@1", min=0.5), run=run)) == (
        "INCONCLUSIVE: metric inconclusive: the policy is about pass@1, and the task is known by t_acc"
    )
    lower = decided(Rule("h.t", direction="lower", max_drop=0.01), run=run, baseline=run)
    assert "the policy says that lower is better, and the figure that higher is" in said(lower)
    named = decided(Rule("h.t", metric="acc", min=0.5), run=run)
    assert named.outcome is Outcome.GO
