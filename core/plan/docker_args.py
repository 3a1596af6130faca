"""`execution.extra_docker_args`: docker's own flags, understood instead of pasted into a shell.

A flag that is not understood is an error that names it: half-obeyed flags are worse than refused ones.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from ..base.errors import EvaldockError
from ..base.units import parse_size
from ..config.model import ConfigError, ConfigProblem, EnvValue, MountSpec, Resources
from .docker_flags import PASSED, Kind, fits
from .mounts import MountError, parse_mount, parse_volume
from .spec import DockerOptions, EnvRef

PATH = "execution.extra_docker_args"
OWN_LABELS = "evaldock."

_ALIASES = {
    "--dns-opt": "--dns-option",
    "--net": "--network",
    "-c": "--cpu-shares",
    "-e": "--env",
    "-h": "--hostname",
    "-l": "--label",
    "-m": "--memory",
    "-u": "--user",
    "-v": "--volume",
    "-w": "--workdir",
}
_TEXT = ("network", "ipc", "pid", "user", "workdir", "hostname", "runtime", "platform", "entrypoint")
_SWITCHES = ("privileged", "read-only")
_LISTS = {
    "add-host": "extra_hosts",
    "cap-add": "cap_add",
    "cap-drop": "cap_drop",
    "security-opt": "security_opt",
    "device": "devices",
    "dns": "dns",
    "ulimit": "ulimits",
    "tmpfs": "tmpfs",
    "label": "labels",
}
_REFUSED = {
    "--rm": "evaldock removes a container itself, after its outcome is recorded",
    "--name": "evaldock names containers, to find them again",
    "--restart": "a task that ended must stay ended; use `evaldock rerun`",
    "--detach": "evaldock always runs containers in the background",
    "--interactive": "nobody is there to type",
    "--tty": "the log is a file, not a terminal",
    "--env-file": (
        "its values would have to be stored; start evaldock with --env-file, and name the variables under env_vars"
    ),
    "--log-driver": "the container writes its log into the job's directory",
    "--publish": "tasks are clients, nothing connects to them",
    "--attach": "nobody is there to look; the log is in the job's directory",
    "--cidfile": "evaldock finds its containers by their labels",
    "--detach-keys": "nobody is there to type",
    "--health-cmd": "evaldock waits for the end of a task, not for its health",
    "--ip": "the address on the network is Docker's to give",
    "--label-file": "give labels with --label",
    "--link": "name the other container's network with --network",
    "--log-opt": "the container writes its log into the job's directory",
    "--mac-address": "the address on the network is Docker's to give",
    "--network-alias": "nothing connects to a task",
    "--publish-all": "tasks are clients, nothing connects to them",
    "--pull": "execution.pull says when to pull",
    "--sig-proxy": "evaldock kill signals tasks",
    "--stop-signal": "evaldock kill sends SIGTERM, then SIGKILL",
    "--stop-timeout": "execution.kill_grace says how long a task that is told to stop has",
}
_VALUED = (
    *("--name", "--restart", "--env-file", "--log-driver", "--publish", "--attach", "--cidfile", "--detach-keys"),
    *("--health-cmd", "--ip", "--label-file", "--link", "--log-opt", "--mac-address", "--network-alias", "--pull"),
    *("--stop-signal", "--stop-timeout"),
)
_NO_EFFECT = ("--init", "--quiet", "--no-healthcheck", "-q")
_SHORT_REFUSED = {
    "-P": "--publish-all",
    "-a": "--attach",
    "-d": "--detach",
    "-i": "--interactive",
    "-p": "--publish",
    "-t": "--tty",
}
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LEAST_MEMORY = 6 << 20


NOT_GIVEN = Resources(pids=None, shm_size=None, log=None, results=None)


class DockerArgs(NamedTuple):
    """What the text means. In `resources` None stands for "not given"."""

    options: DockerOptions = DockerOptions()
    resources: Resources = NOT_GIVEN
    mounts: tuple[MountSpec, ...] = ()
    env: tuple[EnvRef, ...] = ()


class _Bad(EvaldockError):
    pass


def parse_docker_args(text: str) -> DockerArgs:
    """Understand `text` as docker's command line would. Raises ConfigError with everything that is wrong."""
    # What people write for a shell: their own ids are no secret, and no command is run for them.
    text = text.replace("$(id -u)", str(os.getuid())).replace("$(id -g)", str(os.getgid()))
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ConfigError([ConfigProblem(f"cannot be split into words: {error}", PATH)]) from None
    parser = _Parser(words)
    parser.run()
    if parser.problems:
        raise ConfigError([ConfigProblem(problem, PATH) for problem in parser.problems])
    return parser.result


