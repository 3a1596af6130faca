"""A real container's way to the endpoint: a one-shot container of an image that is here, through a proxy as in a run.

The proxy is given no API key, so nobody gains anything by its token; any HTTP answer of the endpoint shows the way.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from ..base.proxies import EXCEPTIONS, PROXIES
from ..base.urls import is_loopback
from ..engine.docker.survey import Ended
from ..engine.executor import ExecutorUnavailable, JobProblem
from ..engine.gateway import listening, proxied_url, proxy_host
from ..plan.container import image_reference
from ..plan.endpoint import HOST_ALIAS, container_url
from ..plan.spec import JobSpec, Plan
from ..proxy.endpoints import base_path, one_line
from ..proxy.process import ProxyHandle, ProxyStartError, ensure_key, job_token, start_proxy
from .machine import bare
from .model import Check, Subject

_WAIT = 10.0
_JOB = "check.0"
_BAD_GATEWAY = (502, 504)
_MARK = "evaldock-check:"

# The first of these tools that an image has asks; it prints the mark with a status, or with why there is none.
_PYTHON = f"""\
import os, urllib.error, urllib.request
e = os.environ
r = urllib.request.Request(e["EVALDOCK_URL"], headers={{"Authorization": "Bearer " + e["EVALDOCK_TOKEN"]}})
try:
    s = urllib.request.urlopen(r, timeout={_WAIT:.0f}).status
except urllib.error.HTTPError as x:
    s = x.code
except Exception as x:
    s = getattr(x, "reason", x)
print("{_MARK}", s)
"""
_SCRIPT = f"""\
mark="{_MARK}"
for python in python3 python; do
    if command -v $python >/dev/null 2>&1; then exec $python -c "$EVALDOCK_PYTHON"; fi
done
if command -v curl >/dev/null 2>&1; then
    echo "$mark $(curl -sS -o /dev/null -m {_WAIT:.0f} -w '%{{http_code}}' \
        -H "Authorization: Bearer $EVALDOCK_TOKEN" "$EVALDOCK_URL" 2>&1)"
elif command -v wget >/dev/null 2>&1; then
    said=$(wget -S -O /dev/null --header "Authorization: Bearer $EVALDOCK_TOKEN" "$EVALDOCK_URL" 2>&1)
    status=$(echo "$said" | sed -n 's/.*HTTP\\/[0-9.]* \\([0-9][0-9][0-9]\\).*/\\1/p' | tail -n 1)
    echo "$mark ${{status:-$(echo "$said" | tail -n 1)}}"
else
    exit 127
