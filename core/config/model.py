"""What a config file means, as frozen values that the rest of evaldock reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..base.errors import EvaldockError, ExitCode
from ..catalog.expected import Expected

Tree = dict[str, object]
"""A composed YAML mapping: str keys; dict, list, str, int, float, bool or None values."""


@dataclass(frozen=True)
class Origin:
    """Where a value was written: a file position (1-based), or an override given on the command line."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True)
class ConfigProblem:
    """One thing that is wrong: `file:line:column: path: message`."""

    message: str
    path: str = ""
    origin: Origin | None = None

    def __str__(self) -> str:
        parts = [str(self.origin)] if self.origin else []
        if self.path:
            parts.append(self.path)
        return ": ".join([*parts, self.message])


class ConfigError(EvaldockError):
    """All the problems of one config, found in one pass."""

    exit_code = ExitCode.USAGE

    def __init__(self, problems: tuple[ConfigProblem, ...] | list[ConfigProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


@dataclass(frozen=True)
class EnvValue:
    """How one container variable gets its value; the value of a `host` variable is never kept in a config.

    `host`: taken from the variable `source` of evaldock's environment. `lit`: the text `source` itself.
    `runtime`: as `host`, but allowed to be unset when the plan is made.
    """

    kind: Literal["host", "lit", "runtime"]
    source: str


Isolation = Literal["strict", "default", "off"]
"""How far containers are walled in; see `plan.isolation`."""


@dataclass(frozen=True)
class Resources:
    """Limits of one container; None leaves Docker's default. Sizes in bytes.

    `log` and `results` are what its log and all that it leaves in /results may take on disk; None is no limit.
    """

    cpus: float | None = None
    memory: int | None = None
    gpus: str | None = None
    pids: int | None = 16384
    shm_size: int | None = 16 << 30
    log: int | None = 10 << 30
    results: int | None = 100 << 30


@dataclass(frozen=True)
class MountSpec:
    """A host directory (absolute), or a volume by its name, seen at an absolute path in the container.

    `options` are others of docker's `-v`, such as z for SELinux.
    """

    source: str
    target: str
    read_only: bool = False
    options: tuple[str, ...] = ()

    @property
    def is_volume(self) -> bool:
        """Whether Docker keeps it, under that name."""
        return not self.source.startswith("/")


@dataclass(frozen=True)
class Execution:
    """How jobs run."""

    output_dir: Path
    mode: Literal["parallel", "sequential"] = "parallel"
    max_parallel: int = 16
    pull: Literal["missing", "always", "never"] = "missing"
    kill_grace: float = 10.0
    timeout: float | None = None
    resources: Resources = field(default_factory=Resources)
    extra_docker_args: str = ""
    mounts: tuple[MountSpec, ...] = ()
    proxy: bool = True
    isolation: Isolation = "default"
    network: Literal["internet", "internal"] = "internet"

    @property
    def workers(self) -> int:
        """How many jobs may run at once."""
        return 1 if self.mode == "sequential" else self.max_parallel


@dataclass(frozen=True)
class Allowance:
    """What the proxy lets through besides what harnesses usually ask: `METHOD path` below the endpoint's base with `*`
    for any part, names of models, names of headers. `*` alone lets all through."""

    operations: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class RequestOptions:
    """How the proxy asks the endpoint. Times in seconds.

    `request_timeout` is for one attempt; of a stream, between two pieces. `max_retries` more attempts follow a failed
    one, the first after about `retry_backoff`, each further after twice as long. `max_concurrent` requests at most are
    under way at a time, of all tasks of a run together; None leaves that to the tasks' own parallelism. `allow` opens
    more than evaluations need. `api_key_header` carries the key in place of the header that the task used. With
    `waits_for_task` the timeout is at least as long as the task itself waits: it is not, where one is written.
    """

    request_timeout: float = 600.0
    max_retries: int = 3
    max_concurrent: int | None = None
    retry_backoff: float = 0.5
    allow: Allowance = field(default_factory=Allowance)
    api_key_header: str | None = None
    waits_for_task: bool = field(default=True, compare=False)


@dataclass(frozen=True)
class Endpoint:
    """The model endpoint under `target.api_endpoint`."""

    url: str
    model_id: str = ""
    api_key_name: str | None = None
    type: str | None = None
    adapter_config: Tree = field(default_factory=dict[str, object])
    requests: RequestOptions = field(default_factory=RequestOptions)


@dataclass(frozen=True)
class TaskConfig:
    """One item of `evaluation.tasks`, with everything from `evaluation` already merged below it.

    `run_config` holds `config` and `target` of the container's run_config (from `nemo_evaluator_config` and
    dotted `overrides`, task over evaluation). It is run `repeats` times; `expected` is what others report for it.
    `origin` is where the item stands, for error messages. `suspect_above` is the share of cut or empty answers above
    which its score is suspect.
    """

    name: str
    run_config: Tree = field(default_factory=dict[str, object])
    env: Mapping[str, EnvValue] = field(default_factory=dict[str, EnvValue])
    container: str | None = None
    endpoint_type: str | None = None
    dataset_dir: str | None = None
    dataset_mount_path: str = "/datasets"
    timeout: float | None = None
    user: str | None = None
    resources: Resources | None = None
    pre_cmd: str = ""
    post_cmd: str = ""
    origin: Origin | None = None
    requests: RequestOptions | None = None
    repeats: int = 1
    expected: Expected | None = None
    suspect_above: float = 0.01


@dataclass(frozen=True)
class OverrideChange:
    """What one `-o` did: the override as typed, the path, and the values before and after (None: absent).

    `steps` lead to the place in the tree; () for the choice of a file.
    """

    text: str
    path: str
    before: object
    after: object
    steps: tuple[str | int, ...] = ()


@dataclass(frozen=True)
class Config:
    """A composed, validated config.

    `tree` is the composed mapping as a user would write it, all interpolations resolved except those that
    read the environment (`${oc.env:X}`), whose text stays so that no secret is ever stored.
    """

    tree: Tree
    execution: Execution
    endpoint: Endpoint
    tasks: tuple[TaskConfig, ...]
    sources: tuple[Path, ...] = ()
    changes: tuple[OverrideChange, ...] = ()
    reads: tuple[tuple[str, str], ...] = ()
    warnings: tuple[ConfigProblem, ...] = ()
