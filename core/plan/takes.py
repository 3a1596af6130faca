"""What a config takes along besides what it is for: told in the dry run, and asked about once before a run starts.

A config is for sending the key that it names to the endpoint that it names, and for handing the variables under
`env_vars` to its tasks; that needs no question. What else it reads, sends or opens may be more than the user of a
config of somebody else knows.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from ..base.home import home_dir
from ..base.urls import bare_url
from ..config.compose import PACKAGED
from ..config.exports import export_settings, wanted_destinations
from ..config.model import Config, MountSpec
from .isolation import KEPT
from .spec import JobSpec, Plan
from .trees import text_at

_VARIABLE = re.compile(r"\$(?:\{([^}]+)\}|(\w+))")
_SYSTEM = ("/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys", "/usr", "/var")
_FREE = ("/dev/shm", "/run/user", "/run/media", "/var/tmp")  # below these a user keeps things, too
_GPUS = ("/dev/nvidia", "/dev/dri", "/dev/kfd")
_MLFLOW = ("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_PASSWORD")


def taken_along(config: Config, plan: Plan, env: Mapping[str, str]) -> tuple[str, ...]:
    """A phrase for each thing, none twice, with no secret in it. `env` is what the jobs would get."""
    found = [*_read(config, env), *_expanded(plan, env), *_exported(config, env), *_files(config)]
    for job in plan.jobs:
        found += [*_privileges(job), *_mounts(job.mounts, env)]
    return tuple(dict.fromkeys(found))


def _read(config: Config, env: Mapping[str, str]) -> Iterator[str]:
    for name, path in config.reads:
        if name in env:
            yield f"the value of {name}, for {path}"


def _expanded(plan: Plan, env: Mapping[str, str]) -> Iterator[str]:
    for job in plan.jobs:
        for settings in _interceptors(job):
            url = text_at(settings, "progress_tracking_url")
            for braced, plain in _VARIABLE.findall(url):
                if (braced or plain) in env:
                    yield f"the value of {braced or plain}, sent to {_host(url)} as a part of progress_tracking_url"


def _interceptors(job: JobSpec) -> Iterator[Mapping[str, object]]:
    from ..config.adapter import declared

    return (one.settings for one in declared(job.adapter))


def _exported(config: Config, env: Mapping[str, str]) -> Iterator[str]:
    if "mlflow" not in wanted_destinations(config.tree):
        return
    uri = export_settings(config.tree, "mlflow").get("tracking_uri")
    if not isinstance(uri, str) or _host(uri) == _host(env.get("MLFLOW_TRACKING_URI", "")):
        return
    for name in _MLFLOW:
        if env.get(name):
            yield f"the value of {name}, sent to {_host(uri)} with the scores"


def _files(config: Config) -> Iterator[str]:
    if not config.sources:
        return
    home = config.sources[0].resolve().parent
    for path in config.sources:
        found = path.resolve()
        if not found.is_relative_to(home) and not found.is_relative_to(PACKAGED.resolve()):
            yield f"the file {path}, which is outside the config's directory"


def _privileges(job: JobSpec) -> Iterator[str]:
    options = job.docker
    if job.isolation == "off":
        yield "isolation: off: containers have all that Docker gives them, and reach each other"
    if options.privileged:
        yield "--privileged: containers may do to this machine what root may"
    if options.pid == "host":
        yield "--pid=host: containers see and signal the processes of this machine"
    for name in options.cap_add:
        # Docker gives these to every container, and so does evaldock by default.
        if name.upper().removeprefix("CAP_") not in KEPT:
            yield f"--cap-add={name}"
    for text in options.security_opt:
        if "unconfined" in text or "disable" in text:
            yield f"--security-opt={text}"
    yield from (text for text in options.passed if text.partition("=")[0] in _REACHING)
    for device in options.devices:
        if not device.startswith(_GPUS):
            yield f"--device={device}"


# Flags with which a container gets at more of this machine, or of its other containers.
_REACHING = frozenset(
    (
        *("--cgroup-parent", "--cgroupns", "--device-cgroup-rule", "--group-add", "--sysctl"),
        *("--userns", "--uts", "--volumes-from", "--oom-kill-disable", "--oom-score-adj"),
    )
)


def _mounts(mounts: Iterable[MountSpec], env: Mapping[str, str]) -> Iterator[str]:
    home = home_dir(env)
    for mount in (mount for mount in mounts if not mount.is_volume):
        source = Path(os.path.realpath(mount.source))
        writing = "to read" if mount.read_only else "to read and change"
        if source.suffix == ".sock" or "docker.sock" in source.name:
            yield f"{mount.source}, a socket of this machine; Docker's gives all rights of root"
        elif _is_system(source, home) or home.is_relative_to(source) or _is_hidden(source, home):
            yield f"{mount.source}, {writing}"


def _is_system(path: Path, home: Path) -> bool:
    if len(path.parts) < 2 or path == Path("/home"):
        return True
    if path.is_relative_to(home) or any(path.is_relative_to(folder) for folder in _FREE):
        return False
    return any(path.is_relative_to(folder) for folder in _SYSTEM)


def _is_hidden(path: Path, home: Path) -> bool:
    """Whether it is a directory such as ~/.ssh or ~/.aws; caches are what evaluations share."""
    first = path.relative_to(home).parts[:1] if path.is_relative_to(home) else ()
    return bool(first) and first[0].startswith(".") and first[0] != ".cache"


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or bare_url(url)
    except ValueError:
        return bare_url(url)
