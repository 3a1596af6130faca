"""`evaldock catalog`: a newer list of tasks from a wheel, what is different, and the way back."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from evaldock.core.catalog.builtin import format_builtin, parse_builtin, read_builtin

from .conftest import Machine

MEMBER = "nemo_evaluator_launcher/resources/all_tasks_irs.yaml"


def entry(task: str, harness: str, kinds: list[str], description: str = "", **params: Any) -> dict[str, Any]:
    """One task as the wheel has it."""
    config = {"params": {**params, "task": task, "extra": {"x": 1}}, "supported_endpoint_types": kinds, "type": task}
    return {"name": task, "harness": harness, "description": description, "defaults": {"config": config}}


TREE = {
    "harnesses": [
        {
            "name": "simple_evals", "full_name": "simple-evals", "url": "https://x.example", "arch": "multiarch",
            "container": "nvcr.io/nvidia/eval-factory/simple-evals:27.01", "container_digest": "sha256:" + "a" * 64,
        },
        {"name": "brandnew", "full_name": "Brand New", "url": "", "arch": "amd", "container": "nvcr.io/n:27.01"},
    ],
    "tasks": [
        entry("gpqa_diamond", "simple_evals", ["chat"], "Hard\n  questions.", parallelism=99, temperature=1e-05),
        entry("mmlu", "simple_evals", ["completions", "chat"]),
        entry("fresh", "brandnew", ["vlm"]),
        entry("homeless", "nowhere", ["chat"]),
        {"name": "../evil", "harness": "brandnew"},
    ],
}  # fmt: skip


def wheel(folder: Path, tree: object = TREE, version: str = "0.9.1", member: str = MEMBER) -> Path:
    """A wheel that pip accepts."""
    path = folder / f"nemo_evaluator_launcher-{version}-py3-none-any.whl"
    info = f"nemo_evaluator_launcher-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, yaml.safe_dump(tree))
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: nemo-evaluator-launcher\nVersion: {version}\n"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def test_an_update_shows_what_is_different_and_takes_effect(machine: Machine) -> None:
    path = wheel(machine.root)
    shown = machine.cli("catalog", "update", "--wheel", path, "--dry-run")
    assert (shown.exit_code, "Nothing was written." in shown.stderr) == (0, True)
    assert not (machine.root / "config").exists()
    lines = shown.stdout.splitlines()
    assert "~ simple_evals  nvcr.io/nvidia/eval-factory/simple-evals:26.03 -> " in shown.stdout
    assert "+ brandnew" in lines and "+ brandnew.fresh" in lines
    assert "- lm-evaluation-harness" in lines and "- lm-evaluation-harness.ifeval" in lines
    (changed,) = [line for line in lines if line.startswith("~ simple_evals.gpqa_diamond")]
    assert "parallelism 10 -> 99" in changed and "request_timeout 60 -> -" in changed
    assert machine.cli("catalog", "update", "--wheel", path).exit_code == 0
    task = json.loads(machine.cli("ls", "task", "gpqa_diamond", "--json").stdout)
    assert task["image"].endswith("simple-evals:27.01")
    assert (task["params"], task["required_env"]) == ({"parallelism": 99, "temperature": 1e-05}, ["HF_TOKEN"])
    assert task["description"] == "Hard questions."
    assert [t["task"] for t in json.loads(machine.cli("ls", "--json").stdout)] == ["gpqa_diamond", "mmlu", "fresh"]


def test_a_second_update_finds_nothing_and_a_reset_goes_back(machine: Machine) -> None:
    path = wheel(machine.root)
    machine.cli("catalog", "update", "--wheel", path)
    again = json.loads(machine.cli("catalog", "update", "--wheel", path, "--json").stdout)
    assert again == {"version": "0.9.1", "differences": [], "written": True}
    assert machine.cli("catalog", "reset").exit_code == 0
    assert len(json.loads(machine.cli("ls", "--json").stdout)) == 421
    assert "in use already" in machine.cli("catalog", "reset").stderr


def test_own_catalog_files_stay_above_it_and_borrow_its_images(machine: Machine) -> None:
    machine.cli("catalog", "update", "--wheel", wheel(machine.root))
    folder = machine.root / "config" / "evaldock" / "catalog"
    (folder / "own.yaml").write_text("tasks: [{name: mine, harness: brandnew}]\n")
    assert json.loads(machine.cli("ls", "task", "mine", "--json").stdout)["image"] == "nvcr.io/n:27.01"


def test_the_wheel_is_fetched_by_the_users_own_pip(machine: Machine) -> None:
    shelf = machine.root / "shelf"
    shelf.mkdir()
    wheel(shelf, version="0.9.1")
    wheel(shelf, version="0.10.0")
    env = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(shelf), "PIP_CONFIG_FILE": "/dev/null"}
    result = machine.cli("catalog", "update", "--dry-run", **env)
    assert result.exit_code == 0, result.stderr
    assert "nemo-evaluator-launcher 0.10.0" in result.stderr
    empty = machine.cli("catalog", "update", **{**env, "PIP_FIND_LINKS": str(machine.root / "nothing")})
    assert (empty.exit_code, "pip could not fetch" in empty.stderr) == (1, True)


def test_a_damaged_catalog_is_said_and_mended_by_an_update(machine: Machine) -> None:
    file = machine.root / "config" / "evaldock" / "catalog" / "nemo-evaluator.tsv"
    file.parent.mkdir(parents=True)
    file.write_text("T\tx\n")
    broken = machine.cli("ls", "tasks")
    assert (broken.exit_code, "damaged" in broken.stderr, "catalog reset" in broken.stderr) == (2, True, True)
    assert machine.cli("catalog", "update", "--wheel", wheel(machine.root)).exit_code == 0
    assert machine.cli("ls", "tasks").exit_code == 0


@pytest.mark.parametrize(
    ("tree", "member", "said"),
    [
        ({"harnesses": [], "tasks": []}, MEMBER, "lists no tasks"),
        ([1], MEMBER, "lists no tasks"),
        ({"harnesses": [{"name": "a b", "container": "x"}]}, MEMBER, "without a usable name or image"),
        ({"harnesses": [{"name": "a", "container": "--privileged"}]}, MEMBER, "without a usable name or image"),
        (TREE, "other.yaml", "another generation"),
    ],
)
def test_wheels_that_cannot_be_used(machine: Machine, tree: object, member: str, said: str) -> None:
    result = machine.cli("catalog", "update", "--wheel", wheel(machine.root, tree, member=member))
    assert (result.exit_code, said in result.stderr) == (1, True), result.stderr


def test_what_is_no_wheel_at_all(machine: Machine) -> None:
    odd = machine.root / "nemo_evaluator_launcher-1-py3-none-any.whl"
    odd.write_bytes(b"PK")
    for path, code in ((odd, 1), (machine.root / "absent.whl", 2)):
        assert machine.cli("catalog", "update", "--wheel", path).exit_code == code
    other = machine.root / "other-1-py3-none-any.whl"
    other.write_bytes(b"PK")
    assert "is not a wheel of nemo-evaluator-launcher" in machine.cli("catalog", "update", "--wheel", other).stderr


def test_the_format_keeps_everything() -> None:
    packaged = read_builtin()
    assert parse_builtin(format_builtin(packaged)) == packaged
