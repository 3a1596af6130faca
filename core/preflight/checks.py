"""All checks there are, for `evaldock check` and the dashboard's preview. A run that starts takes `early` alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..plan.spec import Plan
from . import local, machine
from .endpoint import endpoint_checks, with_tasks
from .model import Check, Probe, Subject
from .reach import reach
from .run import DEADLINE, run_probes
from .targets import Target, targets_of


def all_probes(plan: Plan | None, env: Mapping[str, str]) -> list[Probe]:
    """Every check of a plan, those of this machine first; of the machine alone without a plan."""
    probes = [
        Probe("env", local.variables),
        Probe("trust", local.trust),
        Probe("mounts", local.mounts),
        Probe("results", local.results),
        Probe("docker", machine.docker),
        Probe("image", machine.images),
    ]
    targets = targets_of(plan, env) if plan else ()
    probes += [Probe("endpoint", _looker(target, several=len(targets) > 1)) for target in targets]
    return [*probes, Probe("reach", reach)]


def run_checks(
    plan: Plan | None,
    env: Mapping[str, str],
    *,
    on_check: Callable[[Check], None] = lambda check: None,
    in_order: bool = False,
    deadline: float = DEADLINE,
) -> tuple[Check, ...]:
    """Make all checks at once and return what they found, in a fixed order. Blocks: call it on a thread of your own.

    `on_check` hears of each as soon as it is known (`in_order`: and all before it), from the calling thread. `env` is
    what the jobs would get. Reads no file of a run, writes none, and leaves no container behind.
    """
    subject = Subject(plan, env)
    return run_probes(subject, all_probes(plan, env), on_check=on_check, in_order=in_order, deadline=deadline)


def _looker(target: Target, *, several: bool) -> Callable[[Subject], Iterator[Check]]:
    def look(_: Subject) -> Iterator[Check]:
        for check in endpoint_checks(target):
            yield with_tasks(check, target) if several else check

    return look
