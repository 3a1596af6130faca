"""JSON in the shapes of nemo-evaluator-launcher, for scripts that read those (`--json=nel`)."""

from __future__ import annotations

from typing import Any

from ...core.catalog.model import TaskSpec
from ...core.plan.container import container_name
from .select import Target, rows_of

_STATUS = {
    "queued": "pending",
    "pulling": "pending",
    "starting": "pending",
    "running": "running",
    "stopping": "running",
    "succeeded": "success",
    "failed": "failed",
    "skipped": "failed",
    "killed": "killed",
    "lost": "unknown",
}


def status_json(target: Target) -> list[dict[str, Any]]:
    """The jobs of a target: `[{invocation, job_id, status, progress: {progress}, data}]`."""
    found: list[dict[str, Any]] = []
    for row in rows_of(target):
        job = target.run.job(row.job)
        done = row.progress.done if row.progress is not None else None
        data: dict[str, Any] = {
            "output_dir": str(target.run.paths.job(job.dir_name).root),
            "container": container_name(job, row.attempt),
            "eval_image": job.image,
        }
        if row.state.value == "killed":
            data["killed"] = True
        found.append(
            {
                "invocation": row.invocation,
                "job_id": row.job,
                "status": _STATUS.get(row.state.value, "unknown"),
                "progress": {"progress": done},
                "data": data,
            }
        )
    return found


def tasks_json(tasks: list[TaskSpec]) -> dict[str, Any]:
    """`{tasks: [{task, endpoint_type, harness, container, arch, description}]}`."""
    return {
        "tasks": [
            {
                "task": task.name,
                "endpoint_type": task.endpoint_types[0],
                "harness": task.harness,
                "container": task.image,
                "arch": task.architectures,
                "description": task.description,
            }
            for task in tasks
        ]
    }
