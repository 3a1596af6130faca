"""Doing a run again as it was: a new run of the same specs, whose images are pinned to those that ran."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from ..base.atomic import read_from_file
from ..base.narrow import Json, as_items, as_text, as_tree
from ..base.plain_yaml import load_yaml
from ..config.model import Tree
from ..plan.spec import JobSpec, Plan
from ..run.access import refuse_foreign
from ..run.store import Run, RunDamaged


@dataclass(frozen=True)
class Replay:
    """The new run's plan and config; `notes` are sentences about what cannot be the same."""

    plan: Plan
    config: Tree
    notes: tuple[str, ...]


def plan_replay(run: Run, invocation: str, *, evaldock: str) -> Replay:
    """Plan `run` again under another `invocation`, each job by the spec of its newest attempt.

    `evaldock` is the version that will run it. Writes nothing. Raises RunDamaged, RequestRefused (another user's run).
    """
    refuse_foreign(run.paths.root)
    provenance = run.provenance()
    notes = [] if provenance else [f"run {run.invocation} kept no provenance, so no image can be pinned"]
    jobs: list[JobSpec] = []
    for job in run.current_plan().jobs:
        made = _newest(provenance, job.id)
        pinned = _pinned(replace(job, id=f"{invocation}.{job.index}"), made)
        if provenance and not (pinned.digest or pinned.image_id):
            notes.append(f"{job.task} never had a container, so its image is taken as it is now: {job.image}")
        jobs.append(pinned)
    then = as_text(provenance.get("evaldock"))
    if then and then != evaldock:
        notes.append(f"it was run by evaldock {then}, this is {evaldock}")
    plan = replace(
        run.plan, invocation=invocation, jobs=tuple(jobs), replays=run.invocation, warnings=(), pull="missing"
    )
    return Replay(plan, _config(run), tuple(notes))


def _pinned(job: JobSpec, made: Json) -> JobSpec:
    digest = _digest_of(job.image, [as_text(item) for item in as_items(made.get("digests"))])
    if digest:
        return replace(job, digest=digest)
    return replace(job, image_id=as_text(made.get("image_id")))


def _digest_of(image: str, digests: Sequence[str]) -> str:
    """The digest by which the registry of `image` knows what ran; "" for an image that no registry has."""
    wanted = _repository(image)
    for text in digests:
        name, _, digest = text.partition("@")
        if _repository(name) == wanted:
            return digest
    return ""


def _repository(image: str) -> str:
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    whole = f"{head}{slash}{last.partition(':')[0]}"
    # Docker itself calls its own registry's images without these.
    return whole.removeprefix("docker.io/").removeprefix("library/")


def _newest(provenance: Json, job: str) -> Json:
    entries = as_items(as_tree(provenance.get("jobs")).get(job))
    return as_tree(entries[-1]) if entries else {}


def _config(run: Run) -> Tree:
    import yaml

    try:
        tree: object = load_yaml(read_from_file(run.paths.config))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise RunDamaged(f"{run.paths.config} cannot be read, so the run cannot be done again: {why}.") from error
    if not isinstance(tree, dict):
        raise RunDamaged(f"{run.paths.config} holds no config, so the run cannot be done again.")
    return cast(Tree, tree)
