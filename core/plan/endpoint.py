"""What one task is told about the model endpoint: type, URL as the container sees it, key."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from ..base.urls import bare_url, is_loopback
from ..catalog.catalog import Catalog
from ..catalog.model import TaskSpec
from ..catalog.prefer import fitting_type
from ..config.model import Endpoint, TaskConfig
from .trees import text_at

HOST_ALIAS = "host.docker.internal"

_BY_PATH = (
    ("/chat/completions", "chat"),
    ("/completions", "completions"),
    ("/embeddings", "embedding"),
)


@dataclass(frozen=True)
class TaskEndpoint:
    """The endpoint of one task, its own `run_config` laid over the config's. `type` is "" when unknown."""

    url: str
    model_id: str
    api_key_name: str
    type: str
    forced: bool = False


def task_endpoint(endpoint: Endpoint, task: TaskConfig) -> TaskEndpoint:
    """The endpoint as the config gives it to `task`; `forced` when the type was written, not guessed."""
    own = ("target", "api_endpoint")
    url = text_at(task.run_config, *own, "url") or endpoint.url
    written = task.endpoint_type or text_at(task.run_config, *own, "type") or endpoint.type
    return TaskEndpoint(
        url=url,
        model_id=text_at(task.run_config, *own, "model_id") or endpoint.model_id,
        api_key_name=text_at(task.run_config, *own, "api_key_name") or endpoint.api_key_name or "",
        type=written or guess_type(url) or "",
        forced=bool(written),
    )


def guess_type(url: str) -> str | None:
    """The endpoint type that the path of a URL tells, None when it tells nothing."""
    path = urlsplit(url).path.rstrip("/").lower()
    return next((kind for ending, kind in _BY_PATH if path.endswith(ending)), None)


def job_type(spec: TaskSpec, endpoint: TaskEndpoint) -> str:
    """The type a container is told.

    A type that the task understands is taken as it is. One that the user wrote is passed on even so, but a mere
    guess from the URL never overrides what the task speaks.
    """
    if endpoint.type and (fitting := fitting_type(spec, endpoint.type)):
        return fitting
    return endpoint.type if endpoint.forced and endpoint.type else spec.endpoint_types[0]


def type_warning(catalog: Catalog, spec: TaskSpec, endpoint: TaskEndpoint) -> str | None:
    """A sentence when the task and the endpoint speak different protocols."""
    if not endpoint.type or fitting_type(spec, endpoint.type):
        return None
    near = ", ".join(t.name for t in catalog.like(spec, endpoint.type)[:3])
    other = f" or one of the {endpoint.type} tasks {near}" if near else ""
    return (
        f"task {spec.name} ({spec.harness}) is made for a {spec.endpoint_types[0]} endpoint, but "
        f"{bare_url(endpoint.url)} is a {endpoint.type} endpoint: its requests will probably be refused. "
        f"Give it a {spec.endpoint_types[0]} URL{other}"
    )


def bare_url_warning(url: str) -> str | None:
    """A sentence when a URL stops before the method, which earns every request a 404."""
    if urlsplit(url).path.rstrip("/").rpartition("/")[2] not in ("", "v1") or not url:
        return None
    return (
        f"target.api_endpoint.url {bare_url(url)} names no method: harnesses post to exactly this address. "
        "A chat endpoint usually ends in /v1/chat/completions"
    )


def container_url(url: str, network: str | None) -> str:
    """The URL as a container on `network` has to write it: the host's own loopback has another name there."""
    parts = urlsplit(url)
    if not is_loopback(parts.hostname) or not _bridged(network):
        return url
    userinfo, at, _ = parts.netloc.rpartition("@")
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return url
    return urlunsplit(parts._replace(netloc=f"{userinfo}{at}{HOST_ALIAS}{port}"))


def loopback_warning(url: str, seen: str) -> str:
    """What the user must know when `container_url` made `seen` of `url`."""
    return (
        f"{bare_url(url)} means the container itself there, so containers get {bare_url(seen)}. "
        "The server must listen on 0.0.0.0, not only on 127.0.0.1; "
        'if it cannot, set execution.extra_docker_args to "--network=host"'
    )


def _bridged(network: str | None) -> bool:
    return network not in ("host", "none") and not (network or "").startswith("container:")
