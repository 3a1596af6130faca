"""Which variables a container gets, and where their values come from. Values of the host are never read here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..config.model import EnvValue
from .spec import EnvRef, JobSpec
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
