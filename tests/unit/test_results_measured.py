"""Figures: unit, direction, n, interval, and the samples behind them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from evaldock.core.catalog.measure import Direction, Measure, Unit, known_measure
from evaldock.core.plan.spec import JobSpec
from evaldock.core.results.lm_eval import read_lm_eval
from evaldock.core.results.measured import Source, measured
from evaldock.core.results.merge import Found
from evaldock.core.results.model import JobResult, Metric
from evaldock.core.results.read import read_results
from hypothesis import given
from hypothesis import strategies as st

from .samples.test_readers import bfcl, lines, lm_eval

HIGHER, LOWER, UNKNOWN = Direction.HIGHER, Direction.LOWER, Direction.UNKNOWN


def figure(label: str, value: float, n: int | None = None, **more: object) -> Found:
    return Found(Metric(f"t_{label}", value, n=n, **more), ("t",), label)  # type: ignore[arg-type]


def one(found: Found, source: Source) -> Metric:
    return measured([found], source)[0].metric


@pytest.mark.parametrize(
    ("label", "unit", "direction"),
    [
        ("word_perplexity", Unit.RATIO, LOWER),
        ("bits_per_byte", Unit.RATIO, LOWER),
        ("wikitext_word_perplexity", Unit.RATIO, LOWER),
        ("wer", Unit.RATIO, LOWER),
        ("mean_latency_seconds", Unit.SECONDS, LOWER),
        ("toxicity", Unit.FRACTION, LOWER),
        ("false_refusal_rate", Unit.FRACTION, LOWER),
        ("refusal_rate", Unit.FRACTION, UNKNOWN),
        ("acc", Unit.FRACTION, HIGHER),
        ("acc_norm", Unit.FRACTION, HIGHER),
        ("exact_match__flexible-extract", Unit.FRACTION, HIGHER),
        ("strict:prompt-level", Unit.FRACTION, HIGHER),
        ("pass@1", Unit.FRACTION, HIGHER),
        ("score_micro", Unit.NUMBER, HIGHER),
        ("bleu", Unit.NUMBER, HIGHER),
        ("whatever", Unit.NUMBER, UNKNOWN),
    ],
)
def test_what_names_tell(label: str, unit: Unit, direction: Direction) -> None:
    assert known_measure(label) == (unit, direction)


def test_the_harness_knows_best_then_the_users_catalog(tmp_path: Path) -> None:
    tree = {"results": {"t": {"acc,none": 0.5}}, "higher_is_better": {"t": {"acc": False}}}
    (found,) = read_lm_eval(tree)
    assert one(found, Source(tmp_path)).direction is LOWER
    mine = Source(tmp_path, primary_metric="blah", measure=Measure(unit="seconds", direction="lower"))
    assert (one(figure("blah", 3.0), mine).unit, one(figure("blah", 3.0), mine).direction) == (Unit.SECONDS, LOWER)
    assert one(figure("acc", 0.5), mine).direction is HIGHER


def test_the_harness_says_which_way_is_better_beside_its_results(tmp_path: Path) -> None:
    """As NVIDIA's lm-evaluation-harness leaves it: results.yml, and the harness's own file in a folder of the model."""
    own = {"higher_is_better": {"t": {"exact_match": True, "blah": False, "acc": False}, "other": {"blah": True}}}
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "results_2026-11-27T10-00-00.1.json").write_text(json.dumps({"higher_is_better": {}}))
    (tmp_path / "m" / "results_2026-11-27T10-00-00.2.json").write_text(json.dumps(own))
    found = {
        label: each.metric.direction
        for label in ("blah", "blah__strict-match", "blahs", "acc", "exact_match__x")
        for each in measured([Found(Metric(f"t_{label}", 0.5), ("t",), label)], Source(tmp_path))
    }
    assert found == {
        "blah": LOWER,
        "blah__strict-match": LOWER,
        "blahs": Direction.UNKNOWN,
        "acc": LOWER,
        "exact_match__x": HIGHER,
    }


def test_generations_tell_how_many_problems_there_were(tmp_path: Path) -> None:
    """As bigcode-evaluation-harness leaves it: figures without n, and the answers in a file of their own."""
    (tmp_path / "generations_mbpp.json").write_text(json.dumps([["a"], ["b"], ["c"], ["d"]]))
    found = one(figure("pass@1", 0.75), Source(tmp_path))
    assert (found.n, found.repeats, found.interval and found.interval.method, found.evidence) == (4, 1, "wilson", "")
    (tmp_path / "generations_mbpp.json").write_text(json.dumps([["a", "b"]] * 4))
    found = one(figure("pass@1", 0.625), Source(tmp_path))
    assert (found.n, found.repeats, found.interval and found.interval.method) == (4, 2, "error")
    assert one(figure("accuracy", 0.75), Source(tmp_path)).n is None
    for damaged in ("{", "[]", "[[]]", '[["a"], 7]', '[["a"], ["b", "c"]]', "[" * 5000):
        (tmp_path / "generations_mbpp.json").write_text(damaged)
        assert one(figure("pass@1", 0.75), Source(tmp_path)).n is None


def test_percentages_are_read_as_fractions_and_never_mixed(tmp_path: Path) -> None:
    found = measured([figure("acc", 57.3, stderr=1.5), figure("f1", 0.8), figure("bleu", 31.0)], Source(tmp_path))
    assert [round(each.metric.value, 6) for each in found] == [0.573, 0.008, 31.0]
    assert found[0].metric.stderr == pytest.approx(0.015)
    declared = Source(tmp_path, primary_metric="blah", measure=Measure(unit="percent"))
    assert one(figure("blah", 0.5), declared).value == 0.005


def test_bfcl_shows_what_ran(tmp_path: Path) -> None:
    """As the harness wrote it for 100 samples of the category `simple` alone."""
    values = {"live_overall_acc": 0.0, "multi_turn_overall_acc": 0.0, "non_live_overall_acc": 3.59}
    values["python_simple_ast_non_live"] = 97.0
    metrics = {name: {"scores": {name: {"value": value, "stats": {}}}} for name, value in values.items()}
    (tmp_path / "results.yml").write_text(json.dumps({"results": {"groups": {"bfcl": {"metrics": metrics}}}}))
    bfcl(tmp_path, "simple", 97, 3)
    found = read_results(
        tmp_path, fmt="results.yml", file="", task="bfclv3", primary_metric="", samples=100, harness="bfcl"
    )
    assert isinstance(found, JobResult) and found.score is not None
    score = found.score
    assert (score.metric, score.value, score.n, score.unit) == (
        "bfcl_python_simple_ast_non_live",
        0.97,
        100,
        "fraction",
    )
    assert score.ci == "wilson" and score.low == pytest.approx(0.9155, abs=1e-4)
    assert score.why == (
        "Not run: live_overall_acc, multi_turn_overall_acc. non_live_overall_acc: 1 of 12 categories ran."
    )
    # What did not run is no figure at all.
    assert [metric.name for metric in found.metrics] == ["bfcl_python_simple_ast_non_live"]
    notes = {
        each.label: each.metric.note
        for each in measured(
            [Found(Metric(name, value), ("bfcl",), name) for name, value in values.items()], Source(tmp_path, "bfcl")
        )
    }
    assert notes["live_overall_acc"] == "Not run." and notes["non_live_overall_acc"] == "1 of 12 categories ran."


def test_the_headline_has_samples_behind_it(tmp_path: Path) -> None:
    lines(tmp_path / "samples_t.jsonl", *(lm_eval(i, "none", i % 2) for i in range(10)))
    entry = {"acc": 0.9, "exact_match": 0.5}
    metrics = {name: {"scores": {name: {"value": value, "stats": {}}}} for name, value in entry.items()}
    (tmp_path / "results.yml").write_text(json.dumps({"results": {"tasks": {"t": {"metrics": metrics}}}}))
    found = read_results(tmp_path, fmt="results.yml", file="", task="t", primary_metric="", samples=None)
    assert isinstance(found, JobResult) and found.score is not None
    assert (found.score.metric, found.score.n, found.score.evidence) == ("t_exact_match", 10, "samples_t.jsonl")


def test_repeats_are_item_means(tmp_path: Path) -> None:
    rows = [lm_eval(i, "none", int(i % 2 == 0 or epoch == 0)) for epoch in range(5) for i in range(20)]
    lines(tmp_path / "samples_t.jsonl", *rows)
    found = one(figure("exact_match", 0.6), Source(tmp_path, repeats=5))
    assert (found.n, found.repeats) == (20, 5) and found.interval is not None and found.interval.method == "t"
    # 20 items of 1.0 and 0.2 by turns: a standard error of 0.0918, and t of 19 degrees of freedom.
    assert found.interval.high - found.value == pytest.approx(2.0930 * 0.0918, abs=1e-3)
    # Without samples the count of answers says how many items there are.
    alone = one(figure("acc", 0.6, 100), Source(tmp_path / "none", repeats=5))
    assert (alone.n, alone.repeats) == (20, 5) and alone.interval is not None and alone.interval.method == "error"


def test_a_larger_error_of_the_harness_is_believed(tmp_path: Path) -> None:
    lines(tmp_path / "samples_t.jsonl", *(lm_eval(i, "none", i % 2) for i in range(100)))
    found = one(figure("exact_match", 0.5, stderr=0.2), Source(tmp_path))
    assert found.stderr == 0.2 and found.interval is not None and found.interval.method == "error"
    small = one(figure("exact_match", 0.5, stderr=0.001), Source(tmp_path))
    assert small.interval is not None and small.interval.method == "wilson"


def test_evidence_that_does_not_agree_is_dropped_and_said(tmp_path: Path) -> None:
    lines(tmp_path / "samples_t.jsonl", *(lm_eval(i, "none", i % 2) for i in range(10)))
    found = one(figure("exact_match", 0.7), Source(tmp_path))
    assert (found.evidence, found.n) == ("", None)
    assert found.note == "The mean of samples_t.jsonl is 0.5, not 0.7."


def test_the_first_samples_are_no_estimate_of_the_whole(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps({"acc": {"value": 0.5, "n": 20}}))
    job = JobSpec(
        *("0.0", 0, "t", "h", "i", "", "chat", "http://e", "m", (), "t"),
        run_config={"config": {"params": {"limit_samples": 20}}},
    )
    smoke = "the first 20 samples only, no estimate of the whole"
    assert job.smoke == smoke
    assert replace(job, whole=541).smoke == "the first 20 of 541 samples only, no estimate of the whole"
    assert replace(job, whole=20).smoke == "", "all of them"
    found = read_results(tmp_path, fmt="json", file="", task="t", primary_metric="", samples=20, smoke=smoke)
    assert isinstance(found, JobResult) and found.score is not None
    assert (found.score.validity, found.score.why) == ("valid", f"Smoke: {smoke}.")


@given(st.lists(st.tuples(st.sampled_from(["acc", "f1", "pass@1", "bleu", "perplexity"]), st.floats(0, 100))))
def test_no_share_is_larger_than_one(written: list[tuple[str, float]]) -> None:
    figures = [figure(label, value) for label, value in written]
    for found in measured(figures, Source(Path("/nowhere"))):
        assert found.metric.unit is not Unit.PERCENT
        assert found.metric.unit is not Unit.FRACTION or 0 <= found.metric.value <= 1
