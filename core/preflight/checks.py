"""All checks there are, for `evaldock check` and the dashboard's preview. A run that starts takes `early` alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..base.urls import bare_url, registry_of
from ..plan.container import image_reference
from ..plan.spec import Plan
from . import local, machine
from .endpoint import endpoint_checks, with_tasks
from .model import Check, Probe, Subject
from .reach import reach
from .run import DEADLINE, run_probes
from .targets import Target, targets_of


def all_probes(plan: Plan | None, env: Mapping[str, str], *, quiet: bool = False) -> list[Probe]:
    """Every check of a plan, those of this machine first; of the machine alone without a plan, or `quiet`."""
    probes = [
        Probe("env", local.variables),
        Probe("trust", local.trust),
        Probe("mounts", local.mounts),
        Probe("results", local.results),
        Probe("docker", machine.docker),
        Probe("image", machine.images),
    ]
    if quiet:
        return probes
    targets = targets_of(plan, env) if plan else ()
    probes += [Probe("endpoint", _looker(target, several=len(targets) > 1)) for target in targets]
    return [*probes, Probe("reach", reach)]


def run_checks(
    plan: Plan | None,
    env: Mapping[str, str],
    *,
    on_check: Callable[[Check], None] = lambda check: None,
    in_order: bool = False,
    quiet: bool = False,
    deadline: float = DEADLINE,
) -> tuple[Check, ...]:
    """Make all checks at once and return what they found, in a fixed order. Blocks: call it on a thread of your own.

    `on_check` hears of each as soon as it is known (`in_order`: and all before it), from the calling thread. `env` is
    what the jobs would get. Reads no file of a run, writes none, and leaves no container behind. `quiet` ones ask this
    machine and its Docker alone: they send nothing and start nothing.
    """
    probes = all_probes(plan, env, quiet=quiet)
    return run_probes(Subject(plan, env, quiet), probes, on_check=on_check, in_order=in_order, deadline=deadline)


def what_is_sent(plan: Plan, env: Mapping[str, str]) -> tuple[str, ...]:
    """What the checks that are not quiet send where, and what they start: a phrase each, to be read beforehand."""
    phrases: list[str] = []
    for target in targets_of(plan, env):
        key = f" with the value of {target.key_name}" if target.key_name and target.key else ""
        phrases.append(f"ask the endpoint{key} at {bare_url(target.url)}")
    if plan.pull != "never":
        registries = dict.fromkeys(registry_of(image_reference(job)) for job in plan.jobs)
        phrases.append(f"ask {', '.join(registries)} for images that are not here")
    if any(job.knows_endpoint for job in plan.jobs):
        phrases.append("start a container of one of the images, without the key, to try its way to the endpoint")
    return tuple(dict.fromkeys(phrases))


def _looker(target: Target, *, several: bool) -> Callable[[Subject], Iterator[Check]]:
    def look(_: Subject) -> Iterator[Check]:
        for check in endpoint_checks(target):
            yield with_tasks(check, target) if several else check

    return look