def with_args(resources: Resources, args: Resources) -> Resources:
    """`resources` with what the docker flags say laid over it."""
    given: dict[str, Any] = {key: value for key, value in vars(args).items() if value is not None}
    return replace(resources, **given)


class _Parser:
    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._options: dict[str, Any] = {}
        self._limits: dict[str, Any] = {}
        self._mounts: list[MountSpec] = []
        self._variables: dict[str, EnvRef] = {}
        self.problems: list[str] = []
        self._takers: dict[str, Callable[[str], None]] = {
            "--env": self._env,
            "--volume": lambda v: self._mounts.append(parse_volume(v)),
            "--mount": self._mount,
            "--gpus": lambda v: self._limits.update(gpus=_filled("--gpus", v.strip('"'))),
            "--shm-size": lambda v: self._limits.update(shm_size=_size("--shm-size", v)),
            "--memory": lambda v: self._limits.update(memory=_memory(v)),
            "--cpus": lambda v: self._limits.update(cpus=_cpus(v)),
            "--pids-limit": lambda v: self._limits.update(pids=_whole("--pids-limit", v)),
        }
        for name in _TEXT:
            self._takers["--" + name] = lambda v, key=name: self._option(key, v)
        for name, key in _LISTS.items():
            self._takers["--" + name] = lambda v, flag=name, key=key: self._append(flag, key, v)

    @property
    def result(self) -> DockerArgs:
        return DockerArgs(
            DockerOptions(**self._options),
            replace(NOT_GIVEN, **self._limits),
            tuple(self._mounts),
            tuple(self._variables.values()),
        )

    def run(self) -> None:
        while self._words:
            word = self._words.pop(0)
            try:
                self._take(word)
            except (_Bad, MountError) as error:
                self.problems.append(str(error))

    def _take(self, word: str) -> None:
        if not word.startswith("-") or word in ("-", "--"):
            raise _Bad(f"'{word}' is not a flag: the image and its command are not given here")
        flag, value = _split(word)
        if flag in _REFUSED:
            # Its value must not be taken for a flag of its own.
            if value is None and flag in _VALUED:
                self._value(flag, None)
            raise _Bad(f"{word.partition('=')[0]} cannot be used here: {_REFUSED[flag]}")
        if flag in _NO_EFFECT:
            return
        if flag in PASSED:
            self._pass(flag, value)
            return
        if flag[2:] in _SWITCHES:
            self._switch(flag[2:], value)
        elif taker := self._takers.get(flag):
            taker(self._value(flag, value))
        else:
            raise _Bad(f"{flag} is not supported. Supported are {', '.join(supported_flags())}")

    def _value(self, flag: str, value: str | None) -> str:
        if value is not None:
            return value
        if not self._words:
            raise _Bad(f"{flag} needs a value")
        return self._words.pop(0)

    def _pass(self, flag: str, value: str | None) -> None:
        kind = PASSED[flag][1]
        value = (value or "true") if kind is Kind.SWITCH else self._value(flag, value)
        if not fits(flag, value):
            raise _Bad(f"{flag}: '{value}' is not {kind.value}")
        self._options["passed"] = (*self._options.get("passed", ()), f"{flag}={value}")

    def _mount(self, text: str) -> None:
        kind = next((item.partition("=")[2] for item in text.split(",") if item.startswith("type=")), "")
        if kind != "tmpfs":
            self._mounts.append(parse_mount(text))
            return
        fields: dict[str, str] = {}
        for item in text.split(","):
            name, _, value = item.partition("=")
            fields |= {name: value} if name != "type" else {}
        target = fields.get("target") or fields.get("dst") or fields.get("destination") or ""
        size = fields.get("tmpfs-size")
        known = {"target", "dst", "destination", "tmpfs-size", "tmpfs-mode"}
        if not target.startswith("/") or fields.keys() - known:
            raise _Bad(f"--mount {text}: write type=tmpfs,target=/dir[,tmpfs-size=SIZE]")
        mode = fields.get("tmpfs-mode")
        more = ",".join([*([f"size={size}"] if size else []), *([f"mode={mode}"] if mode else [])])
        self._append("tmpfs", "tmpfs", f"{target}:{more}" if more else target)

    def _option(self, name: str, value: str) -> None:
        if name != "entrypoint":
            _filled("--" + name, value)
        if name == "user" and value.startswith("-"):
            raise _Bad("--user needs a user, for example 1000:1000")
        self._options[name] = value or None

    def _append(self, flag: str, key: str, value: str) -> None:
        _filled("--" + flag, value)
        if flag == "label" and value.startswith(OWN_LABELS):
            raise _Bad(f"--label {value}: labels starting with {OWN_LABELS} are evaldock's own")
        self._options[key] = (*self._options.get(key, ()), value)

    def _switch(self, name: str, value: str | None) -> None:
        if value not in (None, "true", "false"):
            raise _Bad(f"--{name} is true or false, not '{value}'")
        self._options[name.replace("-", "_")] = value != "false"

    def _env(self, text: str) -> None:
        name, given, value = text.partition("=")
        if not _ENV_NAME.fullmatch(name):
            # The text may hold a secret, so it is not repeated.
            raise _Bad("--env needs NAME or NAME=value; a variable name has letters, digits and _ only")
        source = EnvValue("lit", value) if given else EnvValue("host", name)
        self._variables[name] = EnvRef(name, source)


