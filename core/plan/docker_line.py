"""A container as the `docker run` line that would make it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from ..config.model import MountSpec, Resources
from .container import ContainerShape, container_shape
from .spec import DockerOptions, EnvRef, JobSpec

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def docker_run_line(job: JobSpec, run_dir: str, attempt: int = 1) -> str:
    """One line to paste into a shell. Secrets are named, never written.

    A variable whose name on the host differs is set for this command only, in front of it, so that its value does
    not become an argument that others can see.
    """
    shape = container_shape(job, run_dir, attempt)
    renamed = [f'{ref.name}="${ref.value.source}"' for ref in shape.env if _is_renamed(ref)]
    return " ".join([*renamed, *(shlex.quote(word) for word in docker_run_words(shape))])


def docker_run_words(shape: ContainerShape) -> list[str]:
    """The words of the line, not quoted."""
    words = ["docker", "run", "--detach", "--name", shape.name, "--init"]
    words += _options(shape.options)
    words += _resources(shape.resources)
    for mount in shape.mounts:
        words += ["--volume", _volume(mount)] if mount.options else ["--mount", _mount(mount)]
    for ref in shape.env:
        shown = ref.value.kind == "lit" and not ref.secret
        words += ["-e", f"{ref.name}={ref.value.source}" if shown else ref.name]
    for key, value in shape.labels.items():
        words += ["--label", f"{key}={value}"]
    # The command line takes one word as entrypoint; the rest goes before the arguments.
    return [*words, "--entrypoint", shape.entrypoint[0], shape.image, *shape.entrypoint[1:], *shape.argv]


def _options(options: DockerOptions) -> Iterator[str]:
    single = {
        "--network": options.network,
        "--ipc": options.ipc,
        "--pid": options.pid,
        "--user": options.user,
        "--workdir": options.workdir,
        "--hostname": options.hostname,
        "--runtime": options.runtime,
        "--platform": options.platform,
    }
    for flag, value in single.items():
        if value is not None:
            yield from (flag, value)
    many = {
        "--add-host": options.extra_hosts,
        "--cap-add": options.cap_add,
        "--cap-drop": options.cap_drop,
        "--security-opt": options.security_opt,
        "--device": options.devices,
        "--dns": options.dns,
        "--ulimit": options.ulimits,
        "--tmpfs": options.tmpfs,
    }
    for flag, values in many.items():
        for value in values:
            yield from (flag, value)
    yield from options.passed
    if options.privileged:
        yield "--privileged"
    if options.read_only:
        yield "--read-only"


def _resources(resources: Resources) -> Iterator[str]:
    if resources.pids is not None:
        yield from ("--pids-limit", str(resources.pids))
    if resources.cpus is not None:
        yield from ("--cpus", f"{resources.cpus:g}")
    if resources.memory is not None:
        yield from ("--memory", _size(resources.memory))
    if resources.shm_size is not None:
        yield from ("--shm-size", _size(resources.shm_size))
    if resources.gpus is not None:
        # docker reads this value as one line of CSV, so a list of devices has to be quoted.
        yield from ("--gpus", f'"{resources.gpus}"' if "," in resources.gpus else resources.gpus)


def _size(size: int) -> str:
    for shift, unit in ((30, "g"), (20, "m"), (10, "k")):
        if size and size % (1 << shift) == 0:
            return f"{size >> shift}{unit}"
    return str(size)


def _mount(mount: MountSpec) -> str:
    fields = ["type=volume" if mount.is_volume else "type=bind", f"source={mount.source}", f"target={mount.target}"]
    fields += ["readonly"] if mount.read_only else []
    return ",".join(f'"{field}"' if "," in field else field for field in fields)


def _volume(mount: MountSpec) -> str:
    options = ",".join([*(["ro"] if mount.read_only else []), *mount.options])
    return f"{mount.source}:{mount.target}:{options}"


def _is_renamed(ref: EnvRef) -> bool:
    value = ref.value
    return value.kind != "lit" and value.source != ref.name and bool(_IDENTIFIER.fullmatch(value.source))
