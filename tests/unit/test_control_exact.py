"""Doing a run again as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from evaldock.core.control.exact import plan_replay
from evaldock.core.plan.container import image_reference
from evaldock.core.plan.spec import JobSpec
from evaldock.core.run.layout import create_run
from evaldock.core.run.store import Run, RunDamaged

from .test_run_layout import make_plan, state_env

ID = "sha256:" + "1" * 64
DIGEST = "sha256:" + "2" * 64


def run_of(folder: Path, *images: str, provenance: dict[str, list[dict[str, Any]]] | None = None) -> Run:
    """A run of one job for each image, with what is known of them."""
    plan = make_plan(folder / "out", *(f"t{n}" for n in range(len(images))))
    jobs = tuple(replace(job, image=image) for job, image in zip(plan.jobs, images, strict=True))
    paths = create_run(replace(plan, jobs=jobs), {"a": 1}, now=datetime.now(UTC), env=state_env(folder))
    if provenance is not None:
        paths.provenance.write_text(json.dumps({"evaldock": "0.1.0", "jobs": provenance}))
    return Run.open(paths.root)


def replayed(run: Run) -> tuple[JobSpec, ...]:
    return plan_replay(run, "99999999", evaldock="0.1.0").plan.jobs


@pytest.mark.parametrize(
    ("image", "digests", "runs"),
    [
        ("nvcr.io/nvidia/evals:26.03", [f"nvcr.io/nvidia/evals@{DIGEST}"], f"nvcr.io/nvidia/evals:26.03@{DIGEST}"),
        ("busybox", [f"other@{ID}", f"busybox@{DIGEST}"], f"busybox@{DIGEST}"),
        ("docker.io/library/busybox:1", [f"busybox@{DIGEST}"], f"docker.io/library/busybox:1@{DIGEST}"),
        ("localhost:5000/own:1", [f"localhost:5000/own@{DIGEST}"], f"localhost:5000/own:1@{DIGEST}"),
        ("local/own:1", [], ID),
        ("local/own:1", [f"elsewhere/own@{DIGEST}"], ID),
    ],
)
def test_an_image_is_pinned_by_its_registry_or_by_its_id(
    tmp_path: Path, image: str, digests: list[str], runs: str
) -> None:
    made = {"attempt": 1, "image_id": ID, "digests": digests}
    run = run_of(tmp_path, image, provenance={"1a2b3c4d.0": [{**made, "digests": [], "image_id": "old"}, made]})
    (job,) = replayed(run)
    assert image_reference(job) == runs
    assert (job.id, job.image) == ("99999999.0", image)


def test_the_new_run_says_what_it_repeats(tmp_path: Path) -> None:
    made = {"attempt": 1, "image_id": ID, "digests": []}
    run = run_of(tmp_path, "local/own:1", provenance={"1a2b3c4d.0": [made]})
    found = plan_replay(run, "99999999", evaldock="0.2.0")
    assert (found.plan.invocation, found.plan.replays, found.config) == ("99999999", "1a2b3c4d", {"a": 1})
    assert found.notes == ("it was run by evaldock 0.1.0, this is 0.2.0",)
    assert plan_replay(run, "99999999", evaldock="0.1.0").notes == ()


def test_what_cannot_be_pinned_is_said(tmp_path: Path) -> None:
    made = {"attempt": 1, "image_id": ID, "digests": []}
    some = run_of(tmp_path / "some", "local/own:1", "local/other:1", provenance={"1a2b3c4d.0": [made]})
    assert plan_replay(some, "99999999", evaldock="0.1.0").notes == (
        "t1 never had a container, so its image is taken as it is now: local/other:1",
    )
    none = run_of(tmp_path / "none", "local/own:1")
    assert plan_replay(none, "99999999", evaldock="0.1.0").notes == (
        "run 1a2b3c4d kept no provenance, so no image can be pinned",
    )
    assert image_reference(replayed(none)[0]) == "local/own:1"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"jobs": 3}', '{"jobs": {"1a2b3c4d.0": [3]}}'])
def test_a_damaged_provenance_pins_nothing_and_breaks_nothing(tmp_path: Path, content: str) -> None:
    run = run_of(tmp_path, "local/own:1")
    run.paths.provenance.write_text(content)
    found = plan_replay(run, "99999999", evaldock="0.1.0")
    assert image_reference(found.plan.jobs[0]) == "local/own:1"
    assert found.notes


@pytest.mark.parametrize("content", [None, "- a", "a: [", "\x00"])
def test_without_its_config_a_run_cannot_be_done_again(tmp_path: Path, content: str | None) -> None:
    run = run_of(tmp_path, "local/own:1")
    run.paths.config.unlink()
    if content is not None:
        run.paths.config.write_text(content)
    with pytest.raises(RunDamaged, match=r"config\.yaml"):
        plan_replay(run, "99999999", evaldock="0.1.0")
