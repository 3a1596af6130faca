"""From a container's shape to the arguments of Docker's create call."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ...base.proxies import EXCEPTIONS, names_proxy, with_exceptions
from ...config.model import MountSpec
from ...plan.container import (
    LABEL_ATTEMPT,
    LABEL_INVOCATION,
    LABEL_JOB,
    LABEL_LOG,
    LABEL_RUN_DIR,
    LOG_BY_DOCKER,
    ContainerShape,
    container_shape,
    without_shell,
)
from ...plan.docker_flags import host_settings
from ...plan.spec import EnvRef
from ...run.events import Reason
from ..executor import Attempt, ImageFacts, JobProblem
from .client import ApiClient

_OF_DOCKER = 4  # bytes of Docker's log to one of a log with lines of some length
INVOCATION = "NEL_INVOCATION_ID"
"""What nemo-evaluator-launcher's run scripts set, so that configs name it as `runtime:NEL_INVOCATION_ID`."""
_LEAST_MEMORY = 512 << 20


def create_arguments(
    attempt: Attempt,
    env: Mapping[str, str],
    client: ApiClient,
    image: ImageFacts | None,
    *,
    shell: bool = True,
    memory: int | None = None,
    fence: str = "",
) -> dict[str, Any]:
    """Keyword arguments of `create_container`, but for the name. Raises JobProblem for a variable that is not set.

    `memory` is the most that a container may use which says nothing of it, in bytes. `fence` is the container whose
    network it joins, "" for a network of its own.
    """
    given = {**dict(image.proxies if image else ()), **configured_proxies(client)}
    shape = container_shape(attempt.job, run_dir_label(attempt), attempt.number)
    if not shell:
        shape = without_shell(shape)
    if fence:
        # Hosts, name servers and the host's name belong to a network.
        joined = replace(shape.options, network=f"container:{fence}", extra_hosts=(), dns=(), hostname=None)
        shape = replace(shape, options=joined)
    options = shape.options
    values = environment(shape.env, {INVOCATION: attempt.job.id.partition(".")[0], **env})
    arguments: dict[str, Any] = {
        "image": shape.image,
        "entrypoint": list(shape.entrypoint),
        "command": list(shape.argv),
        "environment": past_proxies(values, given, attempt.bypass),
        # Docker adds the labels of the image, but for those that are given.
        "labels": {LABEL_LOG: "", **shape.labels},
        "user": options.user,
        "working_dir": options.workdir,
        "hostname": options.hostname,
        "platform": options.platform,
        "host_config": client.create_host_config(**_host_config(shape, memory)),
    }
    return {key: value for key, value in arguments.items() if value is not None}


