"""Per-sample outcomes behind a figure, and the tree of all figures."""

from __future__ import annotations

import json
from pathlib import Path

from evaldock.core.results.model import JobResult
from evaldock.core.results.read import read_results
from evaldock.core.results.tree import MetricTree, read_tree


def lines(path: Path, *rows: object) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def instruction(prompt: str, *passed: bool) -> dict[str, object]:
    names = ["count:words", "count:numbers", "words:start"][: len(passed)]
    return {
        "prompt": prompt,
        "follow_all_instructions": all(passed),
        "follow_instruction_list": list(passed),
        "instruction_id_list": names,
    }


def ifbench(artifacts: Path) -> None:
    lines(artifacts / "eval_results_strict.jsonl", instruction("a", True, True), instruction("b", True, False))
    entry = {"strict:prompt-level": 0.5, "strict:instruction-level": 0.75, "strict:count:numbers": 0.5}
    metrics = {name: {"scores": {name: {"value": value, "stats": {}}}} for name, value in entry.items()}
    (artifacts / "results.yml").write_text(json.dumps({"results": {"tasks": {"ifbench": {"metrics": metrics}}}}))


def test_ifbench_samples_give_n_and_error(tmp_path: Path) -> None:
    ifbench(tmp_path)
    found = read_results(tmp_path, fmt="results.yml", file="", task="ifbench", primary_metric="", samples=2)
    assert isinstance(found, JobResult) and found.score is not None
    assert (found.score.metric, found.score.n, found.score.stderr) == ("ifbench_strict:prompt-level", 2, 0.5)
    assert {metric.name: metric.n for metric in found.metrics} == {
        "ifbench_strict:prompt-level": 2,
        "ifbench_strict:instruction-level": 4,
        "ifbench_strict:count:numbers": 2,
    }


def tree(artifacts: Path, task: str = "mmlu") -> MetricTree:
    return read_tree(artifacts, fmt="results.yml", file="", task=task, primary_metric="")


def accuracy(value: float, n: int) -> dict[str, object]:
    return {"metrics": {"acc": {"scores": {"acc": {"value": value, "stats": {"count": n, "stderr": 0.01}}}}}}


def test_groups_hold_their_parts_and_empty_ones_have_no_score(tmp_path: Path) -> None:
    results = {
        "tasks": {"mmlu_astronomy": accuracy(0.4, 10), "mmlu_stem": accuracy(0.5, 20), "other": accuracy(0.0, 0)},
        "groups": {"mmlu": {**accuracy(0.6, 30), "groups": {"mmlu_law": accuracy(0.7, 5)}}},
    }
    (tmp_path / "results.yml").write_text(json.dumps({"results": results}))
    found = tree(tmp_path)
    assert [(node.label, node.depth, node.figures[0].value, node.figures[0].primary) for node in found.nodes] == [
        ("mmlu", 0, 0.6, True),
        ("law", 1, 0.7, False),
        ("astronomy", 1, 0.4, False),
        ("stem", 1, 0.5, False),
        ("other", 0, None, False),
    ]
    assert (found.file, found.problem) == ("results.yml", "")


def test_what_cannot_be_shown_is_said(tmp_path: Path) -> None:
    assert tree(tmp_path).problem == "There are no results yet."
    (tmp_path / "results.yml").write_text("{")
    assert "is no valid YAML" in tree(tmp_path).problem
    (tmp_path / "results.yml").write_text("results: {}")
    assert tree(tmp_path).problem == "results.yml holds no score."
