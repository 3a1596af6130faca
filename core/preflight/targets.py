"""The endpoints of a plan: each combination of address, model, key and protocol once, however many jobs use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from ..plan.environ import api_key_ref
from ..plan.spec import JobSpec, Plan
from ..plan.trees import tree_at
from ..proxy.endpoints import base_path


@dataclass(frozen=True)
class Target:
    """One endpoint as some jobs use it.

    `key_name` is the variable that holds the key ("" for none), `key` its value: None when it is not set.
    `patience` is after how many seconds the jobs give a request up, as far as the config says it. `key_header` carries
    the key, if the config says so.
    """

    url: str
    model_id: str
    kind: str
    key_name: str
    key: str | None
    tasks: tuple[str, ...] = ()
    patience: float | None = None
    key_header: str | None = None

    @property
    def label(self) -> str:
        """The name of the check that speaks the protocol."""
        return "logprobs" if self.kind == "completions_logprob" else self.kind

    @property
    def models_url(self) -> str:
        """Where the endpoint lists its models."""
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc, base_path(parts.path) + "/models", parts.query, ""))

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def targets_of(plan: Plan, env: Mapping[str, str]) -> tuple[Target, ...]:
    """The endpoints of all jobs that use one, in the order of the plan."""
    jobs: dict[tuple[str, str, str, str], list[JobSpec]] = {}
    values: dict[str, str | None] = {}
    for job in plan.jobs:
        if job.knows_endpoint:
            ref = api_key_ref(job)
            name = ref.value.source if ref and ref.value.kind != "lit" else ref.name if ref else ""
            values[name] = ref.value.source if ref and ref.value.kind == "lit" else env.get(name)
            jobs.setdefault((job.url, job.model_id, job.endpoint_type, name), []).append(job)
    return tuple(
        Target(
            url=url,
            model_id=model,
            kind=kind,
            key_name=name,
            key=values[name],
            tasks=tuple(job.task for job in members),
            key_header=members[0].requests.api_key_header,
            patience=min((wait for job in members if (wait := _patience(job))), default=None),
        )
        for (url, model, kind, name), members in jobs.items()
    )


def _patience(job: JobSpec) -> float | None:
    wait = tree_at(job.run_config, "config", "params").get("request_timeout")
    return float(wait) if isinstance(wait, (int, float)) and not isinstance(wait, bool) else None