def supported_flags() -> tuple[str, ...]:
    """All flags that are understood, sorted."""
    names = ["--env", "--volume", "--mount", "--gpus", "--shm-size", "--memory", "--cpus", "--pids-limit"]
    return tuple(sorted((*names, *PASSED, *("--" + n for n in (*_TEXT, *_SWITCHES, *_LISTS)))))


def _split(word: str) -> tuple[str, str | None]:
    """The flag in its long form and the value that is written in the same word."""
    if word.startswith("--"):
        flag, given, value = word.partition("=")
        return _ALIASES.get(flag, flag), value if given else None
    short, rest = word[:2], word[2:]
    if short in _SHORT_REFUSED:
        return _SHORT_REFUSED[short], None
    return _ALIASES.get(short, word.partition("=")[0]), rest.removeprefix("=") if rest else None


def _filled(flag: str, value: str) -> str:
    if not value.strip():
        raise _Bad(f"{flag} needs a value")
    return value


def _size(flag: str, value: str) -> int:
    size = parse_size(value)
    if size is None:
        raise _Bad(f"{flag}: '{value}' is not a size such as 512m or 2g")
    return size


def _memory(value: str) -> int:
    size = _size("--memory", value)
    if size < _LEAST_MEMORY:
        raise _Bad(f"--memory {value}: Docker wants at least 6m")
    return size


def _cpus(value: str) -> float:
    try:
        cpus = float(value)
    except ValueError:
        cpus = 0.0
    if not 0 < cpus < 1e6:
        raise _Bad(f"--cpus: '{value}' is not a number of CPUs such as 1.5")
    return cpus


def _whole(flag: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise _Bad(f"{flag}: '{value}' is not a whole number") from None
