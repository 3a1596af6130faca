"""`results`, `compare` and `export`: what runs scored, and whether it differs by more than chance."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as XML

import pytest
from evaldock.core.run.store import Run

from .conftest import SCORE, Machine, change


def scored(machine: Machine, invocation: str, **score: Any) -> Run:
    run = machine.run(invocation, "ifeval")
    machine.happen(run, change(f"{invocation}.0", "running", second=1))
    machine.happen(run, change(f"{invocation}.0", "succeeded", second=42, score=replace(SCORE, **score)))
    return run


def compared(machine: Machine, *ids: str) -> dict[str, Any]:
    result = machine.cli("compare", *ids, "--json")
    assert result.exit_code == 0, result.output
    rows: list[dict[str, Any]] = json.loads(result.stdout)
    return rows[0]


def test_results_of_the_newest_run(machine: Machine) -> None:
    scored(machine, "3f2a9c1d")
    result = machine.cli("results")
    assert result.exit_code == 0
    for text in ("ifeval", "ifeval_acc", "0.781", "0.011", "541", "valid", "00:41"):
        assert text in result.stdout


def test_a_score_that_does_not_count_has_its_reason_below(machine: Machine) -> None:
    scored(machine, "3f2a9c1d", validity="suspect", why="12 of 20 answers were cut\x1b[31m.")
    lines = machine.cli("results").stdout.splitlines()
    assert "suspect" in lines[1] and "3f2a9c1d ifeval is suspect: 12 of 20 answers were cut" in lines[2]
    assert "\x1b" not in lines[2]


def test_results_for_programs_and_documents(machine: Machine) -> None:
    scored(machine, "3f2a9c1d", metric="a|b")
    (row,) = json.loads(machine.cli("results", "3f2a", "--json").stdout)
    assert (row["task"], row["value"], row["n"], row["validity"]) == ("ifeval", 0.7812, 541, "valid")
    (line,) = csv.DictReader(io.StringIO(machine.cli("results", "3f2a", "--csv").stdout))
    assert (line["metric"], line["value"]) == ("a|b", "0.7812")
    markdown = machine.cli("results", "3f2a", "--md").stdout.splitlines()
    assert markdown[1].startswith("|---") and "a\\|b" in markdown[2]


def test_n_is_items_times_repeats_with_the_interval(machine: Machine) -> None:
    scored(machine, "3f2a9c1d", value=0.676, n=198, repeats=5, low=0.621, high=0.730, ci="t", unit="fraction")
    assert "0.621 0.730  198 x 5  valid" in machine.cli("results", "3f2a").stdout


def test_a_job_without_a_score_has_a_row_without_one(machine: Machine) -> None:
    machine.finished("3f2a9c1d", [("ifeval", "succeeded"), ("mmlu", "failed")])
    rows = json.loads(machine.cli("results", "--json").stdout)
    assert [(row["task"], row["state"], row["value"]) for row in rows] == [
        ("ifeval", "succeeded", 0.7812),
        ("mmlu", "failed", None),
    ]


def test_by_right_answers(machine: Machine) -> None:
    scored(machine, "aaaa0000", value=0.5, n=100)
    scored(machine, "bbbb0000", value=0.8, n=100)
    scored(machine, "cccc0000", value=0.55, n=100)
    better = compared(machine, "aaaa", "bbbb")
    assert (better["test"], better["verdict"], round(better["delta"], 3)) == ("two proportions", "better", 0.3)
    assert compared(machine, "aaaa", "cccc")["verdict"] == "not told apart"
    assert "+30.0 pp  +16.9 +41.7  <.001  better" in machine.cli("compare", "aaaa", "bbbb").stdout
    assert "this comparison would see 19.8 pp" in machine.cli("compare", "aaaa", "cccc").stdout


def test_by_standard_errors(machine: Machine) -> None:
    scored(machine, "aaaa0000", metric="score", value=6.5, n=None, stderr=0.1)
    scored(machine, "bbbb0000", metric="score", value=5.5, n=None, stderr=0.1)
    worse = compared(machine, "aaaa", "bbbb")
    assert (worse["test"], worse["verdict"], worse["unit"]) == ("standard errors", "worse", "number")


def test_max_drop_decides_by_the_end_of_the_interval(machine: Machine) -> None:
    scored(machine, "aaaa0000", value=0.8, n=1000)
    scored(machine, "bbbb0000", value=0.79, n=1000)
    for amount, code in (("10pp", 0), ("0.1", 0), ("2pp", 1)):
        assert machine.cli("compare", "aaaa", "bbbb", "--max-drop", amount).exit_code == code
    refused = machine.cli("compare", "aaaa", "bbbb", "--max-drop", "2%")
    assert "A drop is not ruled out. ifeval: 4.5 pp worse is possible." in refused.stderr
    assert machine.cli("compare", "aaaa", "bbbb", "--max-drop", "2pp", "--point").exit_code == 0
    assert "is not an amount" in machine.cli("compare", "aaaa", "bbbb", "--max-drop", "much").stderr


def test_of_more_than_two_there_is_a_matrix(machine: Machine) -> None:
    for number, value in enumerate((0.5, 0.9, 0.1)):
        scored(machine, f"{'abc'[number] * 4}0000", value=value, n=200)
    lines = machine.cli("compare", "aaaa", "bbbb", "cccc").stdout.splitlines()
    assert lines[0].split() == ["TASK", "aaaa0000", "bbbb0000", "cccc0000"]
    assert lines[1].split() == ["ifeval", "0.500", "0.900", "better", "0.100", "worse"]


def test_markdown_and_a_page(machine: Machine, tmp_path: Path) -> None:
    scored(machine, "aaaa0000", value=0.5, n=100)
    scored(machine, "bbbb0000", value=0.8, n=100)
    assert "| 🟢 better |" in machine.cli("compare", "aaaa", "bbbb", "--md").stdout
    assert machine.cli("compare", "aaaa", "bbbb", "--html", tmp_path / "c.html").exit_code == 0
    assert '"verdict":"better"' in (tmp_path / "c.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("score", "words"),
    [
        ({"n": None, "stderr": None}, "neither the samples nor an error are known"),
        ({"metric": "another"}, "other metrics"),
        ({"validity": "invalid"}, "invalid"),
    ],
)
def test_what_cannot_be_told(machine: Machine, score: dict[str, Any], words: str) -> None:
    scored(machine, "aaaa0000", **({"n": None, "stderr": None} if "stderr" in score else {}))
    scored(machine, "bbbb0000", **score)
    assert compared(machine, "aaaa", "bbbb")["verdict"] == "not comparable"
    assert words in machine.cli("compare", "aaaa", "bbbb").stdout


def test_sample_by_sample(machine: Machine) -> None:
    """Where a harness wrote down each sample, the same ones are compared one by one."""
    for invocation, right in (("aaaa0000", 4), ("bbbb0000", 16), ("cccc0000", 16)):
        run = scored(machine, invocation, metric="ifbench_strict:prompt-level", value=right / 20, n=20, stderr=None)
        _ifbench(run.paths.job("ifeval").artifacts, right)
    row = compared(machine, "aaaa", "bbbb")
    assert (row["test"], row["verdict"], row["pairs"], row["fixed"]) == ("McNemar mid-p", "better", 20, 12)
    # Twelve samples got right and none wrong: McNemar's mid-p is 1 / 2^12.
    assert row["p"] == pytest.approx(1 / 2**12)
    flips = machine.cli("compare", "aaaa", "bbbb", "--flips", "ifeval").stdout
    assert flips.count("0 -> 1") == 12 and "asked:  question 4" in flips
    refused = machine.cli("compare", "aaaa", "bbbb", "--flips", "nope")
    assert (refused.exit_code, "have no task nope in common" in refused.stderr) == (2, True)
    assert "No sample came out differently" in machine.cli("compare", "bbbb", "cccc", "--flips").stdout


def _ifbench(artifacts: Path, right: int) -> None:
    artifacts.mkdir(parents=True, exist_ok=True)
    score = {"scores": {"strict:prompt-level": {"value": right / 20, "stats": {}}}}
    results = {"results": {"tasks": {"ifbench": {"metrics": {"strict:prompt-level": score}}}}}
    (artifacts / "results.yml").write_text(json.dumps(results), encoding="utf-8")
    samples = [
        {
            "prompt": f"question {number}",
            "follow_all_instructions": number < right,
            "follow_instruction_list": [number < right],
            "instruction_id_list": ["count:words"],
        }
        for number in range(20)
    ]
    text = "".join(json.dumps(sample) + "\n" for sample in samples)
    (artifacts / "eval_results_strict.jsonl").write_text(text, encoding="utf-8")


def test_compare_needs_two_runs(machine: Machine) -> None:
    scored(machine, "aaaa0000")
    result = machine.cli("compare", "aaaa")
    assert result.exit_code == 2
    assert "two runs" in result.stderr


def test_export_writes_a_file_a_run(machine: Machine, tmp_path: Path) -> None:
    machine.finished("3f2a9c1d", [("ifeval", "succeeded"), ("mmlu", "failed")])
    for dest, suffix in (("json", "json"), ("csv", "csv"), ("junit", "xml")):
        result = machine.cli("export", "3f2a", "--dest", dest, "--output-dir", tmp_path / "new" / "folder")
        path = tmp_path / "new" / "folder" / f"3f2a9c1d.{suffix}"
        assert (result.exit_code, result.stdout.strip()) == (0, str(path)), result.output
        assert "0.7812" in path.read_text(encoding="utf-8")


def test_junit_counts_failures_and_scores_that_do_not_count(machine: Machine, tmp_path: Path) -> None:
    run = machine.run("3f2a9c1d", "ifeval", "mmlu", "gpqa")
    score = replace(SCORE, validity="invalid", why="3 requests never got an answer\x1b[31m.")
    machine.happen(
        run,
        change("3f2a9c1d.0", "succeeded", score=SCORE),
        change("3f2a9c1d.1", "failed", detail="out of memory"),
        change("3f2a9c1d.2", "succeeded", score=score),
    )
    assert machine.cli("export", "--dest", "junit", "--output-dir", tmp_path).exit_code == 0
    suite = XML.parse(tmp_path / "3f2a9c1d.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "2", "0")
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert cases["ifeval"].find("failure") is None
    assert cases["mmlu"].find("failure") is not None
    doubtful = cases["gpqa"].find("failure")
    assert doubtful is not None and "never got an answer" in str(doubtful.get("message"))