def memory_share(total: int) -> int | None:
    """What a container may use at most of a machine with `total` bytes: so much that the machine still works."""
    return max(_LEAST_MEMORY, total // 10 * 8) if total else None


def run_dir_label(attempt: Attempt) -> str:
    """The one spelling of the run's directory that its containers carry, however the engine was told of it."""
    return os.path.realpath(attempt.paths.root.parent)


def helper_labels(attempt: Attempt) -> dict[str, str]:
    """The labels of a container that serves the one of an attempt: an engine that finds it alone removes it."""
    return {
        LABEL_INVOCATION: attempt.job.id.partition(".")[0],
        LABEL_JOB: attempt.job.id,
        LABEL_ATTEMPT: "0",  # no attempt has this number
        LABEL_RUN_DIR: run_dir_label(attempt),
    }


def environment(refs: Iterable[EnvRef], env: Mapping[str, str]) -> dict[str, str]:
    """The values of the container's variables, looked up now so that they are never stored. Raises JobProblem."""
    values: dict[str, str] = {}
    missing: list[str] = []
    for ref in refs:
        if ref.value.kind == "lit":
            values[ref.name] = ref.value.source
        elif ref.value.source in env:
            values[ref.name] = env[ref.value.source]
        else:
            missing.append(ref.value.source)
    if missing:
        names = ", ".join(sorted(set(missing)))
        raise JobProblem(Reason.START_FAILED, f"Not set in evaldock's environment: {names}. Set it and rerun the job.")
    return values


def past_proxies(values: dict[str, str], configured: Mapping[str, str], host: str) -> dict[str, str]:
    """`values` with `host` among what is reached without a proxy, if the container is told of a proxy at all.

    `configured` are variables that the container has without being given any: by its image and by Docker's own
    configuration. The way to evaldock's proxy never leads through another one, which could not find it.
    """
    known = {**configured, **values}
    if not host or not names_proxy(known):
        return values
    listed = [known[name] for name in EXCEPTIONS if known.get(name)]
    # NeMo's containers also talk to a server inside themselves.
    joined = with_exceptions(listed, ["localhost", "127.0.0.1", host])
    return {**values, **dict.fromkeys(EXCEPTIONS, joined)}


def configured_proxies(client: ApiClient) -> dict[str, str]:
    """The proxy variables that Docker's own configuration gives to every container."""
    found: Any = getattr(client, "_proxy_configs", None)
    return dict(found.get_environment()) if found else {}


def _host_config(shape: ContainerShape, memory: int | None) -> dict[str, Any]:
    from docker.types import LogConfig, Mount, Ulimit

    options, resources = shape.options, shape.resources
    by_docker = shape.labels.get(LABEL_LOG) == LOG_BY_DOCKER
    settings: dict[str, Any] = {
        "init": shape.init,
        # A bind by `Mount` fails when its source is missing, where the older form makes a directory as root.
        "mounts": [
            Mount(m.target, m.source, type="volume" if m.is_volume else "bind", read_only=m.read_only)
            for m in shape.mounts
            if not m.options
        ],
        # Only the older form has a place for SELinux and the like.
        "binds": [_bind(m) for m in shape.mounts if m.options],
        # The container writes its own log; what little comes before that must not fill the disk of the daemon.
        "log_config": LogConfig(type="json-file", config={"max-size": _log_size(shape) if by_docker else "1m"}),
        "network_mode": options.network,
        "ipc_mode": options.ipc,
        "pid_mode": options.pid,
        "runtime": options.runtime,
        "privileged": options.privileged or None,
        "read_only": options.read_only or None,
        "extra_hosts": list(options.extra_hosts),
        "cap_add": list(options.cap_add),
        "cap_drop": list(options.cap_drop),
        "security_opt": list(options.security_opt),
        "devices": list(options.devices),
        "dns": list(options.dns),
        "tmpfs": list(options.tmpfs),
        "ulimits": [_ulimit(Ulimit, text) for text in options.ulimits],
        "nano_cpus": round(resources.cpus * 1e9) if resources.cpus else None,
        "mem_limit": resources.memory or memory,
        "memswap_limit": None if resources.memory else memory,
        "pids_limit": resources.pids,
        "shm_size": resources.shm_size,
        "device_requests": _gpus(resources.gpus),
    }
    settings |= host_settings(options.passed)
    return {key: value for key, value in settings.items() if value not in (None, [])}


def _bind(mount: MountSpec) -> str:
    return f"{mount.source}:{mount.target}:{','.join(('ro' if mount.read_only else 'rw', *mount.options))}"


def _log_size(shape: ContainerShape) -> str:
    # Without a shell its log is Docker's alone and must not be rotated away, whatever the daemon's own settings say:
    # the task is stopped before that, unless it prints lines of a few bytes, which Docker writes in a hundred.
    most = shape.resources.log
    return str(most * _OF_DOCKER) if most else "1p"


def _ulimit(make: Any, text: str) -> Any:
    name, _, limits = text.partition("=")
    soft, _, hard = limits.partition(":")
    return make(name=name, soft=int(soft), hard=int(hard or soft))


def _gpus(text: str | None) -> list[Any] | None:
    """Docker's own forms of --gpus: `all`, a count, `device=0,2`."""
    from docker.types import DeviceRequest

    if not text or text == "none":
        return None
    if text == "all":
        return [DeviceRequest(count=-1, capabilities=[["gpu"]])]
    if text.isdigit():
        return [DeviceRequest(count=int(text), capabilities=[["gpu"]])]
    ids = text.removeprefix("device=").strip("'\"").split(",")
    return [DeviceRequest(device_ids=ids, capabilities=[["gpu"]])]
