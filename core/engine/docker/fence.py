"""A fence around the network of a strict task: of this machine it reaches the port of the run's proxy and no other.

Docker lets a container reach every address of its host, and only root can change the host's firewall. But a network
belongs to a container: a small one of our own is started first, forbids the ways in its own network, keeps no program
but `sleep`, and the task joins that network. The task has no capability to undo it, and evaldock need not be root.
"""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import docker.errors

from ...plan.spec import DockerOptions
from ...run.events import Reason
from ..executor import JobProblem
from .client import ApiClient
from .empty import make_container, program

_READY = "fenced"
_TCP = 6
_LOCAL = re.compile(r"\|-- (\S+)\n\s+/32 host LOCAL")
# Where clouds tell machines their secrets.
_CLOUD = "169.254.0.0/16"
_TREE = Path("/proc/net/fib_trie")


def fence_of(name: str) -> str:
    """The name of the container that holds the network of container `name`."""
    return f"{name}-net"


def make_fence(
    client: ApiClient,
    name: str,
    door: tuple[str, int],
    options: DockerOptions,
    labels: Mapping[str, str],
) -> None:
    """Make and start the network of container `name`, from which `door` (address, port) is all that is reached of
    this machine. `options` are the task's. Raises JobProblem, and what the client does."""
    ip, shell, sleep = (program(one) for one in ("ip", "sh", "sleep"))
    if ip is None or shell is None or sleep is None:
        raise _problem("this machine has no program ip; install the package iproute2")
    batch = shlex.quote("\n".join(_rules(door, host_addresses(_TREE.read_text()))))
    script = f"printf '%s\\n' {batch} | {ip} -4 -batch - && echo {_READY} && exec {sleep} infinity"
    fence = fence_of(name)
    more: dict[str, Any] = {"extra_hosts": list(options.extra_hosts), "dns": list(options.dns)}
    try:
        make_container(
            client,
            fence,
            [shell, "-c", script],
            capabilities=["NET_ADMIN"],
            labels=labels,
            network=options.network or "",
            **{key: value for key, value in more.items() if value},
        )
        client.start(fence)
        said = next(iter(client.logs(fence, stream=True, follow=True)), b"").decode("utf-8", "replace")
    except docker.errors.APIError as error:
        raise _problem(str(error.explanation or error).rstrip(".")) from None
    if said.strip() != _READY:
        raise _problem(said.strip() or "it ended without a word")


def host_addresses(tree: str) -> list[str]:
    """The IPv4 addresses of this machine but those of loopback; `tree` is the text of /proc/net/fib_trie."""
    found = dict.fromkeys(_LOCAL.findall(tree))
    return [address for address in found if not ipaddress.ip_address(address).is_loopback]


def _rules(door: tuple[str, int], addresses: Sequence[str]) -> list[str]:
    address, port = door
    forbidden = dict.fromkeys((*addresses, address, _CLOUD))
    return [
        f"rule add to {address} ipproto {_TCP} dport {port} table main priority 90",
        *(f"rule add to {one} prohibit priority 100" for one in forbidden),
    ]


def _problem(why: str) -> JobProblem:
    return JobProblem(
        Reason.START_FAILED,
        f"The ports of this machine cannot be closed to the task, which isolation: strict promises: {why}. "
        "To do without: execution.isolation: default",
    )
