"""The networks that evaldock's containers are on: made when they are missing, one of each kind for all runs."""

from __future__ import annotations

import contextlib
from typing import Any

import docker.errors

from ...plan.isolation import NETWORK, NETWORK_INTERNAL, OWN_NETWORKS
from ...run.events import Reason
from ..executor import JobProblem
from .client import ApiClient

# A name of its own lets a firewall name it, and makes Docker refuse a second network of the same name.
_BRIDGES = {NETWORK: "evaldock0", NETWORK_INTERNAL: "evaldock1"}
_MTU = "com.docker.network.driver.mtu"
_ICC = "com.docker.network.bridge.enable_icc"
# For a Docker that has used up its own pools of addresses.
_SPARE = ("10.213.0.0/20", "172.31.224.0/20", "192.168.224.0/20", "10.99.240.0/20")


def ensure_network(client: ApiClient, name: str) -> None:
    """Have network `name`, if it is one of evaldock's. Raises JobProblem."""
    if name not in OWN_NETWORKS or _is_there(client, name):
        return
    said = _make(client, name, None)
    for subnet in _SPARE if "address pool" in said else ():
        said = _make(client, name, subnet)
        if not said:
            break
    # Another engine may have been quicker.
    if said and not _is_there(client, name):
        raise JobProblem(
            Reason.START_FAILED,
            f"The network {name} for evaldock's containers cannot be made: {said}. "
            "To do without it: execution.isolation: off",
        )


def _is_there(client: ApiClient, name: str) -> bool:
    try:
        found: dict[str, Any] = client.inspect_network(name)
    except docker.errors.NotFound:
        return False
    options: dict[str, str] = found.get("Options") or {}
    if options.get(_ICC) == "false" and bool(found.get("Internal")) == (name == NETWORK_INTERNAL):
        return True
    raise JobProblem(
        Reason.START_FAILED,
        f"There is a network {name} that evaldock did not make: containers on it reach each other. "
        f"Remove it: docker network rm {name}",
    )


def _make(client: ApiClient, name: str, subnet: str | None) -> str:
    """Why it could not be made, "" when it was."""
    from docker.types import IPAMConfig, IPAMPool

    options = {_ICC: "false", "com.docker.network.bridge.name": _BRIDGES[name]}
    with contextlib.suppress(docker.errors.APIError):
        # What the daemon's settings say of the way out counts for its own network only.
        said: dict[str, str] = client.inspect_network("bridge").get("Options") or {}
        options |= {_MTU: said[_MTU]} if said.get(_MTU) else {}
    try:
        client.create_network(
            name,
            driver="bridge",
            options=options,
            internal=name == NETWORK_INTERNAL,
            ipam=IPAMConfig(pool_configs=[IPAMPool(subnet=subnet)]) if subnet else None,
            check_duplicate=True,
            labels={"evaldock.network": "1"},
        )
    except docker.errors.APIError as error:
        return str(error.explanation or error).rstrip(".")
    return ""


def addresses_of(client: ApiClient, container: str) -> list[str]:
    """The addresses that a running container has on evaldock's networks: [] when it is on no such network."""
    try:
        settings: dict[str, Any] = client.inspect_container(container)["NetworkSettings"]
    except docker.errors.NotFound:
        return []
    joined: dict[str, dict[str, Any]] = settings.get("Networks") or {}
    found = (one.get(key) for name, one in joined.items() if name in OWN_NETWORKS for key in _ADDRESSES)
    return [str(address) for address in found if address]


_ADDRESSES = ("IPAddress", "GlobalIPv6Address")