fi
"""


@dataclass(frozen=True)
class _Said:
    """What the container said: an HTTP status, or why it got none; neither when it could not try."""

    status: int | None = None
    why: str = ""


def reach(subject: Subject) -> Iterator[Check]:
    """Whether containers of this plan reach the endpoint."""
    plan = subject.plan
    job = next((job for job in plan.jobs if job.knows_endpoint), None) if plan else None
    if plan is None or job is None:
        return
    if job.docker.network == "none":
        remedy = "Drop --network=none from execution.extra_docker_args."
        yield Check("reach", "fail", "containers without a network reach no endpoint", remedy)
        return
    try:
        image = _usable_image(subject, plan)
        if image is None:
            yield Check("reach", "skipped", "no image of these tasks is here yet to try it with")
        else:
            yield from _paths(subject, plan, image)
            yield _through_proxy(subject, job, image) if plan.proxy else _direct(subject, job, image)
    except ExecutorUnavailable:
        yield Check("reach", "skipped", "Docker is not there to be asked")
    except ProxyStartError as error:
        yield Check("reach", "fail", f"evaldock's own proxy does not start: {error}", "See the reason above.")


def _paths(subject: Subject, plan: Plan, image: str) -> Iterator[Check]:
    """A failure when Docker does not see the directories that it is to mount, as from within a container."""
    home = Path(plan.output_dir)
    here = next((folder for folder in (home, *home.parents) if folder.is_dir()), Path("/"))
    try:
        # One that is new, as a directory of the same name may be on Docker's machine, too.
        probe = Path(tempfile.mkdtemp(prefix=".evaldock-check-", dir=here))
    except OSError:
        return  # which another check tells
    try:
        seen = subject.docker.sees(image, probe)
    finally:
        probe.rmdir()
    if not seen:
        inside = "evaldock runs in a container, and " if _in_container() else ""
        text = f"{inside}Docker does not see {here}: it mounts directories of its own machine"
        remedy = f"Give that directory the same path on both sides: docker run -v {here}:{here} ..."
        yield Check("paths", "fail", text, remedy if inside else f"Use a Docker that shares {here} with this machine.")


def _in_container() -> bool:
    return os.path.exists("/.dockerenv") or os.path.exists("/run/.containerenv")


def _usable_image(subject: Subject, plan: Plan) -> str | None:
    """An image of the plan that is here. Raises ExecutorUnavailable."""
    for reference in dict.fromkeys(image_reference(job) for job in plan.jobs):
        try:
            if subject.docker.image(reference):
                return reference
        except JobProblem:
            continue
    return None


def _through_proxy(subject: Subject, job: JobSpec, image: str) -> Check:
    addresses = subject.docker.host_addresses([job.docker.network or ""])
    home = Path(tempfile.mkdtemp(prefix="evaldock-check-"))
    handle: ProxyHandle | None = None
    try:
        token = job_token(ensure_key(home), _JOB)
        spec = {
            "token": token,
            "upstream": job.url,
            "dir": str(home),
            "api_key": None,
            "options": {"max_retries": 0, "request_timeout": _WAIT},
            "endpoint_type": job.endpoint_type,
        }
        handle = start_proxy(home, {_JOB: spec}, listening(addresses))
        url = _models(proxied_url(job, handle.port, addresses))
        said = _ask_from_container(subject, job, image, url, token, proxy_host(job, addresses))
        return _proxied(said, url, image, handle)
    finally:
        if handle is not None:
            handle.stop(patience=2.0)
        shutil.rmtree(home, ignore_errors=True)


def _proxied(said: _Said, url: str, image: str, handle: ProxyHandle) -> Check:
    if said.status in _BAD_GATEWAY:
        errors = handle.update({}).get(_JOB, {}).get("last_errors")
        why = [str(text) for text in cast("list[object]", errors)] if isinstance(errors, list) else []
        text = (
            f"containers reach evaldock's proxy; behind it: {one_line(why[-1])}" if why else "the proxy got no answer"
        )
        return Check("reach", "skipped", text)
    if said.status is not None:
        return Check("reach", "ok", "a container reaches the endpoint through evaldock's proxy")
    if not said.why:
        return _untold(image)
    text = f"a container cannot reach evaldock's proxy at {_place(url)}: {said.why}"
    if _in_container():
        remedy = "evaldock runs in a container with a network of its own: start that with --network=host."
        return Check("reach", "fail", text, remedy)
    return Check(
        "reach",
        "fail",
        text,
        "A firewall may drop what Docker's bridge sends to this machine (ufw allow in on docker0); or set "
        "execution.extra_docker_args to --network=host.",
    )


def _direct(subject: Subject, job: JobSpec, image: str) -> Check:
    url = _models(container_url(job.url, job.docker.network))
    said = _ask_from_container(subject, job, image, url, "", "")
    if said.status is not None:
        return Check("reach", "ok", f"a container reaches {_place(url)}")
    if not said.why:
        return _untold(image)
    remedy = "See that containers may reach this address: firewall, DNS, proxies."
    if is_loopback(urlsplit(job.url).hostname):
        remedy = (
            "Let the server listen on 0.0.0.0, or drop `execution.proxy: false`: the proxy reaches 127.0.0.1 as well."
        )
    return Check("reach", "fail", f"a container cannot reach {_place(url)}: {said.why}", remedy)


def _ask_from_container(subject: Subject, job: JobSpec, image: str, url: str, token: str, bypass: str) -> _Said:
    env = {"EVALDOCK_URL": url, "EVALDOCK_TOKEN": token, "EVALDOCK_PYTHON": _PYTHON}
    # As the task would have them: which proxies lead where is part of the way.
    for ref in job.env:
        value = ref.value.source if ref.value.kind == "lit" else subject.env.get(ref.value.source)
        if value and ref.name in (*PROXIES, *EXCEPTIONS):
            env[ref.name] = value
    hosts = (f"{HOST_ALIAS}:host-gateway", *job.docker.extra_hosts)
    try:
        ended = subject.docker.run_once(
            image,
            ["/bin/sh", "-c", _SCRIPT],
            env=env,
            network=job.docker.network,
            extra_hosts=hosts,
            user=job.docker.user,
            limits=job.resources,
            timeout=_WAIT + 10,
            bypass=bypass,
        )
    except JobProblem as problem:
        return _Said(why=str(problem))
    return _read(ended)


def _read(ended: Ended) -> _Said:
    found = re.findall(rf"{_MARK} (.*)", ended.output)
    if not found:
        return _Said(why="the container did not end in time") if ended.code is None else _Said()
    said = str(found[-1]).strip()
    if said.isdigit() and int(said) > 0:
        return _Said(status=int(said))
    return _Said(why=one_line(re.sub(r"\s*0*$", "", said)) or "no answer")


def _untold(image: str) -> Check:
    return Check("reach", "skipped", f"{bare(image)} has no shell with python, curl or wget to try it with")


def _models(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(path=base_path(parts.path) + "/models").geturl()


def _place(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]
