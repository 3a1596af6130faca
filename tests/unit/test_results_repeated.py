"""Repeats of a task in a run on disk: one score of all answers, figures at k, and the spread that is remembered."""

from __future__ import annotations

import json
import math
import os
import random
import stat
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaldock.core.base.narrow import as_number
from evaldock.core.catalog.catalog import Catalog
from evaldock.core.catalog.expected import Expected
from evaldock.core.catalog.measure import Measure, SamplesFile
from evaldock.core.catalog.model import TaskSpec
from evaldock.core.config.model import Config, Endpoint, Execution, TaskConfig
from evaldock.core.plan.make import make_plan
from evaldock.core.results.compare.compare import compare_sides
from evaldock.core.results.compare.pool import sides_of
from evaldock.core.results.noise import FILE, known_sets, remember, with_noise
from evaldock.core.results.repeated import repeats_in
from evaldock.core.results.scores import COLUMNS, score_rows
from evaldock.core.run.events import JobChanged, JobState, RerunRequested
from evaldock.core.run.external import standing
from evaldock.core.run.journal import JournalWriter
from evaldock.core.run.layout import create_run
from evaldock.core.run.score import Score
from evaldock.core.run.store import Run
from scipy import stats

FIELDS = SamplesFile("answers*.jsonl", "right", id="id", extracted="said")
TASK = TaskSpec(
    "sums",
    "lab",
    "lab/eval:1",
    command=("run", "{url}"),
    result_format="json",
    result_file="scores.json",
    primary_metric="acc",
    measure=Measure(samples=FIELDS),
    expected=Expected(0.5, 0.02, "a report"),
)
Answers = Mapping[str, Sequence[tuple[str, bool]]]
"""Item -> what each run answered, and whether that is right."""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("STATE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    return tmp_path


def ran(work: Path, invocation: str, answers: Answers, model: str = "m") -> Run:
    """A finished run of one task, once for each column of `answers`."""
    times = len(next(iter(answers.values())))
    endpoint = Endpoint(url="http://model.invalid/v1/chat/completions", model_id=model)
    config = Config({}, Execution(work / "out"), endpoint, (TaskConfig("sums", repeats=times),))
    plan = make_plan(config, Catalog([TASK]), invocation=invocation)
    run = Run.open(create_run(plan, {}, now=datetime.now(UTC)).root)
    with JournalWriter(run.paths.journal) as journal:
        for number, job in enumerate(plan.jobs):
            rows = [
                {"id": item, "said": given[number][0], "right": given[number][1]} for item, given in answers.items()
            ]
            value = statistics.fmean(row["right"] for row in rows)
            artifacts = run.paths.job(job.dir_name).artifacts
            artifacts.mkdir(parents=True, exist_ok=True)
            (artifacts / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
            (artifacts / "scores.json").write_text(json.dumps({"acc": {"value": value, "n": len(rows)}}))
            score = Score("acc", value, n=len(rows), unit="fraction", direction="higher")
            journal.append(JobChanged(job.id, 1, JobState.RUNNING, "2026-11-23T11:00:00.000Z", 1.0))
            journal.append(
                JobChanged(job.id, 1, JobState.SUCCEEDED, "2026-11-23T11:01:00.000Z", 61.0, exit_code=0, score=score)
            )
    return run


def drawn(items: int, times: int, seed: int = 3) -> Answers:
    draw = random.Random(seed)
    found: dict[str, list[tuple[str, bool]]] = {}
    for item in range(items):
        easy = draw.random()
        found[f"q{item}"] = [("4", True) if draw.random() < easy else (draw.choice("567"), False) for _ in range(times)]
    return found


def test_repeats_are_one_score_with_the_means_of_items(work: Path) -> None:
    answers = drawn(60, 5)
    run = ran(work, "aaaaaaaa", answers)
    (found,) = repeats_in(run)
    means = [statistics.fmean(right for _, right in given) for given in answers.values()]
    ends = stats.t.interval(0.95, 59, np.mean(means), stats.sem(means))
    assert (found.task, found.k, len(found.jobs)) == ("sums", 5, 5)
    assert (found.score.n, found.score.repeats) == (60, 5)
    assert found.score.value == pytest.approx(float(np.mean(means)))
    assert (found.score.low, found.score.high) == pytest.approx(ends)
    columns = [statistics.fmean(given[run][1] for given in answers.values()) for run in range(5)]
    assert found.spread is not None
    assert (found.spread.deviation, found.spread.freedom) == pytest.approx((statistics.stdev(columns), 4))
    assert found.pass_at_k == statistics.fmean(any(right for _, right in given) for given in answers.values())


def test_the_answer_given_most_often_counts(work: Path) -> None:
    answers = {
        "a": [("4", True), ("4", True), ("5", False)],
        "b": [("4", True), ("5", False), ("5", False)],
        "c": [("4", True), ("5", False), ("6", False)],
    }
    (found,) = repeats_in(ran(work, "aaaaaaaa", answers))
    assert found.majority == pytest.approx((1 + 0 + 1 / 3) / 3)


def test_rows_have_each_repeat_and_all_of_them_together(work: Path) -> None:
    run = ran(work, "aaaaaaaa", drawn(60, 3, 1))
    rows = score_rows(run)
    assert [(row["job"], row["repeat"]) for row in rows] == [
        ("aaaaaaaa.0", 1),
        ("aaaaaaaa.1", 2),
        ("aaaaaaaa.2", 3),
        ("aaaaaaaa.0-2", 0),
    ]
    assert all(set(row) == set(COLUMNS) for row in rows)
    assert rows[3]["value"] == pytest.approx(statistics.fmean(as_number(row["value"]) or 0.0 for row in rows[:3]))
    assert (rows[3]["n"], rows[3]["repeats"], rows[3]["external"]) == (60, 3, "verified")
    assert [row["job"] for row in score_rows(run, ["aaaaaaaa.1"])] == ["aaaaaaaa.1"]


def test_repeats_without_a_score_are_said(work: Path) -> None:
    run = ran(work, "aaaaaaaa", drawn(60, 4))
    with JournalWriter(run.paths.journal) as journal:
        journal.append(RerunRequested("aaaaaaaa.2", 2, "2026-11-23T11:02:00.000Z"))
        journal.append(JobChanged("aaaaaaaa.2", 2, JobState.KILLED, "2026-11-23T11:03:00.000Z", 90.0))
    rows = score_rows(Run.open(run.paths.root))
    assert [row["job"] for row in rows][-1] == "aaaaaaaa.0-3"
    assert (rows[-1]["state"], rows[-1]["repeats"]) == ("succeeded", 3)
    assert str(rows[-1]["why"]).endswith("3 of 4 repeats have a score.")


def test_without_samples_repeats_claim_no_more_than_one_run(work: Path) -> None:
    run = ran(work, "aaaaaaaa", drawn(60, 3))
    for job in run.plan.jobs:
        (run.paths.job(job.dir_name).artifacts / "answers.jsonl").unlink()
    together = score_rows(run)[-1]
    assert together["repeats"] == 3 and together["run_sd"] is not None
    assert (together["pass_at_k"], together["evidence"]) == (None, "")
    low, high = together["low"], together["high"]
    assert isinstance(low, float) and isinstance(high, float) and high - low > 0.2


def test_a_comparison_takes_repeats_together(work: Path) -> None:
    before, after = drawn(60, 5, 1), drawn(60, 5, 2)
    first, second = ran(work, "aaaaaaaa", before), ran(work, "bbbbbbbb", after)
    (row,) = compare_sides(sides_of(first), sides_of(second))
    means = [[statistics.fmean(right for _, right in given) for given in one.values()] for one in (before, after)]
    found = stats.ttest_rel(means[1], means[0])
    assert (row.test, row.pairs) == ("paired t", 60)
    assert row.p == pytest.approx(found.pvalue)


def test_what_repeats_differ_by_is_held_against_single_runs(work: Path) -> None:
    remembered = ran(work, "aaaaaaaa", drawn(60, 5))
    assert (remember(remembered), remember(remembered)) == (1, 1)
    (known,) = known_sets()
    assert (known.model, known.task, known.n, known.freedom) == ("m", "sums", 60, 4)
    path = work / "state" / "evaldock" / FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    one, other = sides_of(ran(work, "bbbbbbbb", drawn(60, 1, 8))), sides_of(ran(work, "cccccccc", drawn(60, 1, 9)))
    (row,) = with_noise(compare_sides(one, other), one, other, known_sets())
    apart = stats.t.ppf(0.975, 4) * math.sqrt(2) * known.deviation
    words = f"{100 * apart:.1f}".removesuffix(".0") + " pp"
    assert row.notes[0].startswith(f"two runs of m differ by ±{words} on sums by themselves: ")
    wider = apart >= abs(row.delta or 0)
    assert row.notes[0].endswith("wider than this difference" if wider else "this difference is wider")


def test_nothing_is_held_against_what_it_does_not_fit(work: Path) -> None:
    remember(ran(work, "aaaaaaaa", drawn(60, 5)))
    short, other_model = ran(work, "bbbbbbbb", drawn(50, 1)), ran(work, "cccccccc", drawn(60, 1), model="x")
    for run in (short, other_model):
        side = sides_of(run)
        (row,) = with_noise(compare_sides(side, side), side, side, known_sets())
        assert row.notes == ()


def test_a_damaged_memory_is_set_aside(work: Path) -> None:
    path = work / "state" / "evaldock" / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    for damage in (b"{", b"[]", b'{"schema": 1, "sets": 7}', b"[" * 100_000, b"\xff"):
        path.write_bytes(damage)
        assert known_sets() == []
    assert os.path.exists(f"{path}.damaged")
    remember(ran(work, "aaaaaaaa", drawn(20, 2)))
    assert len(known_sets()) == 1


@pytest.mark.parametrize(
    ("value", "low", "high", "expected", "said"),
    [
        (0.61, 0.60, 0.62, Expected(0.72, 0.03), "off by -11 pp"),
        (0.70, 0.69, 0.71, Expected(0.72, 0.03), "verified"),
        (0.61, 0.45, 0.75, Expected(0.72, 0.03), "verified"),
        (0.752, None, None, Expected(0.72), "off by +3.2 pp"),
        (0.719, None, None, Expected(0.72), "verified"),
        (0.719, None, None, Expected(72, 3), "verified"),
        (0.9, None, None, None, "externally unverified"),
    ],
)
def test_a_score_against_what_others_report(
    value: float, low: float | None, high: float | None, expected: Expected | None, said: str
) -> None:
    score = Score("acc", value, unit="fraction", low=low, high=high)
    assert standing(score, expected) == said
    assert standing(score, expected, smoke=True) == "externally unverified"
    invalid: dict[str, Any] = {"validity": "invalid"}
    assert standing(Score("acc", value, **invalid), expected) == "externally unverified"
