"""The run_config file of a container: the shape that NVIDIA's core reads as `config_ef.yaml`."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ..config.model import RequestOptions, Tree
from .adapter import core_adapter_config
from .environ import NO_KEY
from .spec import RESULTS_PATH
from .trees import merged, tree_at


@dataclass(frozen=True)
class RunConfigParts:
    """What a run_config is made of. `defaults` go below the user's `config.params`; "" as `model_id` leaves it out."""

    type: str
    url: str
    model_id: str
    endpoint_type: str
    api_key_name: str
    defaults: Tree
    adapter_config: Tree
    user: Tree


def build_run_config(parts: RunConfigParts) -> Tree:
    """`{config: {type, output_dir, params}, target: {api_endpoint: {...}}}` with the user's tree laid over it.

    `config.output_dir`, `url` and `type` of the endpoint are always ours: they were derived with the user's tree
    already in view, and results written elsewhere would be lost.
    """
    endpoint: Tree = {"url": parts.url, "type": parts.endpoint_type}
    if parts.model_id:
        endpoint["model_id"] = parts.model_id
    endpoint["api_key_name"] = parts.api_key_name or NO_KEY
    base: Tree = {
        "config": {"type": parts.type, "output_dir": RESULTS_PATH, "params": parts.defaults},
        "target": {"api_endpoint": endpoint},
    }
    result = merged(base, parts.user)
    target = tree_at(result, "target", "api_endpoint")
    adapter = merged(parts.adapter_config, tree_at(target, "adapter_config"))
    target.pop("adapter_config", None)
    if adapter:
        target["adapter_config"] = core_adapter_config(adapter)
    for ours in fields(RequestOptions):
        # How the proxy asks is nothing to the container, whose core refuses settings that it does not know.
        target.pop(ours.name, None)
    target.update(url=parts.url, type=parts.endpoint_type)
    tree_at(result, "config")["output_dir"] = RESULTS_PATH
    return result
