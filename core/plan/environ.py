"""Which variables a container gets, where their values come from, and which are missing. No value is kept here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..config.model import ConfigProblem, EnvValue
from .commands import untrusted
from .spec import EnvRef, JobSpec, Plan
from .trees import text_at

DATASET_DIR = "NEMO_EVALUATOR_DATASET_DIR"
NO_KEY = "EVALDOCK_NO_API_KEY"
"""Named to the harness when the endpoint needs no key: their client libraries refuse to start without one."""
SHUTDOWN_WAIT = "NEMO_EVALUATOR_SHUTDOWN_TIMEOUT_SECONDS"


def job_env(
    *,
    user: Mapping[str, EnvValue],
    docker_args: Iterable[EnvRef],
    api_key_name: str,
    required: Iterable[str],
    kill_grace: float,
    dataset: str,
) -> tuple[EnvRef, ...]:
    """All variables of one job; of two with one name the more specific wins.

    From strong to weak: the task's own, `extra_docker_args`, the endpoint's key, what the catalog says the task
    needs (taken from the host under the same name), and evaldock's own settings.
    """
    refs = [EnvRef(name, value) for name, value in user.items()]
    refs += docker_args
    refs += [EnvRef(name, EnvValue("host", name)) for name in (api_key_name, *required) if name]
    if dataset:
        refs.append(EnvRef(DATASET_DIR, EnvValue("lit", dataset), secret=False))
    if not api_key_name:
        refs.append(EnvRef(NO_KEY, EnvValue("lit", "none"), secret=False))
    refs += _own(kill_grace)
    first: dict[str, EnvRef] = {}
    for ref in refs:
        first.setdefault(ref.name, ref)
    return tuple(first.values())


def api_key_ref(job: JobSpec) -> EnvRef | None:
    """The job's variable that holds the endpoint's key; None for an endpoint without one."""
    name = text_at(job.run_config, "target", "api_endpoint", "api_key_name")
    return next((ref for ref in job.env if ref.name == name != NO_KEY), None)


def missing_env(plan: Plan, env: Mapping[str, str]) -> list[ConfigProblem]:
    """One problem for each variable of the host that jobs need and that is unset or empty.

    The variable that agrees to a config's own commands is one of them.
    """
    wanted: dict[str, list[str]] = {}
    for job in plan.jobs:
        for ref in job.env:
            if ref.value.kind == "host" and not env.get(ref.value.source):
                renamed = f" (as {ref.name})" if ref.name != ref.value.source else ""
                wanted.setdefault(ref.value.source, []).append(job.task + renamed)
    missing = [ConfigProblem(_missing(name, list(dict.fromkeys(tasks))), "env_vars") for name, tasks in wanted.items()]
    return missing + untrusted(plan, env)


def _missing(name: str, tasks: Sequence[str]) -> str:
    more = f" and {len(tasks) - 3} more" if len(tasks) > 3 else ""
    noun = "task" if len(tasks) == 1 else "tasks"
    verb = "needs" if len(tasks) == 1 else "need"
    return (
        f"the environment variable {name} is not set or empty; {noun} {', '.join(tasks[:3])}{more} {verb} it. "
        f"Set it (export {name}=...) or name another variable under env_vars, or write {name}: 'lit:' there for an "
        "empty one"
    )


def _own(kill_grace: float) -> list[EnvRef]:
    settings = {
        "PYTHONUNBUFFERED": "1",
        # The signal must reach the harness and not only the process that the container started with.
        "TINI_KILL_PROCESS_GROUP": "1",
        "NEMO_EVALUATOR_TELEMETRY_LEVEL": "0",
        # The core waits this long for its children; it must be done before the grace ends. 0 means for ever.
        SHUTDOWN_WAIT: str(max(1, int(kill_grace) - 5)),
    }
    return [EnvRef(name, EnvValue("lit", value), secret=False) for name, value in settings.items()]
