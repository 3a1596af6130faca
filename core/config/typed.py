"""The validated tree becomes frozen values, and what no schema can say is checked on the way.

Every getter bears any tree: a value of the wrong type, which the schema reports, reads as absent here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast
from urllib.parse import urlsplit

from ..base.secrets import is_key_shaped
from ..base.units import parse_size, seconds
from ..catalog.expected import EXPECTED_FORM, Expected, parse_expected
from .compose import refusal
from .env_values import env_values, stored_secrets
from .exports import DESTINATIONS, SETTINGS, wanted_destinations
from .model import (
    Allowance,
    ConfigProblem,
    Endpoint,
    EnvValue,
    Execution,
    Isolation,
    MountSpec,
    Origin,
    RequestOptions,
    Resources,
    TaskConfig,
    Tree,
)
from .node import Node, Steps, child, format_steps, merge, plain, printable
from .suggest import listing


@dataclass(frozen=True)
class Typed:
    """The typed parts of a config."""

    execution: Execution
    endpoint: Endpoint
    tasks: tuple[TaskConfig, ...]


@dataclass
class Typer:
    """Types one tree. After `config()`, its result counts only when `problems` and the schema's are empty."""

    root: Node
    start: Origin
    problems: list[ConfigProblem] = field(default_factory=list[ConfigProblem])
    refused: list[ConfigProblem] = field(default_factory=list[ConfigProblem])
    warnings: list[ConfigProblem] = field(default_factory=list[ConfigProblem])

    def config(self) -> Typed:
        """All of it."""
        self.check_choices()
        typed = Typed(self.execution(), self.endpoint(), self.tasks())
        self.check_duplicates()
        self.check_stored_secrets(typed)
        self.warn_of_exports()
        return typed

    def execution(self) -> Execution:
        """The section `execution`."""
        at: Steps = ("execution",)
        node = child(self.root, *at)
        base = Execution(Path())
        output_dir = text(child(node, "output_dir")) or "."
        mode = text(child(node, "mode")) or base.mode
        pull = text(child(node, "pull")) or base.pull
        grace = seconds(value(child(node, "kill_grace")))
        self.warn_unused(node, at)
        return Execution(
            output_dir=Path(absolute(output_dir)),
            mode=cast("Literal['parallel', 'sequential']", mode),
            max_parallel=whole(child(node, "max_parallel")) or base.max_parallel,
            proxy=_flag(child(node, "proxy"), otherwise=True),
            isolation=_isolation(value(child(node, "isolation"))),
            network=cast("Literal['internet', 'internal']", text(child(node, "network")) or base.network),
            pull=cast("Literal['missing', 'always', 'never']", pull),
            kill_grace=base.kill_grace if grace is None else grace,
            timeout=self.duration(child(node, "timeout"), (*at, "timeout")),
            resources=self.resources(child(node, "resources")),
            extra_docker_args=text(child(node, "extra_docker_args")) or "",
            mounts=self.mounts(child(node, "mounts", "evaluation"), (*at, "mounts", "evaluation")),
        )

    def endpoint(self) -> Endpoint:
        """The section `target.api_endpoint`."""
        at: Steps = ("target", "api_endpoint")
        node = child(self.root, *at)
        self.check_url(child(node, "url"), (*at, "url"))
        key = child(node, "api_key_name")
        if key is not None and is_key_shaped(text(key) or ""):
            message = "looks like the key itself; put the key in an environment variable, and its name here"
            self.wrong(message, (*at, "api_key_name"), key)
        return Endpoint(
            url=text(child(node, "url")) or "",
            model_id=text(child(node, "model_id")) or "",
            api_key_name=text(key) or None,
            type=text(child(node, "type")),
            adapter_config=tree(child(node, "adapter_config")),
            requests=request_options(node),
        )

    def tasks(self) -> tuple[TaskConfig, ...]:
        """The list `evaluation.tasks`."""
        at: Steps = ("evaluation",)
        shared = child(self.root, *at)
        env = env_values(child(self.root, "env_vars"), ("env_vars",), self.problems)
        env |= env_values(child(shared, "env_vars"), (*at, "env_vars"), self.problems)
        listed = child(shared, "tasks")
        items = listed.value if listed is not None and isinstance(listed.value, list) else []
        return tuple(self.task(item, (*at, "tasks", index), shared, env) for index, item in enumerate(items))

    def task(self, node: Node, at: Steps, shared: Node | None, env: dict[str, EnvValue]) -> TaskConfig:
        """One item of the list, over what `evaluation` shares."""
        own_env = env_values(child(node, "env_vars"), (*at, "env_vars"), self.problems)
        dataset = text(child(node, "dataset_dir"))
        user = value(child(node, "user"))
        own = child(node, "resources")
        resources = None
        if own is not None and own.value is not None:
            resources = self.resources(merge(child(self.root, "execution", "resources"), own))
        settings = run_config(shared, node)
        shared_requests = request_options(child(self.root, "target", "api_endpoint"))
        return TaskConfig(
            name=text(child(node, "name")) or "",
            run_config=tree(settings),
            requests=request_options(child(settings, "target", "api_endpoint"), shared_requests),
            env={**env, **own_env},
            container=text(child(node, "container")),
            endpoint_type=text(child(node, "endpoint_type")),
            dataset_dir=absolute(dataset) if dataset else None,
            dataset_mount_path=text(child(node, "dataset_mount_path")) or "/datasets",
            timeout=self.duration(child(node, "timeout"), (*at, "timeout")),
            user=None if user is None else str(user),
            resources=resources,
            pre_cmd=text(child(node, "pre_cmd")) or text(child(shared, "pre_cmd")) or "",
            post_cmd=text(child(node, "post_cmd")) or text(child(shared, "post_cmd")) or "",
            origin=node.origin,
            repeats=whole(child(node, "repeats")) or whole(child(shared, "repeats")) or 1,
            expected=self.expected(child(node, "expected"), (*at, "expected")),
            suspect_above=next((n for n in map(_share, (node, shared)) if n is not None), TaskConfig.suspect_above),
        )

    def expected(self, node: Node | None, at: Steps) -> Expected | None:
        """What others report for a task."""
        written = value(node)
        if node is None or written is None:
            return None
        found = parse_expected(str(written))
        if found is None:
            self.wrong(f"is the text '{printable(str(written), 60)}'; expected {EXPECTED_FORM}", at, node)
        return found

    def resources(self, node: Node | None) -> Resources:
        """A mapping of container limits."""
        pids = child(node, "pids")
        cpus = value(child(node, "cpus"))
        gpus = value(child(node, "gpus"))
        return Resources(
            cpus=float(cpus) if isinstance(cpus, (int, float)) and not isinstance(cpus, bool) else None,
            memory=parse_size(value(child(node, "memory"))),
            gpus=None if gpus is None or gpus == 0 else str(gpus),
            pids=Resources().pids if pids is None else whole(pids),
            shm_size=self._quota(child(node, "shm_size"), Resources().shm_size),
            log=self._quota(child(node, "log"), Resources().log),
            results=self._quota(child(node, "results"), Resources().results),
        )

    def _quota(self, node: Node | None, otherwise: int | None) -> int | None:
        """A size; null is no limit, nothing is `otherwise`."""
        return otherwise if node is None else parse_size(value(node))

    def mounts(self, node: Node | None, at: Steps) -> tuple[MountSpec, ...]:
        """`{host path: container path[:ro]}`."""
        found: dict[str, MountSpec] = {}
        for host, where in node.value.items() if node is not None and isinstance(node.value, dict) else ():
            target, _, flag = (text(where) or "/").partition(":")
            target = os.path.normpath(target)
            if ":" in host:
                self.wrong("a host path with ':' cannot be mounted", (*at, host), where)
            elif target in found:
                message = f"mounts at {printable(target)}, where {printable(found[target].source)} is mounted already"
                self.wrong(message, (*at, host), where)
            found[target] = MountSpec(absolute(host), target, flag == "ro")
        return tuple(found.values())

    def duration(self, node: Node | None, at: Steps) -> float | None:
        """Seconds above 0, or None for no limit."""
        found = seconds(value(node))
        if found == 0 and node is not None and isinstance(node.value, str):
            self.wrong("must be greater than 0 seconds, or null for no limit", at, node)
        return found

    def check_choices(self) -> None:
        """Executors and deployments that evaldock does not have are refused by name."""
        for group, only in (("execution", "local"), ("deployment", "none")):
            node = child(self.root, group, "type")
            name = text(node)
            if node is None or name is None or name == only:
                continue
            message = refusal(group, name) or f"is the text '{printable(node.shown or name)}'; expected {only}"
            self.refused.append(ConfigProblem(message, f"{group}.type", node.origin))
        beside = child(self.root, "auxiliary_deployments")
        if beside is not None and beside.value:
            message = "is not supported: evaldock starts no servers; start them yourself and give tasks their addresses"
            self.refused.append(ConfigProblem(message, "auxiliary_deployments", beside.key or beside.origin))
        self.problems += self.refused

    def check_url(self, node: Node | None, at: Steps) -> None:
        """An address must be one."""
        address = text(node)
        if node is None or not address:
            return
        try:
            parts = urlsplit(address)
            good = parts.scheme in ("http", "https") and bool(parts.hostname)
            _ = parts.port
        except ValueError:
            good = False
        if not good or any(c.isspace() for c in address):
            shown = printable(node.shown or address)
            message = f"is the text '{shown}'; expected an address such as http://localhost:8000/v1/chat/completions"
            self.wrong(message, at, node)

    def check_duplicates(self) -> None:
        """The same task twice makes sense only with something different about it."""
        listed = child(self.root, "evaluation", "tasks")
        seen: dict[str, int] = {}
        for index, item in enumerate(listed.value if listed is not None and isinstance(listed.value, list) else []):
            if not isinstance(item.value, dict):
                continue
            same = repr(_canonical(plain(item)))
            first = seen.setdefault(same, index)
            if first != index:
                message = (
                    f"is the same as evaluation.tasks[{first}] in everything; delete it, or give it something of its "
                    "own, such as overrides"
                )
                self.wrong(message, ("evaluation", "tasks", index), item)

    def check_stored_secrets(self, typed: Typed) -> None:
        """A variable that is named as a secret must not be copied into the config."""
        names = {env.source for task in typed.tasks for env in task.env.values() if env.kind != "lit"}
        names |= {typed.endpoint.api_key_name} if typed.endpoint.api_key_name else set()
        self.problems += stored_secrets(self.root, names)

    def warn_unused(self, node: Node | None, at: Steps) -> None:
        """Settings that are accepted and have no effect are named."""
        unused = {
            ("endpoint_readiness_timeout",): "has no effect: evaldock deploys no endpoint to wait for",
            ("mounts", "deployment"): "has no effect: evaldock deploys nothing",
            ("mounts", "auxiliary"): "has no effect: evaldock starts no other containers",
            ("mounts", "mount_home"): "has no effect: mount a directory with mounts.evaluation",
        }
        for steps, message in unused.items():
            found = child(node, *steps)
            if found is not None and found.value:
                self.warnings.append(ConfigProblem(message, format_steps((*at, *steps)), found.key or found.origin))

    def warn_of_exports(self) -> None:
        """Destinations that evaldock does not have are named: the scores do not get there."""
        found = child(self.root, "execution", "auto_export", "destinations")
        unknown = [name for name in wanted_destinations(tree(self.root)) if name not in DESTINATIONS]
        if found is not None and unknown:
            message = f"{listing(unknown)}: no scores are sent there; evaldock exports to {listing(DESTINATIONS)}"
            path = format_steps(("execution", "auto_export", "destinations"))
            self.warnings.append(ConfigProblem(message, path, found.key or found.origin))

        for name, known in SETTINGS.items():
            node = child(self.root, "export", name)
            for key, given in node.value.items() if node is not None and isinstance(node.value, dict) else ():
                if key not in known:
                    message = f"has no effect: {name} knows {listing(sorted(known))}"
                    where = given.key or given.origin
                    self.warnings.append(ConfigProblem(message, format_steps(("export", name, key)), where))

    def wrong(self, message: str, at: Steps, node: Node) -> None:
        """Add a problem, unless the value is known to be wrong already."""
        if not node.broken:
            self.problems.append(ConfigProblem(message, format_steps(at), node.origin))


