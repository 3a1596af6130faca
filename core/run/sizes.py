"""How many answers a task needed the last time that it ran through: one small file a kind of job, below the state."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from ..base.atomic import make_dirs, read_head, write_atomic
from ..base.home import state_dir
from ..base.narrow import as_tree, as_whole
from ..plan.spec import JobSpec
from ..plan.trees import tree_at

_LIMIT = 4096


def remember(job: JobSpec, answers: int, env: Mapping[str, str] | None = None) -> None:
    """Keep that `job`, run to its end, had so many answers. What cannot be written is not remembered."""
    if answers < 1:
        return
    path = _path(job, env)
    content = {"task": f"{job.harness}.{job.task}", "image": job.image, "answers": answers}
    with contextlib.suppress(OSError):
        make_dirs(path.parent)
        write_atomic(path, json.dumps(content).encode() + b"\n", mode=0o600, sync=False)


def recall(job: JobSpec, env: Mapping[str, str] | None = None) -> int | None:
    """How many answers such a job had, None when none ran to its end."""
    try:
        return as_whole(as_tree(json.loads(read_head(_path(job, env), _LIMIT) or b"null")).get("answers")) or None
    except (OSError, ValueError):
        return None


def _path(job: JobSpec, env: Mapping[str, str] | None) -> Path:
    """One file for the jobs that ask the same: of one task in one image, with the settings that choose samples."""
    params = tree_at(job.run_config, "config", "params")
    sources = [(mount.source, mount.target) for mount in job.mounts]
    what = [job.harness, job.task, job.image, job.digest, job.image_id, job.endpoint_type, list(job.command), sources]
    what += [params.get("limit_samples"), params.get("extra")]
    key = hashlib.sha256(json.dumps(what, sort_keys=True, default=str).encode()).hexdigest()[:32]
    return state_dir(env) / "sizes" / f"{key}.json"
