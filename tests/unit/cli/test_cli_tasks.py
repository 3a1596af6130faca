"""`ls tasks` and `ls task`."""

from __future__ import annotations

import json

from .conftest import Machine


def test_tasks_are_found_by_words_and_grouped(machine: Machine) -> None:
    lines = machine.cli("ls", "tasks", "gsm", "chat").stdout.splitlines()
    assert lines[0].startswith("lm-evaluation-harness  nvcr.io/")
    assert [line.split()[0] for line in lines if line.startswith(("  gsm", "  mgsm"))] == ["mgsm_cot_chat"]
    assert lines[-1] == "1 task"
    assert machine.cli("ls", "gsm", "chat").stdout.splitlines() == lines


def test_what_a_task_needs_stands_beside_it(machine: Machine) -> None:
    (line,) = [text for text in machine.cli("ls", "simple_evals.gpqa_diamond").stdout.splitlines() if "needs" in text][
        :1
    ]
    assert line.split()[:4] == ["gpqa_diamond", "chat", "needs", "HF_TOKEN"]


def test_one_task_with_a_config_that_runs_it(machine: Machine) -> None:
    shown = machine.cli("ls", "task", "gpqa_diamond").stdout
    for text in ("simple_evals.gpqa_diamond", "sha256:", "HF_TOKEN", "parallelism 10", "codec.gpqa_diamond"):
        assert text in shown
    config = shown[shown.index("execution:") :]
    path = machine.root / "c.yaml"
    path.write_text(config)
    assert machine.cli("config", "validate", path).exit_code == 0
    tree = json.loads(machine.cli("ls", "task", "gpqa_diamond", "--json").stdout)
    assert (tree["harness"], tree["params"]["parallelism"], tree["example"]) == ("simple_evals", 10, config)


def test_a_task_of_a_catalog_file_shows_its_command(machine: Machine) -> None:
    folder = machine.root / "config" / "evaldock" / "catalog"
    folder.mkdir(parents=True)
    (folder / "own.yaml").write_text(
        "tasks: [{name: mine, image: 'lab/x:1', command: [run, '{url}'], description: My own, "
        "result: {format: json, file: s.json, metric: acc}}]\n"
    )
    shown = machine.cli("ls", "task", "mine").stdout
    assert "command       run '{url}'" in shown
    assert "results       json s.json acc" in shown
    assert "My own" in machine.cli("ls", "tasks", "mine").stdout


def test_unknown_names_are_told_near_ones(machine: Machine) -> None:
    result = machine.cli("ls", "task", "ifevl")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Did you mean ifeval" in result.stderr
    nothing = machine.cli("ls", "tasks", "--harness", "simple-eval")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert "did you mean 'simple_evals'" in nothing.stderr
