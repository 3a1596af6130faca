"""A plan: everything that will be run, decided before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Literal, cast

from ..catalog.expected import Expected
from ..catalog.measure import Measure
from ..config.model import EnvValue, Isolation, MountSpec, RequestOptions, Resources

RESULTS_PATH = "/results"
QUIET = {"quiet": True}
"""Metadata of a field that plans name only where it is not its default."""

LOGS_PATH = "/evaldock/logs"
RUN_CONFIG_PATH = "/evaldock/run_config.yaml"


@dataclass(frozen=True)
class EnvRef:
    """One container variable and where its value comes from; `secret` values are never shown."""

    name: str
    value: EnvValue
    secret: bool = True


@dataclass(frozen=True)
class DockerOptions:
    """What `execution.extra_docker_args` adds to a container, already understood (see `docker_args`)."""

    network: str | None = None
    ipc: str | None = None
    pid: str | None = None
    user: str | None = None
    workdir: str | None = None
    hostname: str | None = None
    runtime: str | None = None
    platform: str | None = None
    entrypoint: str | None = None
    privileged: bool = False
    read_only: bool = False
    extra_hosts: tuple[str, ...] = ()
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    security_opt: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    ulimits: tuple[str, ...] = ()
    tmpfs: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    """Flags of `docker_flags.PASSED` with their values: `--flag=value`."""


@dataclass(frozen=True)
class JobSpec:
    """One task to run in one container.

    `id` is `<invocation>.<index>`; `dir_name` the job's directory inside the run. `command` is the argv that
    the container runs; `run_config` is written beside the job and mounted read-only at `RUN_CONFIG_PATH`.
    `position` is where its task stands in the config's `evaluation.tasks`, -1 when that was not kept.
    `samples` is how many are expected, each answered `repeats` times, in one request (`one_request`) or several;
    `estimated` when the catalog alone says so and no verdict may hang on it. `timeout` and `kill_grace` are seconds.
    `adapter` is the `adapter_config` that the proxy works by, `requests` how it asks; `pre_cmd` and `post_cmd`: see
    `commands`. `progress` is the catalog's regular expression for the log. `image_id` pins an image that no registry
    has. `measure` is what the catalog says of its figure, `reported` what others report of it. What `isolation` gives
    is in `docker` already. `repeat` is the number, from 1 on, of a task that runs several times as jobs of one
    `position`; 0 for any other. A larger share of cut or empty answers than `suspect_above` makes a score suspect.
    `whole` is how many samples its benchmark has, as far as the catalog knows.
    """

    id: str
    index: int
    task: str
    harness: str
    image: str
    digest: str
    endpoint_type: str
    url: str
    model_id: str
    command: tuple[str, ...]
    dir_name: str
    run_config: dict[str, object] = field(default_factory=dict[str, object])
    env: tuple[EnvRef, ...] = ()
    mounts: tuple[MountSpec, ...] = ()
    resources: Resources = field(default_factory=Resources)
    docker: DockerOptions = field(default_factory=DockerOptions)
    timeout: float | None = None
    kill_grace: float = 10.0
    samples: int | None = None
    estimated: bool = False
    one_request: bool = True
    result_format: str = "results.yml"
    result_file: str = ""
    primary_metric: str = ""
    progress: str = ""
    pre_cmd: str = ""
    post_cmd: str = ""
    adapter: dict[str, object] = field(default_factory=dict[str, object])
    position: int = -1
    repeats: int = 1
    requests: RequestOptions = field(default_factory=RequestOptions)
    image_id: str = ""
    measure: Measure = field(default_factory=Measure)
    isolation: Isolation = "off"
    repeat: int = field(default=0, metadata=QUIET)
    reported: Expected | None = field(default=None, metadata=QUIET)
    suspect_above: float = field(default=0.01, metadata=QUIET)
    whole: int | None = field(default=None, metadata=QUIET)

    @property
    def expected(self) -> int | None:
        """How many answers the task needs, None when nothing tells."""
        return None if self.samples is None or not self.one_request else self.samples * self.repeats

    @property
    def limit(self) -> int | None:
        """How many samples alone are asked, the first of the task's; None for all of them."""
        params = _inner(_inner(self.run_config, "config"), "params")
        found = params.get("limit_samples")
        return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else None

    @property
    def smoke(self) -> str:
        """`the first 20 of 541 samples only, no estimate of the whole`; "" when all are asked."""
        if self.limit is None or (self.whole is not None and self.limit >= self.whole):
            return ""
        of = "" if self.whole is None else f" of {self.whole:,}"
        return f"the first {self.limit:,}{of} samples only, no estimate of the whole"

    @property
    def knows_endpoint(self) -> bool:
        """Whether the task is told of the endpoint: by its run configuration, or by its command."""
        url = str(_inner(_inner(self.run_config, "target"), "api_endpoint").get("url") or self.url)
        return any(RUN_CONFIG_PATH in part or url in part for part in self.command)


@dataclass(frozen=True)
class Plan:
    """All jobs of one run, in config order. `output_dir` is absolute; `workers` jobs run at once.

    `config_path` is the file that the config was read from, absolute; "" when that was not kept. `replays` is the
    invocation of the run that this one does again exactly.
    """

    invocation: str
    output_dir: str
    mode: Literal["parallel", "sequential"]
    workers: int
    pull: Literal["missing", "always", "never"]
    model_id: str
    url: str
    jobs: tuple[JobSpec, ...]
    warnings: tuple[str, ...] = ()
    proxy: bool = False
    config_path: str = ""
    replays: str = ""

    @property
    def config_name(self) -> str:
        """What people call the config: its file's name without suffix."""
        return PurePath(self.config_path).stem


def _inner(tree: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = tree.get(key)
    return cast("Mapping[str, object]", found) if isinstance(found, Mapping) else {}