def request_options(node: Node | None, base: RequestOptions | None = None) -> RequestOptions:
    """How the proxy asks an endpoint: what the mapping `node` says, over `base`."""
    base = base or RequestOptions()
    timeout, backoff = (seconds(value(child(node, key))) for key in ("request_timeout", "retry_backoff"))
    retries, most = (whole(child(node, key)) for key in ("max_retries", "max_concurrent"))
    return RequestOptions(
        request_timeout=timeout or base.request_timeout,
        max_retries=base.max_retries if retries is None else retries,
        max_concurrent=most or base.max_concurrent,
        retry_backoff=base.retry_backoff if backoff is None else backoff,
        allow=_allowance(child(node, "allow"), base.allow),
        waits_for_task=timeout is None and base.waits_for_task,
        api_key_header=text(child(node, "api_key_header")) or base.api_key_header,
    )


def _allowance(node: Node | None, base: Allowance) -> Allowance:
    """What the mapping `node` lets through, in place of what `base` says of the same."""

    def listed(name: str) -> tuple[str, ...]:
        found = child(node, name)
        if found is None or not isinstance(found.value, list):
            return getattr(base, name)
        return tuple(item for one in found.value if (item := text(one)) is not None)

    return Allowance(listed("operations"), listed("models"), listed("headers"))


