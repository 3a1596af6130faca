"""What walls a container in: `execution.isolation` as options of Docker. What the user asked for himself wins."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

from ..config.model import EnvValue, Isolation
from .spec import DockerOptions, EnvRef, JobSpec

NETWORK = "evaldock"
NETWORK_INTERNAL = "evaldock-internal"
"""One network each for all tasks of all runs, on which containers reach this machine and (but for the internal one)
the Internet, and no other container. Docker takes 0.3 s to make and remove a network, as long as all else that evaldock
adds to a task, and has addresses for about 30: so it is not one for each task. Two tasks are apart as if it were:
containers on it may not talk to each other, nor can one pretend to be another without NET_RAW (see `_RAISED`)."""

OWN_NETWORKS = (NETWORK, NETWORK_INTERNAL)

# What a package install or a change of user in an image needs; all of it ends at the container's own files and
# processes. Gone are raw packets, device nodes, chroot, low ports, file capabilities and the audit log.
KEPT = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID")
# With one of these a container could pretend to be another on the same network.
_RAISED = frozenset(("ALL", "NET_RAW", "NET_ADMIN", "SYS_ADMIN", "SYS_MODULE"))
_NOBODY = 65534
_TMP = "/tmp"


def walled(options: DockerOptions, level: Isolation, *, internal: bool = False) -> DockerOptions:
    """`options` (what the user gave to Docker) with what `level` adds; `internal`: without a way to the Internet."""
    if level == "off":
        return replace(options, network=options.network or (NETWORK_INTERNAL if internal else None))
    strict = level == "strict"
    options = replace(
        options,
        network=options.network or _network(options, internal),
        ulimits=options.ulimits if _names(options.ulimits, "core") else (*options.ulimits, "core=0:0"),
    )
    if not options.privileged:
        dropped = {_plain(name) for name in options.cap_drop}
        kept = () if strict or "ALL" in dropped else tuple(name for name in KEPT if name not in dropped)
        given = {_plain(name) for name in options.cap_add}
        options = replace(
            options,
            cap_drop=("ALL",),
            cap_add=(*options.cap_add, *(name for name in kept if name not in given and "ALL" not in given)),
        )
    if not strict:
        return options
    return replace(
        options,
        user=options.user or _own_user(),
        read_only=True,
        tmpfs=options.tmpfs if _names(options.tmpfs, _TMP, ":") else (*options.tmpfs, f"{_TMP}:exec,mode=1777"),
    )


def walled_env(env: tuple[EnvRef, ...], level: Isolation) -> tuple[EnvRef, ...]:
    """`env` with a home that can be written to, where a user without one runs the task."""
    if level != "strict" or any(ref.name == "HOME" for ref in env):
        return env
    return (*env, EnvRef("HOME", EnvValue("lit", _TMP), secret=False))


def told(job: JobSpec, *, proxied: bool = True) -> Iterator[str]:
    """For people: what walls the job in, and what the user's own arguments open. `proxied`: it asks the proxy."""
    options = job.docker
    if job.isolation == "off":
        yield "off: Docker's own defaults, and no-new-privileges"
        return
    network = options.network or "bridge"
    where = {
        NETWORK: "the Internet and evaldock's proxy, no other container",
        NETWORK_INTERNAL: "evaldock's proxy only",
        "none": "no network",
    }.get(network, f"network {network}")
    if job.isolation == "strict" and proxied and network in OWN_NETWORKS:
        where += " and no other port of this machine"
    added = " ".join(options.cap_add) or "none"
    yield f"{job.isolation}: capabilities {added}; {where}; no core dumps"
    opened = [
        *(["--privileged"] if options.privileged else []),
        *(f"--cap-add {name}" for name in options.cap_add if _plain(name) not in KEPT),
        *([f"--network {network}"] if network not in (*OWN_NETWORKS, "none", "bridge") else []),
        *([f"--pid {options.pid}"] if options.pid else []),
        *([f"--ipc {options.ipc}"] if options.ipc in ("host",) else []),
        *(f"--security-opt {item}" for item in options.security_opt if "unconfined" in item or "false" in item),
        *(f"--device {device}" for device in options.devices),
    ]
    if opened:
        yield f"opened by execution.extra_docker_args: {' '.join(opened)}"


def _network(options: DockerOptions, internal: bool) -> str | None:
    if options.privileged or _RAISED & {_plain(name) for name in options.cap_add}:
        # What could listen in on others is kept apart from them, on Docker's own network.
        return NETWORK_INTERNAL if internal else None
    return NETWORK_INTERNAL if internal else NETWORK


def _own_user() -> str:
    # Files of a task then belong to whoever started it; root's tasks are nobody's.
    uid, gid = os.getuid(), os.getgid()
    return f"{uid}:{gid}" if uid else f"{_NOBODY}:{_NOBODY}"


def _plain(capability: str) -> str:
    return capability.upper().removeprefix("CAP_")


def _names(items: tuple[str, ...], name: str, end: str = "=") -> bool:
    return any(item == name or item.startswith(name + end) for item in items)
