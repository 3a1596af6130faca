"""Docker itself, its images and its disk."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace

from ..base.units import size
from ..engine.docker.survey import EngineFacts, LocalImage
from ..engine.executor import ExecutorUnavailable, JobProblem
from ..plan.container import image_reference
from ..plan.spec import JobSpec, Plan
from .local import tasks_of
from .model import Check, Subject

OLDEST = (20, 10)
"""The first Docker Engine that knows `host-gateway`, by which containers reach this machine."""

_IMAGE_ROOM = 10 << 30  # what an evaluation image needs, unpacked: NVIDIA's take 3 to 20 GiB, and no registry says
_LEAST = 1 << 30


def docker(subject: Subject) -> Iterator[Check]:
    """Whether Docker answers, and can do what jobs want of it."""
    try:
        facts = subject.docker.facts()
    except ExecutorUnavailable as error:
        text, _, remedy = str(error).partition(". ")
        yield Check("docker", "fail", _lower(text), remedy)
        return
    context = f" (context {facts.context})" if facts.context else ""
    about = f"{facts.version} at {facts.where}{context}"
    numbers = tuple(int(part) for part in re.findall(r"\d+", facts.version)[:2])
    if numbers and numbers < OLDEST:
        yield Check("docker", "fail", f"{about} is too old", "Install Docker Engine 20.10 or newer.")
    elif not facts.local:
        remedy = "Use a Docker Engine on this machine: unset DOCKER_HOST, or `docker context use default`."
        yield Check("docker", "fail", f"{about} is another machine, which cannot see the run's directories", remedy)
    else:
        yield Check("docker", "ok", about)
    yield from gpus(subject.plan, facts)


def gpus(plan: Plan | None, facts: EngineFacts) -> Iterator[Check]:
    """Whether there is a GPU runtime, if a job wants one."""
    wanting = [job for job in plan.jobs if job.resources.gpus] if plan else []
    if not wanting:
        return
    if "nvidia" in facts.runtimes:
        yield Check("gpu", "ok", f"the NVIDIA runtime is there, for {tasks_of(wanting)}")
        return
    remedy = "Install the NVIDIA Container Toolkit, or drop resources.gpus."
    # Newer Docker also finds GPUs by CDI, without a runtime of its own.
    yield Check("gpu", "warn", f"Docker lists no NVIDIA runtime, and {tasks_of(wanting)} wants GPUs", remedy)


def images(subject: Subject) -> Iterator[Check]:
    """Each image once: here or pullable, and for this kind of machine. Then the room for those to be pulled."""
    wanted = by_image(subject.plan) if subject.plan else {}
    try:
        facts = subject.docker.facts()
    except ExecutorUnavailable:
        if wanted:
            yield Check("image", "skipped", "Docker is not there to be asked")
        return
    absent = 0
    for reference, jobs in wanted.items():
        try:
            here = subject.docker.image(reference)
            absent += here is None
            if here is None and subject.quiet and subject.plan is not None and subject.plan.pull != "never":
                yield Check("image", "skipped", f"{bare(reference)} is not here; its registry was not asked yet")
            else:
                found = image_here(here, reference, facts) if here else image_there(subject, reference, facts)
                yield replace(found, tasks=tuple(job.task for job in jobs))
        except JobProblem as problem:
            yield _failed(problem, jobs)
        except ExecutorUnavailable as error:
            yield Check("image", "skipped", f"{reference}: {error}")
    yield from disk(facts, absent)


def by_image(plan: Plan) -> dict[str, list[JobSpec]]:
    """The jobs of each image, as Docker is asked for it."""
    found: dict[str, list[JobSpec]] = {}
    for job in plan.jobs:
        found.setdefault(image_reference(job), []).append(job)
    return found


def image_here(image: LocalImage, reference: str, facts: EngineFacts) -> Check:
    """An image that is on this machine."""
    digest = f", {short(image.digest or image.id)}"
    text = f"{bare(reference)}, {size(image.size)}{digest}, present"
    if image.arch and facts.arch and image.arch != facts.arch:
        return Check("image", "warn", f"{text}, but for {image.arch}", _emulation(facts))
    return Check("image", "ok", text)


def image_there(subject: Subject, reference: str, facts: EngineFacts) -> Check:
    """An image that would have to be pulled. Raises JobProblem when it cannot be."""
    assert subject.plan is not None
    if subject.plan.pull == "never":
        remedy = f"docker pull {bare(reference)}, or set execution.pull to missing."
        return Check("image", "fail", f"{bare(reference)} is not here, and execution.pull is never", remedy)
    remote = subject.docker.remote_image(reference)
    text = f"{bare(reference)}, {short(remote.digest)}, is pulled when the run starts"
    if remote.architectures and facts.arch not in remote.architectures:
        made = ", ".join(remote.architectures)
        return Check("image", "warn", f"{text}, but it is made for {made}", _emulation(facts))
    return Check("image", "ok", text)


def disk(facts: EngineFacts, absent: int) -> Iterator[Check]:
    """The room that Docker has for images. No registry says how large an image is before it is pulled."""
    if not facts.local:
        yield Check("disk", "skipped", "Docker is on another machine")
        return
    try:
        free = shutil.disk_usage(facts.root).free
    except OSError:
        # Docker Desktop keeps images inside a virtual machine.
        yield Check("disk", "skipped", f"{facts.root} cannot be seen from here")
        return
    wanted = absent * _IMAGE_ROOM
    to_pull = f"; {absent} to pull, about {size(wanted)}" if absent else ""
    text = f"{size(free)} free for images at {facts.root}{to_pull}"
    if free < max(wanted, _LEAST):
        state = "fail" if free < _LEAST and absent else "warn"
        yield Check("disk", state, text, "Free some space: docker system prune -a removes images that nothing uses.")
    else:
        yield Check("disk", "ok", text)


def bare(reference: str) -> str:
    """The image without its digest."""
    return reference.partition("@")[0]


def short(digest: str) -> str:
    """The first twelve digits of a digest."""
    return digest.removeprefix("sha256:")[:12]


def _failed(problem: JobProblem, jobs: list[JobSpec]) -> Check:
    # These sentences say what is wrong, a colon, and what to do.
    text, _, remedy = str(problem).partition(": ")
    text = f"{_lower(text)}; wanted by {tasks_of(jobs)}"
    remedy = remedy[:1].upper() + remedy[1:]
    return Check("image", "fail", text, remedy, tasks=tuple(job.task for job in jobs))


def _emulation(facts: EngineFacts) -> str:
    return f"This Docker runs {facts.arch}: it starts only by emulation, if at all, and slowly. Use another image."


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if not text.startswith("Docker") else text
