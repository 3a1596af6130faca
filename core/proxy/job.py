"""One job as the proxy knows it: its endpoint, its interceptors, its figures, and what its container may do."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from ..base.secrets import remember
from ..config.model import Tree
from .allowed import Allowed
from .budget import MOST_IN_MEMORY, Budget, Gate
from .chain import Chain
from .exchange import Exchange, JobScope
from .figures import Figures
from .turns import Turns
from .upstream import Health, Options, Upstream

_AT_ONCE = 1024  # requests of a job that are worked on; more wait
_KNOWN = 256


class Job:
    """One attempt at a job.

    `places` are for the requests that are worked on at a time, `given` the bytes of large bodies of requests in memory;
    `connections` is how many of its container's are open. `turns` are shared by all jobs, and `others` tells whether
    another one asks something.
    """

    def __init__(self, identity: str, spec: Tree, run_dir: Path, gate: Gate, health: Health, figures: Figures) -> None:
        samples, key = spec.get("samples"), spec.get("api_key")
        self.id = identity
        self.spec = spec
        self.token = str(spec["token"])
        self.attempt = spec.get("attempt", 1)
        self.figures = figures
        self.written = figures.version
        self.wrote_at = 0
        self.gate = gate
        self.upstream = Upstream(
            str(spec["upstream"]),
            key if isinstance(key, str) else None,
            Options.from_json(_tree(spec, "options")),
            gate,
            key_name=str(spec.get("key_name", "")),
            health=health,
            owner=identity,
        )
        self.scope = JobScope(
            job=identity,
            task=str(spec.get("task", "")),
            dir=Path(str(spec["dir"])),
            run_dir=run_dir,
            upstream=self.upstream.url,
            model_id=str(spec.get("model_id", "")),
            samples=samples if isinstance(samples, int) else None,
            attempt=self.attempt if isinstance(self.attempt, int) else 1,
            repeat=repeat if isinstance(repeat := spec.get("repeat"), int) else 0,
        )
        self.allowed = Allowed.of(
            urlsplit(self.upstream.url).path,
            self.upstream.base,
            str(spec.get("endpoint_type", "")),
            _texts(spec.get("models")),
            {name: _texts(value) for name, value in _tree(spec, "allow").items()},
        )
        self.connections = 0
        self.turns = Turns()
        self.others: Callable[[], bool] = lambda: False
        self.places = asyncio.Semaphore(_AT_ONCE)
        self.given = Budget(MOST_IN_MEMORY)
        self._clients = None if spec.get("clients") is None else _networks(_texts(spec.get("clients")))
        self._granted: set[tuple[str, str]] = set()
        remember((self.upstream.api_key, self.token))
        self.chain = Chain(_tree(spec, "adapter"), self.scope, figures.pass_over, figures.end_by_interceptor)

    @property
    def guarded(self) -> bool:
        """Whether the addresses are known that may use the job's token."""
        return self._clients is not None

    def admits(self, address: str) -> bool:
        """Whether a client at this IP address may use the job's token."""
        if self._clients is None:
            return True
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        return any(found.version == one.version and found in one for one in self._clients)

    def may(self, method: str, path: str) -> bool:
        """Whether this is an operation of the job's."""
        asked = (method, path)
        if asked in self._granted:
            return True
        if not self.allowed.operation(method, path):
            return False
        if len(self._granted) < _KNOWN:
            self._granted.add(asked)
        return True

    def answered(
        self, x: Exchange, status: int, *, cached: bool = False, answers: int = 0, hollow: bool = False
    ) -> None:
        """A request was answered; `hollow`: without the answer that it asked for."""
        counts = max(1, answers) if x.method == "POST" else 0
        self.figures.answered(status, x.started, cached=cached, answers=counts, hollow=hollow)
        if status >= 400 or hollow:
            self._missed(x)
        elif self.figures.unanswered and x.method == "POST":
            self.figures.unanswered.meet(hash((x.path, x.body)))

    def broken(self, x: Exchange) -> None:
        """A streamed answer was none, or not a whole one."""
        self.figures.broken()
        self._missed(x)

    def hung_up(self, x: Exchange) -> None:
        """The container did not wait for its answer."""
        self.figures.gone()
        self._missed(x)

    def _missed(self, x: Exchange) -> None:
        if x.method == "POST":
            self.figures.unanswered.miss(hash((x.path, x.body)))

    def to_json(self) -> Tree:
        """Its figures, with the number of the attempt that they are of."""
        return {"attempt": self.attempt, **self.figures.to_json()}


def check_spec(identity: str, spec: object) -> None:
    """Raise ValueError when a job's object lacks what it needs."""
    tree = cast(Tree, spec) if isinstance(spec, dict) else {}
    for field in ("token", "upstream", "dir"):
        if not isinstance(tree.get(field), str) or not tree[field]:
            raise ValueError(f"job {identity} has no {field}")
    _networks(_texts(tree.get("clients")))


def _networks(texts: Sequence[str]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(text, strict=False) for text in texts]


def _tree(spec: Mapping[str, object], name: str) -> Tree:
    value = spec.get(name)
    return cast(Tree, value) if isinstance(value, dict) else {}


def _texts(value: object) -> list[str]:
    return [item for item in cast("list[object]", value) if isinstance(item, str)] if isinstance(value, list) else []
