"""The result formats: names, errors, duplicates, the figure that is shown, and anything at all as input."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path

import pytest
import yaml
from evaldock.core.results.lm_eval import read_lm_eval
from evaldock.core.results.merge import Found, TooManyFigures, merged
from evaldock.core.results.model import JobResult, Metric
from evaldock.core.results.plain_json import read_plain_json
from evaldock.core.results.primary import named, preferred
from evaldock.core.results.read import read_results
from evaldock.core.results.results_yml import read_results_yml
from hypothesis import given, settings
from hypothesis import strategies as st


def scores(metric: str, **values: object) -> dict[str, object]:
    """One metric with scores; a value is a number or (number, stats)."""
    entries = {
        score: {"value": value[0], "stats": value[1]} if isinstance(value, tuple) else {"value": value, "stats": {}}
        for score, value in values.items()
    }
    return {"metrics": {metric: {"scores": entries}}}


def tree(tasks: object = None, groups: object = None) -> dict[str, object]:
    return {"results": {"tasks": tasks, "groups": groups}}


def names(figures: tuple[Found, ...]) -> list[str]:
    return [found.metric.name for found in figures]


def test_names_of_tasks_and_nested_groups() -> None:
    found = read_results_yml(
        tree(
            {"gsm8k": scores("accuracy", accuracy=0.5), "math": scores("score", micro=0.2)},
            {"all": {**scores("acc", acc=0.3), "groups": {"stem": scores("acc", macro=0.4)}}},
        )
    )
    assert names(found) == ["gsm8k_accuracy", "math_score_micro", "all_acc", "all_stem_acc_macro"]
    assert [f.is_group for f in found] == [False, False, True, True]


def test_stderr_comes_from_stddev_when_only_that_is_there() -> None:
    stats = {"count": 25, "stddev": 0.5}
    (found,) = read_results_yml(tree({"t": scores("acc", acc=(1.0, stats))}))
    assert found.metric == Metric("t_acc", 1.0, 0.1, 25)
    (found,) = read_results_yml(tree({"t": scores("acc", acc=(1.0, {"stddev": 0.5}))}))
    assert found.metric.stderr is None


def test_a_score_listed_as_task_and_group_is_one() -> None:
    twice = read_results_yml(
        tree({"t": scores("acc", acc=0.5)}, {"t": scores("acc", acc=(0.5, {"count": 4, "stderr": 0.1}))})
    )
    assert [f.metric for f in twice] == [Metric("t_acc", 0.5, 0.1, 4)]
    differing = read_results_yml(tree({"t": scores("acc", acc=0.5)}, {"t": scores("acc", acc=0.7)}))
    assert [f.metric.value for f in differing] == [0.5]


def test_names_cannot_steer_a_terminal() -> None:
    (found,) = read_plain_json({"a\x1b[2Jb": 1})
    assert found.metric.name == "a?[2Jb"


def test_endless_figures_are_refused() -> None:
    with pytest.raises(TooManyFigures):
        merged(Found(Metric(str(i), 1.0), (), str(i)) for i in range(10**9))


def test_lm_eval_filters_groups_and_samples() -> None:
    found = read_lm_eval(
        {
            "results": {
                "gsm8k": {
                    "alias": "gsm8k",
                    "exact_match,strict-match": 0.1,
                    "exact_match_stderr,strict-match": 0.01,
                    "exact_match,flexible-extract": 0.2,
                    "exact_match_stderr,flexible-extract": "N/A",
                },
            },
            "groups": {"all": {"acc,none": 0.3, "sample_len": 3}},
            "n-samples": {"gsm8k": {"original": 1319, "effective": 20}},
        }
    )
    assert [f.metric for f in found] == [
        Metric("gsm8k_exact_match_strict-match", 0.1, 0.01, 20),
        Metric("gsm8k_exact_match_flexible-extract", 0.2, None, 20),
        Metric("all_acc", 0.3),
    ]
    shown = preferred(found, "gsm8k")
    assert shown is not None and shown.metric.value == 0.2


def test_plain_json_entries_with_an_error() -> None:
    found = read_plain_json({"acc": {"value": 0.5, "stderr": 0.1, "n": 4}, "x": True, "y": [1]})
    assert [f.metric for f in found] == [Metric("acc", 0.5, 0.1, 4)]


def test_ifbench_shows_the_strict_prompt_level() -> None:
    metrics = ("loose:count", "loose:prompt-level", "strict:instruction-level", "strict:prompt-level")
    task = {"metrics": {m: {"scores": {m: {"stats": {}, "value": 0.1}}} for m in metrics}}
    shown = preferred(read_results_yml(tree({"ifbench": task})), "nvidia-ifbench.ifbench")
    assert shown is not None and shown.metric.name == "ifbench_strict:prompt-level"


def test_the_whole_task_goes_before_its_parts() -> None:
    parts = {f"mmlu_str_{name}": scores("acc", acc=0.1) for name in ("algebra", "biology")}
    found = read_results_yml(tree(parts, {"mmlu_str": scores("acc", acc=0.2), "other": scores("acc", acc=0.3)}))
    for task in ("mmlu_str", "mmlu", "lm-evaluation-harness.mmlu_str"):
        shown = preferred(found, task)
        assert shown is not None and shown.metric.name == "mmlu_str_acc", task
    unrelated = preferred(read_results_yml(tree(parts, {"all": scores("acc", acc=0.2)})), "something")
    assert unrelated is not None and unrelated.metric.name == "all_acc"


def test_a_named_figure_is_found_by_its_end() -> None:
    found = read_results_yml(tree({"humaneval": {**scores("pass@1", micro=0.5)}}))
    for wanted in ("humaneval_pass@1_micro", "pass@1_micro", "micro"):
        chosen = named(found, wanted)
        assert chosen is not None and chosen.metric.value == 0.5
    assert named(found, "pass@10") is None


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
keys = st.sampled_from(
    ["results", "tasks", "groups", "metrics", "scores", "value", "stats", "count", "acc,none", "n-samples", "a"]
)
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys | st.text(max_size=3), inner, max_size=4)
)


@given(trees)
def test_any_tree_gives_finite_figures_with_unique_names(any_tree: object) -> None:
    for read in (read_results_yml, read_lm_eval, read_plain_json):
        found = read(any_tree)
        assert all(math.isfinite(f.metric.value) is not bool(f.metric.unknown) for f in found)
        assert len(set(names(found))) == len(found)
        assert (preferred(found, "a") is None) == (not found)


@settings(max_examples=60)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode), st.binary(max_size=100))
def test_any_bytes_are_answered(results: bytes, counts: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        artifacts = Path(folder)
        (artifacts / "results.file").write_bytes(results)
        (artifacts / "eval_factory_metrics.json").write_bytes(counts)
        for fmt in ("results.yml", "lm-eval", "json"):
            found = read_results(artifacts, fmt=fmt, file="results.file", task="t", primary_metric="", samples=1)
            assert found.requests is None or found.requests.ok <= found.requests.total


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(min_value=1, max_value=10**6))
def test_what_was_written_is_what_is_read(value: float, count: int) -> None:
    written = tree({"t": scores("acc", acc=(value, {"count": count}))})
    with tempfile.TemporaryDirectory() as folder:
        artifacts = Path(folder)
        (artifacts / "results.yml").write_text(yaml.safe_dump(written))
        (artifacts / "results.json").write_text(json.dumps({"acc": {"value": value, "n": count}}))
        for fmt in ("results.yml", "json"):
            found = read_results(artifacts, fmt=fmt, file="", task="t", primary_metric="", samples=None)
            assert isinstance(found, JobResult) and found.score is not None
            # A share above 1 is a percentage.
            expected = value / 100 if 1 < value <= 100 else value
            assert (found.score.value, found.score.n) == (expected, count)
