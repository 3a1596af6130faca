"""Settings of a task that do something else than they seem to: a sentence for each, "" when all is well."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from ..catalog.model import TaskSpec
from ..config.model import TaskConfig, Tree
from .endpoint import TaskEndpoint
from .trees import tree_at


def unused_extras(spec: TaskSpec, run_config: Tree) -> str:
    """Names under `config.params.extra` that the command of the task in its image does not use."""
    extra = tree_at(run_config, "config", "params", "extra")
    unused = sorted(name for name in extra if spec.extras is not None and name not in spec.extras)
    if not unused:
        return ""
    known = f"it knows {', '.join(sorted(spec.extras or ()))}" if spec.extras else "it knows none"
    return f"task {spec.name} does not use config.params.extra.{', '.join(unused)}; {known}"


def judge_warning(spec: TaskSpec, task: TaskConfig, endpoint: TaskEndpoint) -> str:
    """Whether another server, such as a judge's, would be given the endpoint's token where it needs a real key."""
    name = endpoint.api_key_name
    if not name:
        return ""
    for path, node in _servers(tree_at(task.run_config, "config", "params", "extra"), "config.params.extra"):
        if node.get("api_key") == name and not _same_server(str(node["url"]), endpoint.url):
            return (
                f"task {spec.name}: {path}.url is another server than the endpoint's, and {name} holds no key in the "
                f"container but a token for the endpoint alone. Give it a variable of its own: env_vars: "
                f"{{JUDGE_API_KEY: host:{name}}}, and {path}.api_key: JUDGE_API_KEY"
            )
    return ""


def _servers(tree: Tree, path: str) -> Iterator[tuple[str, Tree]]:
    """All mappings in `tree` that have a `url`, with their paths."""
    if isinstance(tree.get("url"), str):
        yield path, tree
    for key in tree:
        below = tree_at(tree, key)
        if below:
            yield from _servers(below, f"{path}.{key}")


def _same_server(one: str, other: str) -> bool:
    try:
        return urlsplit(one).netloc == urlsplit(other).netloc
    except ValueError:
        return False
