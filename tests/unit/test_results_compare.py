"""Verdicts: each in its words, and what holds for all of them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from evaldock.core.config.model import EnvValue
from evaldock.core.plan.spec import EnvRef, JobSpec
from evaldock.core.results.compare.compare import compare_sides
from evaldock.core.results.compare.markdown import markdown, markdown_matrix
from evaldock.core.results.compare.matrix import matrix
from evaldock.core.results.compare.model import Difference, Settings, Verdict
from evaldock.core.results.compare.page import Section, render_page
from evaldock.core.results.compare.pool import pooled
from evaldock.core.results.compare.side import Side
from evaldock.core.results.made import Made, made
from evaldock.core.results.samples.evidence import Evidence
from evaldock.core.run.score import Score
from hypothesis import given
from hypothesis import strategies as st


def spec(task: str = "t", **params: object) -> JobSpec:
    return JobSpec(
        id="aaaaaaaa.0",
        index=0,
        task=task,
        harness="h",
        image="img",
        digest="",
        endpoint_type="chat",
        url="http://x",
        model_id="m",
        command=("x",),
        dir_name=task,
        run_config={"config": {"params": params}},
    )


def side(
    values: Mapping[str, Sequence[float]] | None = None,
    *,
    run: str = "aaaaaaaa",
    task: str = "t",
    clusters: Mapping[str, str] | None = None,
    params: Mapping[str, object] | None = None,
    **score: object,
) -> Side:
    evidence = Evidence("samples.jsonl", "acc", values, clusters or {}) if values else None
    found: dict[str, object] = {"metric": "t_acc", "unit": "fraction", "direction": "higher", "value": 0.0}
    if evidence is not None:
        found.update(value=evidence.mean, n=len(evidence.values))
    made = Score(**{**found, **score})  # type: ignore[arg-type]
    where = Path("/nowhere")
    return Side(task, run, f"{run}.0", spec(task, **(params or {})), made, where, evidence, "img", "succeeded", (run,))


def binary(right: int, n: int, start: int = 0) -> dict[str, list[float]]:
    return {f"q{i}": [float(start <= i < start + right)] for i in range(n)}


def judge(before: Side, after: Side, **settings: Any) -> Difference:
    (row,) = compare_sides({"t": before}, {"t": replace(after, run="bbbbbbbb")}, Settings(**settings))
    return row


def said(row: Difference) -> str:
    return f"{row.verdict}: {row.why}"


def test_better_and_worse() -> None:
    before, after = side(binary(100, 200)), side(binary(130, 200))
    row = judge(before, after)
    assert said(row) == "better: +15.0 pp, between +10.7 and +20.6"
    assert (row.pairs, row.left_out, row.fixed, row.broke, row.test) == (200, 0, 30, 0, "McNemar mid-p")
    assert said(judge(after, before)) == "worse: -15.0 pp, between -20.6 and -10.7"


def test_equivalent_needs_enough_samples() -> None:
    many = side(binary(9000, 10_000))
    assert said(judge(many, side(binary(9000, 10_000)))) == "equivalent: +0.0 pp, between -0.04 and +0.04: within ±1 pp"
    few = side(binary(90, 100))
    row = judge(few, few)
    assert said(row) == "not told apart: +0.0 pp, between -3.7 and +3.7; this comparison would see 2.8 pp"
    assert said(judge(few, few, margin=0.05)) == "equivalent: +0.0 pp, between -3.7 and +3.7: within ±5 pp"


def test_a_real_difference_within_the_margin_is_both() -> None:
    before, after = side(binary(9000, 10_000)), side(binary(9030, 10_000))
    assert said(judge(before, after)) == "better: +0.3 pp, between +0.21 and +0.43; within ±1 pp"


def test_not_told_apart_says_what_would_be_seen() -> None:
    before, after = side(binary(20, 164)), side(binary(18, 164, 10))
    row = judge(before, after)
    assert said(row) == "not told apart: -1.2 pp, between -6.7 and +4.2; this comparison would see 7.2 pp"


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (side(value=10.0), side(value=12.0, metric="t_f1"), "other metrics: t_acc and t_f1"),
        (side(value=0.5), side(value=50.0, unit="number"), "other units: fraction and number"),
        (side(value=0.5, n=20), side(value=0.5, n=541), "other samples: 20 and 541, and no file tells which"),
        (
            side(value=0.5, n=20, params={"limit_samples": 20}),
            side(value=0.5, n=20),
            "other samples: the first 20 and all samples, and no file tells which",
        ),
        (side({"a": [1.0]}), side({"b": [1.0]}), "other samples: they have none in common"),
        (
            side(value=0.5, validity="invalid", why="No answers."),
            side(value=0.5),
            "the score of aaaaaaaa is invalid: No answers",
        ),
        (replace(side(), score=None, state="failed"), side(), "no score in aaaaaaaa: the task ended as failed"),
        (side(value=0.4), side(value=0.5), "neither the samples nor an error are known"),
        (
            side(value=1.0, stderr=0.1, direction="unknown"),
            side(value=2.0, stderr=0.1, direction="unknown"),
            "+100.0 pp, between +72.3 and +127.7, but nothing says which way is better: set `direction` in a catalog",
        ),
    ],
)
def test_not_comparable(before: Side, after: Side, why: str) -> None:
    assert said(judge(before, after)) == f"not comparable: {why}"


def test_a_perplexity_that_rises_is_worse() -> None:
    before = side(value=10.0, stderr=0.2, metric="word_perplexity", unit="ratio", direction="lower")
    after = side(value=12.0, stderr=0.2, metric="word_perplexity", unit="ratio", direction="lower")
    assert said(judge(before, after)) == "worse: +2, between +1.45 and +2.55"
    assert said(judge(after, before)) == "better: -2, between -2.55 and -1.45"
    assert judge(before, after).loss == pytest.approx(2.554, abs=1e-3)


def test_one_missing_sample_is_left_out() -> None:
    before, after = binary(100, 200), binary(130, 200)
    del after["q7"]
    row = judge(side(before), side(after))
    assert (row.pairs, row.left_out, row.verdict) == (199, 1, Verdict.BETTER)
    assert row.delta == pytest.approx(30 / 199) and row.before == pytest.approx(99 / 199)


def test_many_tasks_are_corrected_for() -> None:
    tasks = [f"t{i}" for i in range(10)]
    before = {task: side(binary(20, 100), task=task) for task in tasks}
    after = {task: side(binary(27 if task == "t0" else 20, 100), task=task) for task in tasks}
    alone = compare_sides({"t0": before["t0"]}, {"t0": after["t0"]})[0]
    among = compare_sides(before, after)[0]
    assert alone.verdict is Verdict.BETTER and among.verdict is Verdict.UNTOLD
    assert "; p 0.008 alone, but 0.078 as one of 10 tasks" in among.why


def test_what_else_differs_is_listed() -> None:
    before = side(binary(5, 9), params={"temperature": 0.0, "parallelism": 4, "extra": {"judge": "a"}})
    after = replace(
        side(binary(5, 9), params={"temperature": 1.0, "parallelism": 8, "extra": {"judge": "b"}}), image="new"
    )
    assert judge(before, after).notes == ("image: img -> new", "temperature: 0.0 -> 1.0", "extra.judge: a -> b")


def env(**values: str) -> tuple[EnvRef, ...]:
    return tuple(EnvRef(name, EnvValue("lit", value), secret="KEY" in name) for name, value in values.items())


def adapter(*interceptors: object) -> dict[str, object]:
    return {"interceptors": list(interceptors)}


THINKS = {"name": "reasoning", "config": {"add_reasoning": True}}
LOOKS_ON = {"name": "request_logging", "config": {"max_requests": 3}}


@pytest.mark.parametrize(
    ("changes", "job", "note"),
    [
        ({"image": "new"}, {}, "image: img -> new"),
        ({"version": "2.0"}, {}, "harness version: 1.0 -> 2.0"),
        ({"reported": ("m-fp8",)}, {}, "model as the endpoint names it: m -> m-fp8"),
        ({"params": {"temperature": 1.0, "parallelism": 9}}, {}, "temperature: 0.0 -> 1.0"),
        ({"params": {"temperature": 0.0, "seed": 2}}, {}, "seed: not set -> 2"),
        ({"cached": 5}, {}, "cache: 5 answers of bbbbbbbb were kept ones: the two are not independent"),
        ({}, {"harness": "other"}, "harness: h -> other"),
        ({}, {"endpoint_type": "completions"}, "endpoint type: chat -> completions"),
        ({}, {"url": "http://u:p@elsewhere/v1"}, "endpoint: http://x -> http://elsewhere/v1"),
        ({}, {"adapter": adapter(LOOKS_ON)}, ""),
        ({}, {"adapter": adapter(THINKS)}, "adapter_config.reasoning: not set -> on"),
        ({}, {"adapter": adapter({**THINKS, "enabled": False})}, ""),
        ({}, {"env": env(JUDGE_MODEL="b")}, "env JUDGE_MODEL: a -> b"),
        ({}, {"env": env(JUDGE_MODEL="a", API_KEY="x", EVALDOCK_X="y")}, ""),
        ({}, {"pre_cmd": "pip install x"}, "pre_cmd: not the same"),
    ],
)
def test_each_difference_is_listed(changes: dict[str, Any], job: dict[str, Any], note: str) -> None:
    one = side(binary(5, 9))
    one = replace(one, version="1.0", reported=("m",), params={"temperature": 0.0, "parallelism": 4})
    one = replace(one, spec=replace(one.spec, env=env(JUDGE_MODEL="a")))
    notes = judge(one, replace(one, spec=replace(one.spec, **job), **changes)).notes
    assert (notes[0] if notes else "") == note


def test_a_suspect_score_is_said() -> None:
    doubtful = side(binary(5, 9), validity="suspect", why="9 of 9 answers were empty.")
    assert judge(doubtful, side(binary(5, 9))).notes == ("aaaaaaaa is suspect: 9 of 9 answers were empty",)


def test_repeats_of_one_side_are_a_difference() -> None:
    twice = side({f"q{i}": [1.0, 0.0] for i in range(9)}, repeats=2)
    assert "repeats: 1 -> 2" in judge(side(binary(5, 9)), twice).notes


def test_how_it_was_made_is_read_beside_the_figures() -> None:
    lm_eval = {
        "lm_eval_version": "0.4.9",
        "config": {"gen_kwargs": {"temperature": 0}, "random_seed": 0, "model_args": "base_url=x"},
        "n-shot": {"t": 5},
        "versions": {"t": 3.0},
    }
    params = {"gen_kwargs": {"temperature": 0}, "random_seed": 0, "n-shot": {"t": 5}, "task version": {"t": 3.0}}
    assert made("lm-eval", lm_eval) == Made("0.4.9", params)
    nemo = {"git_hash": "abc", "config": {"params": {"top_p": 0.9}}}
    assert made("results.yml", nemo) == Made("abc", {"top_p": 0.9})
    inspect = {"eval": {"packages": {"inspect_ai": "0.3"}, "model_generate_config": {"seed": 1}}}
    assert made("inspect", inspect) == Made("0.3", {"model_generate_config": {"seed": 1}, "task_args": {}})
    for fmt in ("json", "lm-eval", "results.yml", "inspect"):
        assert made(fmt, [7]).version == ""


def test_runs_of_the_first_samples_are_smoke() -> None:
    limited = side(binary(5, 20), params={"limit_samples": 20})
    assert judge(limited, limited).notes == ("smoke: the first 20 samples only, no estimate of the whole",)
    assert judge(limited, side(binary(5, 541))).notes == ("limit_samples: 20 -> not set",)


def test_runs_of_one_model_are_repeats() -> None:
    draw = random.Random(1)
    chances = [draw.random() for _ in range(198)]

    def run(better: float, name: str) -> Side:
        return side({f"q{i}": [float(draw.random() < c + better)] for i, c in enumerate(chances)}, run=name)

    one, other = pooled([run(0, f"a{i}") for i in range(5)]), pooled([run(0.1, f"b{i}") for i in range(5)])
    assert one.evidence is not None and one.evidence.repeats == 5 and one.score is not None and one.score.repeats == 5
    row = judge(one, other)
    assert (row.test, row.pairs, row.verdict, row.run_before) == ("paired t", 198, Verdict.BETTER, "a0+a1+a2+a3+a4")


def test_repeats_without_samples_are_judged_by_their_spread() -> None:
    one = pooled([side(value=value, n=100) for value in (0.70, 0.72, 0.74)])
    assert one.score is not None and one.score.stderr == pytest.approx(0.02 / 3**0.5)
    assert judge(one, one).test == "standard errors"


PAIRS = st.lists(
    st.tuples(st.sampled_from([None, 0.0, 1.0]), st.sampled_from([None, 0.0, 1.0])), min_size=1, max_size=60
)


def sides(pairs: Sequence[tuple[float | None, float | None]]) -> tuple[Side, Side] | None:
    before = {f"q{i}": [b] for i, (b, _) in enumerate(pairs) if b is not None}
    after = {f"q{i}": [a] for i, (_, a) in enumerate(pairs) if a is not None}
    return (side(before), side(after, run="bbbbbbbb")) if before and after else None


MIRROR = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}


@given(PAIRS)
def test_swapping_runs_mirrors_every_number(pairs: list[tuple[float | None, float | None]]) -> None:
    made = sides(pairs)
    if made is None:
        return
    there, back = judge(*made), judge(made[1], made[0])
    assert MIRROR.get(there.verdict, there.verdict) is back.verdict
    assert (there.before, there.after, there.fixed, there.broke) == (back.after, back.before, back.broke, back.fixed)
    for name in ("pairs", "left_out", "p", "p_holm", "mde", "test"):
        assert getattr(there, name) == getattr(back, name)
    if there.delta is not None and there.low is not None and back.high is not None:
        assert (there.delta, there.low) == pytest.approx((-(back.delta or 0), -back.high))


@given(PAIRS, st.integers(0, 60))
def test_left_out_samples_change_no_verdict(pairs: list[tuple[float | None, float | None]], more: int) -> None:
    made = sides(pairs)
    more_made = sides([*pairs, *[(1.0, None) if i % 2 else (None, 0.0) for i in range(more)]])
    if made is None or more_made is None:
        return
    one, other = judge(*made), judge(*more_made)
    assert (one.verdict, one.p, one.low, one.pairs) == (other.verdict, other.p, other.low, other.pairs)


def test_markdown_escapes_what_comes_from_outside() -> None:
    row = replace(judge(side(binary(100, 200)), side(binary(130, 200))), task="a|b*c")
    text = markdown("x -> y", [row])
    cells = r"| a\|b\*c | t\_acc | 0.500 | 0.650 | +15.0 pp | \<.001 | 200 pairs; 30 fixed, 0 broke | 🟢 better |"
    assert cells in text
    assert "- **a\\|b\\*c**: +15.0 pp, between +10.7 and +20.6." in text


def test_more_than_two_runs_are_a_matrix() -> None:
    first = {"t": side(binary(100, 200)), "u|v": side(binary(1, 9), task="u|v")}
    better = compare_sides(first, {"t": side(binary(130, 200), run="bbbbbbbb")})
    worse = compare_sides(first, {task: replace(one, score=None, state="failed") for task, one in first.items()})
    found = matrix("aaaaaaaa m", first, [("bbbbbbbb n", better), ("cccccccc o", worse)])
    assert found.runs == ("aaaaaaaa", "bbbbbbbb", "cccccccc")
    assert [(task, [place.words for place in places]) for task, places in found.lines] == [
        ("t", ["0.500", "0.650 better", "– not comparable"]),
        ("u|v", ["0.111", "–", "– not comparable"]),
    ]
    assert markdown_matrix(found) == (
        "| task | aaaaaaaa | bbbbbbbb | cccccccc |\n|---|--:|--:|--:|\n"
        "| t | 0.500 | 🟢 0.650 better | ⚠️ – not comparable |\n"
        "| u\\|v | 0.111 | – | ⚠️ – not comparable |\n"
    )
    page = render_page([], found)
    assert '"lines":[["t",[["0.500",""],["0.650 better","better"]' in page


def test_the_page_holds_its_data_and_no_markup_of_it() -> None:
    before, after = side(binary(1, 3)), side(binary(2, 3), run="bbbbbbbb")
    rows = compare_sides({"t": before}, {"t": after})
    page = render_page([Section("</script><b>", "y", rows, {"t": before}, {"t": after})])
    assert "</script><b>" not in page and "\\u003c/script\\u003e\\u003cb\\u003e" in page
    assert '"verdict":"not told apart"' in page and '"item":"q1"' in page
    assert "src=" not in page and "@import" not in page
