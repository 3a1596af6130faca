"""Runs whose files are damaged: a sentence and a true exit code from every command, and nothing of the run changed."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import yaml
from evaldock.core.run.store import Run
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import Machine, change
from .damage import (
    FIGURES,
    NOBODY,
    UNCHECKED,
    WILD,
    as_somebody_else,
    changed,
    damaged,
    damages,
    ends_within,
    files_of,
    finished_run,
    misbehaviour,
    picture,
    places,
)

pytestmark = pytest.mark.wide

RUN, OTHER = "3f2a9c1d", "77777777"
LOOKING = (
    ("status", RUN),
    ("logs", RUN),
    ("logs", f"{RUN}.1", "--attempt", "1"),
    ("ls", "runs", "--json"),
    ("results", RUN, "--metric", "a"),
    ("compare", OTHER, RUN, "--json"),
    ("export", RUN, "--dest", "junit", "--output-dir", "EXPORTS"),
    ("report", RUN, "-o", "-"),
    ("info", RUN),
    ("prune", RUN, "--dry-run"),
)
READING = (
    *LOOKING,
    ("status",),
    ("status", f"{RUN}.1", "--json"),
    ("logs", f"{RUN}.0", "-n", "1"),
    ("ls", "runs"),
    ("ls", "runs", "--scan", "OUTPUT"),
    ("results", RUN),
    ("results", RUN, "--json"),
    ("results", RUN, "--csv"),
    ("results", RUN, "--md"),
    ("compare", RUN, OTHER),
    ("export", RUN, "--output-dir", "EXPORTS"),
    ("export", RUN, "--dest", "csv", "--output-dir", "EXPORTS"),
    ("info", RUN, "--json"),
    ("open", f"{RUN}.0", "--print"),
    ("rerun", f"{RUN}.1", "--dry-run"),
    ("rerun", f"{RUN}.1", "--dry-run", "--json"),
    ("rerun", RUN, "--dry-run", "-o", "execution.timeout=2h"),
    ("rerun", RUN, "--exact", "--dry-run"),
    ("prune", "--runs", "--older-than", "0", "--dry-run"),
    ("prune", "--attempts", "--dry-run"),
    ("kill", RUN),
    ("resume", RUN),
)
# All commands begin with these; of the others each is read by few.
FOR_ALL = ("plan.json", "journal.jsonl", "config.yaml", "beta/specs/2.json")
FOR_SOME = (
    *("live.json", "provenance.json", "requests", "engine.lock", "engine.pid", "engine.log"),
    *("alpha/run_config.yaml", "alpha/logs/stdout.log", "alpha/requests.json"),
    *("alpha/requests.jsonl", "alpha/responses.jsonl", "alpha/artifacts/results.yml"),
    *("alpha/artifacts/eval_factory_metrics.json", "alpha/artifacts/progress"),
    *("beta/logs/stdout.log", "beta/attempts/1/run_config.yaml", "beta/attempts/1/logs/stdout.log"),
)


@pytest.fixture
def run(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    finished_run(machine, OTHER)
    return finished_run(machine, RUN)


def problems(machine: Machine, run: Run, commands: Sequence[Sequence[str]]) -> Iterator[str]:
    """What the commands do wrong with the run as it is."""
    places = {"OUTPUT": str(machine.output), "EXPORTS": str(machine.root / "exports")}
    before = picture(run.paths.root)
    for words in commands:
        with ends_within(90):
            # Else kill would start engines for runs whose damage has them look unfinished.
            wrong = misbehaviour(machine.cli(*(places.get(word, word) for word in words), EVALDOCK_READ_ONLY="1"))
        if wrong:
            yield f"{' '.join(words)}: {wrong}"
    if (after := picture(run.paths.root)) != before:
        yield f"changed: {before.items() ^ after.items()}"


def test_nothing_is_wrong_with_a_whole_run_and_all_its_files_are_known(machine: Machine, run: Run) -> None:
    assert sorted((*FOR_ALL, *FOR_SOME)) == sorted(files_of(run))
    assert list(problems(machine, run, READING)) == []


@pytest.mark.parametrize("name", [*FOR_ALL, *FOR_SOME])
def test_every_damage_of_every_file_is_told_in_a_sentence(machine: Machine, run: Run, name: str) -> None:
    path = run.paths.root / name
    commands = READING if name in FOR_ALL else LOOKING
    found: list[str] = []
    for what, deed in damages(path):
        with damaged(path, deed):
            found += [f"{what}: {problem}" for problem in problems(machine, run, commands)]
    assert found == []
    assert list(problems(machine, run, LOOKING)) == []


def test_what_may_not_be_read_is_told_in_a_sentence(
    machine: Machine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(problems(machine, run, READING))  # all is imported, whoever may read the program
    folder = Path(tempfile.mkdtemp())
    try:
        elsewhere = Machine(folder)
        monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
        finished_run(elsewhere, OTHER)
        mine = finished_run(elsewhere, RUN)
        if os.geteuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        found: list[str] = []
        for path in (mine.paths.root, *(mine.paths.root / name for name in (*FOR_ALL, *FOR_SOME))):
            mode = path.stat().st_mode
            path.chmod(0)
            with as_somebody_else():
                found += [f"{path.name}: {problem}" for problem in problems(elsewhere, mine, READING)]
            path.chmod(mode)
        assert found == []
    finally:
        shutil.rmtree(folder)


JSON_FILES = ("plan.json", "journal.jsonl", "live.json", "provenance.json", "alpha/requests.json", "beta/specs/2.json")
OTHER_TREES = ("config.yaml", "alpha/artifacts/results.yml", "alpha/artifacts/eval_factory_metrics.json")
VALUES = st.one_of(
    st.sampled_from(WILD),
    st.sampled_from(["", "x\x00\x1b[31m\n", "../..", "2026-99-99T00:00:00Z", "9999-12-31T23:59:59.9-23:59", "~", "1"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.dictionaries(st.sampled_from(["a", "1", "value", "jobs"]), st.integers(), max_size=2),
)


@settings(max_examples=25, suppress_health_check=UNCHECKED)
@given(data=st.data())
def test_any_value_may_stand_in_any_place(machine: Machine, run: Run, data: st.DataObject) -> None:
    path = run.paths.root / data.draw(st.sampled_from([*JSON_FILES, *OTHER_TREES]))
    whole = path.read_bytes()
    lines = whole.splitlines() if path.suffix == ".jsonl" else [whole]
    number = data.draw(st.integers(0, len(lines) - 1))
    tree: object = yaml.safe_load(lines[number])
    at = data.draw(st.sampled_from(list(places(tree))))
    lines[number] = json.dumps(changed(tree, at, data.draw(VALUES))).encode()
    with damaged(path, lambda path: path.write_bytes(b"\n".join(lines) + b"\n")):
        commands = READING if path.name in ("plan.json", "2.json") else LOOKING
        assert list(problems(machine, run, commands)) == []


def test_figures_of_jobs_that_run_may_be_anything(machine: Machine) -> None:
    run = machine.run(RUN, "alpha", samples=10)
    job = run.plan.jobs[0].id
    machine.happen(run, change(job, "running"))
    requests = {**FIGURES, "answers": 9, "rate": 1.5, "minute_rate": 2.5, "in_flight": 1}
    live = {"at": "2026-11-23T11:00:20.000Z", "jobs": {job: {"progress": 7, "total": 9, "requests": requests}}}
    found: list[str] = []
    for at in places(live):
        for value in WILD:
            run.paths.live.write_text(json.dumps(changed(live, at, value)))
            for problem in problems(machine, run, [("status", RUN), ("status", RUN, "--json")]):
                found.append(f"{at} {value!r:.20}: {problem}")
    assert found == []


@settings(max_examples=25, suppress_health_check=UNCHECKED)
@given(
    name=st.sampled_from([*FOR_ALL, *FOR_SOME]).filter(lambda name: name != "requests"),
    start=st.floats(0, 1),
    cut=st.integers(0, 40),
    piece=st.binary(max_size=20),
)
def test_any_bytes_may_stand_in_any_file(
    machine: Machine, run: Run, name: str, start: float, cut: int, piece: bytes
) -> None:
    path = run.paths.root / name
    whole = path.read_bytes()
    at = int(start * len(whole))
    with damaged(path, lambda path: path.write_bytes(whole[:at] + piece + whole[at + cut :])):
        assert list(problems(machine, run, LOOKING)) == []


def test_a_run_of_a_newer_version_is_told_as_one(machine: Machine, run: Run) -> None:
    path = run.paths.plan
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 2', 1))
    result = machine.cli("status", RUN)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is a run of a newer evaldock" in result.stderr
    assert "Update evaldock" in result.stderr


def test_a_run_without_its_history_is_not_begun_anew(machine: Machine, run: Run) -> None:
    run.paths.journal.write_bytes(b"")
    before = picture(run.paths.root)
    for command in ("resume", "kill", "rerun"):
        result = machine.cli(command, RUN)
        assert result.exit_code == 1
        assert "journal.jsonl is damaged" in result.stderr
    assert picture(run.paths.root) == before


def test_damaged_runs_are_not_hidden(machine: Machine, run: Run) -> None:
    run.paths.plan.write_text("{")
    result = machine.cli("ls", "runs")
    assert (result.exit_code, OTHER in result.stdout, RUN in result.stdout) == (0, True, False)
    assert f"cannot be read: {RUN}. Why: evaldock status {RUN}" in result.stderr
    assert [entry["invocation"] for entry in json.loads(machine.cli("ls", "runs", "--json").stdout)] == [OTHER]


def test_a_newer_run_that_is_damaged_is_told_of_before_an_older_one_is_shown(machine: Machine, run: Run) -> None:
    (machine.output / f"20261123_110000-{OTHER}").joinpath("plan.json").write_text("{")
    result = machine.cli("status")
    assert RUN in result.stdout
    assert f"{OTHER}/plan.json is damaged" in result.stderr
    assert result.stderr.startswith("evaldock: warning: ")


def test_an_id_with_a_slip_names_the_one_that_was_meant(machine: Machine, run: Run) -> None:
    result = machine.cli("status", "3f2a9d1d")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"No run begins with '3f2a9d1d'. Did you mean {RUN}?" in result.stderr
    assert "Did you mean" not in machine.cli("status", "00000000").stderr


def test_a_directory_that_is_no_run_is_the_users_mistake(machine: Machine, run: Run) -> None:
    result = machine.cli("status", str(machine.output))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "is not the directory of a run: it has no plan.json" in result.stderr


@pytest.mark.parametrize("name", ["summaries.jsonl", f"runs/{RUN}.json", "runs"])
def test_the_memory_of_runs_may_be_damaged(machine: Machine, run: Run, name: str) -> None:
    assert machine.cli("ls", "runs").exit_code == 0
    path = machine.root / "state/evaldock" / name
    commands = (("ls", "runs"), ("ls", "runs", "--json"), ("status",), ("status", RUN), ("prune", "--attempts", "-n"))
    found: list[str] = []
    for what, deed in damages(path):
        with damaged(path, deed):
            found += [f"{what}: {problem}" for problem in problems(machine, run, commands)]
    assert found == []


def test_a_memory_that_says_something_else_than_was_written_is_not_believed(machine: Machine, run: Run) -> None:
    before = machine.cli("ls", "runs", "--json").stdout
    kept = machine.root / "state/evaldock/summaries.jsonl"
    kept.write_bytes(kept.read_bytes().replace(b"tiny", b"huge"))
    assert machine.cli("ls", "runs", "--json").stdout == before
