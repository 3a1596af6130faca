"""Flags of `docker run` that are passed on: each with its name in docker-py and the kind of its value."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any

from ..base.units import parse_size


class Kind(Enum):
    """What a flag's value is."""

    TEXT = "text"
    WHOLE = "a whole number"
    SIZE = "a size such as 512m or 2g"
    SWITCH = "true or false"
    LIST = "text, several times"
    PAIRS = "NAME=value, several times"


PASSED: dict[str, tuple[str, Kind]] = {
    "--blkio-weight": ("blkio_weight", Kind.WHOLE),
    "--cgroup-parent": ("cgroup_parent", Kind.TEXT),
    "--cgroupns": ("cgroupns", Kind.TEXT),
    "--cpu-period": ("cpu_period", Kind.WHOLE),
    "--cpu-quota": ("cpu_quota", Kind.WHOLE),
    "--cpu-shares": ("cpu_shares", Kind.WHOLE),
    "--cpuset-cpus": ("cpuset_cpus", Kind.TEXT),
    "--cpuset-mems": ("cpuset_mems", Kind.TEXT),
    "--device-cgroup-rule": ("device_cgroup_rules", Kind.LIST),
    "--dns-option": ("dns_opt", Kind.LIST),
    "--dns-search": ("dns_search", Kind.LIST),
    "--group-add": ("group_add", Kind.LIST),
    "--memory-reservation": ("mem_reservation", Kind.SIZE),
    "--memory-swap": ("memswap_limit", Kind.SIZE),
    "--memory-swappiness": ("mem_swappiness", Kind.WHOLE),
    "--oom-kill-disable": ("oom_kill_disable", Kind.SWITCH),
    "--oom-score-adj": ("oom_score_adj", Kind.WHOLE),
    "--storage-opt": ("storage_opt", Kind.PAIRS),
    "--sysctl": ("sysctls", Kind.PAIRS),
    "--userns": ("userns_mode", Kind.TEXT),
    "--uts": ("uts_mode", Kind.TEXT),
    "--volumes-from": ("volumes_from", Kind.LIST),
}


def fits(flag: str, value: str) -> bool:
    """Whether Docker could take the value."""
    kind = PASSED[flag][1]
    if kind is Kind.SIZE:
        return parse_size(value) is not None or (flag == "--memory-swap" and value == "-1")
    if kind is Kind.WHOLE:
        return value.lstrip("-").isdecimal() and value.isascii()
    if kind is Kind.SWITCH:
        return value in ("true", "false")
    return bool(value.strip()) and (kind is not Kind.PAIRS or "=" in value)


def host_settings(given: Iterable[str]) -> dict[str, Any]:
    """Arguments of docker-py's `create_host_config` for `--flag=value` with values that fit."""
    found: dict[str, Any] = {}
    for flag, _, value in (text.partition("=") for text in given):
        name, kind = PASSED[flag]
        if kind is Kind.LIST:
            found.setdefault(name, []).append(value)
        elif kind is Kind.PAIRS:
            key, _, text = value.partition("=")
            found.setdefault(name, {})[key] = text
        elif kind is Kind.WHOLE:
            found[name] = int(value)
        elif kind is Kind.SIZE:
            size = parse_size(value)
            found[name] = -1 if size is None else size
        else:
            found[name] = value == "true" if kind is Kind.SWITCH else value
    return found
