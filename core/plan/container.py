"""The container of one attempt, as facts: what the executor creates and what a dry run shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..config.model import MountSpec, Resources
from .command import FIRST_NAME, NEMO_COMMAND
from .commands import command_files, with_commands
from .endpoint import HOST_ALIAS
from .spec import LOGS_PATH, RESULTS_PATH, RUN_CONFIG_PATH, DockerOptions, EnvRef, JobSpec

LABEL_INVOCATION = "evaldock.invocation"
LABEL_JOB = "evaldock.job"
LABEL_ATTEMPT = "evaldock.attempt"
LABEL_RUN_DIR = "evaldock.run_dir"
LABEL_SCHEMA = "evaldock.schema"
LABEL_LOG = "evaldock.log"
SCHEMA = "1"

LOG_BY_DOCKER = "docker"
"""The value of LABEL_LOG for a container that has no shell to write its log itself; "" for all others."""

STDOUT_PATH = f"{LOGS_PATH}/stdout.log"
# `exec` keeps the harness the only process: an outer shell would swallow signals, tee would reorder the streams.
_TO_LOG, _RUN = 'exec >>"$0" 2>&1', 'exec "$@"'
_HARDENING = "no-new-privileges"


@dataclass(frozen=True)
class ContainerShape:
    """Everything Docker is told about one container.

    `argv` follows `entrypoint`. `env` values are not resolved. `options` is complete: the host alias and the
    hardening are in it, and its `entrypoint` and `labels` are moved to `argv` and `labels`. `init` is always on.
    """

    name: str
    image: str
    entrypoint: tuple[str, ...]
    argv: tuple[str, ...]
    env: tuple[EnvRef, ...]
    mounts: tuple[MountSpec, ...]
    labels: Mapping[str, str]
    resources: Resources
    options: DockerOptions
    init: bool = True


def container_shape(job: JobSpec, run_dir: str, attempt: int = 1) -> ContainerShape:
    """The container of attempt number `attempt` of `job`; `run_dir` is the run's directory, absolute."""
    home = f"{run_dir.rstrip('/')}/{job.dir_name}"
    inner = (job.docker.entrypoint,) if job.docker.entrypoint else ()
    return ContainerShape(
        name=container_name(job, attempt),
        image=image_reference(job),
        entrypoint=("/bin/sh",),
        argv=("-c", _log_script(job), STDOUT_PATH, *with_commands(job, (*inner, *job.command))),
        env=job.env,
        mounts=(
            MountSpec(f"{home}/logs", LOGS_PATH),
            MountSpec(f"{home}/artifacts", RESULTS_PATH),
            MountSpec(f"{home}/run_config.yaml", RUN_CONFIG_PATH, read_only=True),
            *(MountSpec(f"{home}/{name}", path, read_only=True) for name, (_, path) in command_files(job).items()),
            *job.mounts,
        ),
        labels=_labels(job, run_dir, attempt),
        resources=job.resources,
        options=_options(job.docker),
    )


def _log_script(job: JobSpec) -> str:
    # With commands around it, the program's name is looked at only once they have set up what they do.
    plain = job.command == NEMO_COMMAND and not job.docker.entrypoint and not command_files(job)
    return "; ".join((_TO_LOG, FIRST_NAME, _RUN) if plain else (_TO_LOG, _RUN))


def without_shell(shape: ContainerShape) -> ContainerShape:
    """The same container for an image that has no /bin/sh: Docker keeps its log, so it gets no directory for it."""
    entrypoint, *rest = shape.argv[3:]
    mounts = tuple(mount for mount in shape.mounts if mount.target != LOGS_PATH)
    labels = {**shape.labels, LABEL_LOG: LOG_BY_DOCKER}
    return replace(shape, entrypoint=(entrypoint,), argv=tuple(rest), mounts=mounts, labels=labels)


def container_name(job: JobSpec, attempt: int) -> str:
    """`evaldock-<invocation>-<n>-a<attempt>`: a new one for every attempt, since removal is not immediate."""
    invocation, _, number = job.id.rpartition(".")
    return f"evaldock-{invocation}-{number}-a{attempt}"


def image_reference(job: JobSpec) -> str:
    """`image@digest` when the digest is known, else the image as it was written; a pinned image by its id."""
    if job.image_id:
        return job.image_id
    return f"{job.image}@{job.digest}" if job.digest and "@" not in job.image else job.image


def _labels(job: JobSpec, run_dir: str, attempt: int) -> dict[str, str]:
    pairs = (label.partition("=") for label in job.docker.labels)
    return {
        **{key: value for key, _, value in pairs},
        LABEL_INVOCATION: job.id.rpartition(".")[0],
        LABEL_JOB: job.id,
        LABEL_ATTEMPT: str(attempt),
        LABEL_RUN_DIR: run_dir,
        LABEL_SCHEMA: SCHEMA,
    }


def _options(options: DockerOptions) -> DockerOptions:
    hosts = options.extra_hosts
    # Docker refuses extra hosts for a container that borrows another one's network.
    borrowed = (options.network or "").startswith("container:")
    if not borrowed and not any(host.startswith((f"{HOST_ALIAS}:", f"{HOST_ALIAS}=")) for host in hosts):
        hosts = (f"{HOST_ALIAS}:host-gateway", *hosts)
    security = options.security_opt
    if not any(item.startswith(_HARDENING) for item in security):
        security = (_HARDENING, *security)
    return replace(options, extra_hosts=hosts, security_opt=security, labels=(), entrypoint=None)
