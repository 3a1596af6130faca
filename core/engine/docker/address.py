"""Addresses of this machine that containers can reach, by the network that they are on."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
from collections.abc import Collection
from typing import Any

import docker.errors

from ..executor import JobProblem
from .network import ensure_network

_SIOCGIFADDR = 0x8915  # linux/sockios.h
_DEFAULT = ("", "default", "bridge")
_BORROWED = "container:"
_LOOPBACK = "127.0.0.1"


def host_addresses(client: Any, networks: Collection[str]) -> dict[str, str]:
    """By network mode, where a server on this machine listens for its containers and for nobody else.

    Networks that are not there have no address, nor have those without a bridge on this machine: `none`, macvlan, and
    all of a Docker that runs in a virtual machine, as Docker Desktop does.
    """
    found: dict[str, str | None] = {}
    for name in dict.fromkeys(networks):
        # Whether it can be made is asked again by each job, which then fails with the reason.
        with contextlib.suppress(JobProblem):
            ensure_network(client, name)
        found[name] = _address(client, name)
    return {name: address for name, address in found.items() if address is not None}


def _address(client: Any, name: str) -> str | None:
    if name == "none":
        return None
    if name == "host":
        # The host of a virtual machine is not this one.
        return _LOOPBACK if _address(client, "") is not None else None
    with contextlib.suppress(docker.errors.NotFound):
        if name.startswith(_BORROWED):
            settings: dict[str, Any] = client.inspect_container(name.removeprefix(_BORROWED))["NetworkSettings"]
            joined: dict[str, Any] = settings.get("Networks") or {}
            return next((address for one in joined if (address := _address(client, one))), None)
        return _of_network(client.inspect_network("bridge" if name in _DEFAULT else name))
    return None


def _of_network(network: dict[str, Any]) -> str | None:
    options: dict[str, str] = network.get("Options") or {}
    # Older Engines do not tell the address of their own bridge, and none tells the name of another's.
    interface = options.get("com.docker.network.bridge.name") or f"br-{str(network.get('Id'))[:12]}"
    if (address := interface_address(interface)) is not None:
        return address
    ipam: dict[str, Any] = network.get("IPAM") or {}
    settings: list[dict[str, str]] = ipam.get("Config") or []
    gateways = (item.get("Gateway", "").partition("/")[0] for item in settings)
    return next((gateway for gateway in gateways if gateway and _is_ours(gateway)), None)


def interface_address(name: str) -> str | None:
    """The IPv4 address of interface `name` on this machine, None when it has none (or this is not Linux)."""
    if sys.platform != "linux":
        return None
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
        except OSError:
            return None
    return socket.inet_ntoa(answer[20:24])


def _is_ours(address: str) -> bool:
    """Whether a server here can listen on `address`."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