def run_config(shared: Node | None, task: Node) -> Node | None:
    """`config` and `target` for one container: nested settings, then overrides; the task's own over the shared."""
    merged: Node | None = None
    for key in ("nemo_evaluator_config", "overrides"):
        for owner in (shared, task):
            layer = child(owner, key)
            if layer is not None and isinstance(layer.value, dict):
                merged = merge(merged, layer)
    return merged


def value(node: Node | None) -> object:
    """A scalar, or None."""
    if node is None or node.broken or isinstance(node.value, (dict, list)):
        return None
    return node.value


def _isolation(found: object) -> Isolation:
    # YAML reads a bare `off` as false.
    return "off" if found is False else cast("Isolation", found or Execution(Path()).isolation)


def text(node: Node | None) -> str | None:
    """A text, or None."""
    found = value(node)
    return found if isinstance(found, str) else None


def whole(node: Node | None) -> int | None:
    """A whole number, or None."""
    found = value(node)
    return int(found) if isinstance(found, (int, float)) and not isinstance(found, bool) else None


def tree(node: Node | None) -> Tree:
    """A mapping of plain values; empty when there is none."""
    return cast("Tree", plain(node)) if node is not None and isinstance(node.value, dict) else {}


def absolute(path: str) -> str:
    """`path` from the current directory, `~` expanded, `..` removed."""
    try:
        return os.path.abspath(os.path.expanduser(path))
    except ValueError:
        return path


def _canonical(found: object) -> object:
    if isinstance(found, dict):
        mapping = cast("dict[str, object]", found)
        return {key: _canonical(mapping[key]) for key in sorted(mapping) if mapping[key] is not None}
    if isinstance(found, list):
        return [_canonical(item) for item in cast("list[object]", found)]
    return found


def _share(owner: Node | None) -> float | None:
    found = value(child(owner, "suspect_above"))
    return float(found) if isinstance(found, (int, float)) and not isinstance(found, bool) else None


def _flag(node: Node | None, *, otherwise: bool) -> bool:
    return node.value if node is not None and isinstance(node.value, bool) else otherwise
