"""What stands in configs of other programs and of their older generations: kept, moved to its place, or told."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace
from typing import cast

from .model import ConfigProblem
from .node import Node, Steps, child, format_steps, merge, put
from .schema import load_schema
from .suggest import near
from .validate import HOMES, unknown_key

# Settings of `execution` that nemo-evaluator-launcher's Slurm and Lepton executors have; a shared config keeps them.
_OTHER_EXECUTORS = frozenset(
    (
        *("account", "cpu_partition", "deployment", "env_var_names", "evaluation_tasks", "gpus_per_node", "gres"),
        *("hostname", "lepton_platform", "max_walltime", "n_tasks", "ntasks_per_node", "num_instances", "num_nodes"),
        *("partition", "sbatch_comment", "sbatch_extra_flags", "subproject", "username", "walltime"),
    )
)


def lift_targets(root: Node) -> tuple[Node, list[ConfigProblem]]:
    """`root` with each `target` that is indented under a `config` beside it, and a warning for each.

    So stood it in the examples of nemo-evaluator-launcher 0.1, whose containers ignored it there.
    """
    warnings: list[ConfigProblem] = []
    for steps in _run_configs(root):
        config = child(root, *steps, "config")
        found = child(config, "target")
        if config is None or not isinstance(config.value, dict) or found is None or not isinstance(found.value, dict):
            continue
        below = {key: node for key, node in config.value.items() if key != "target"}
        root = put(root, (*steps, "config"), replace(config, value=below))
        beside = child(root, *steps, "target")
        root = put(root, (*steps, "target"), found if beside is None else merge(found, beside))
        message = f"belongs next to config, not under it; it is read as {format_steps((*steps, 'target'))}"
        warnings.append(ConfigProblem(message, format_steps((*steps, "config", "target")), found.key or found.origin))
    return root, warnings


def unknown_keys(root: Node, used: Set[str]) -> tuple[list[ConfigProblem], list[ConfigProblem]]:
    """What is wrong, and what is odd, about keys at the top and under `execution` that evaldock does not know.

    Sections of the user's own are kept, and so are the settings of other executors; what is like a key that evaldock
    knows, and of no use to an interpolation, is a mistake. `used` are the paths that interpolations name.
    """
    problems: list[ConfigProblem] = []
    warnings: list[ConfigProblem] = []
    for at in cast("tuple[Steps, ...]", ((), ("execution",))):
        schema = load_schema()
        for step in at:
            schema = schema["properties"][step]
        node, known = child(root, *at), list(schema["properties"])
        for key, value in node.value.items() if node is not None and isinstance(node.value, dict) else ():
            path, where = format_steps((*at, key)), value.key or value.origin
            if key in known or (at and key in _OTHER_EXECUTORS):
                continue
            meant = near(key, known)
            hint = f"; did you mean '{meant}'?" if meant else ""
            if any(name == path or name.startswith((f"{path}.", f"{path}[")) for name in used):
                if meant:
                    warnings.append(ConfigProblem(f"is a section of your own{hint}", path, where))
            elif meant or key in HOMES or path == "execution.env_vars":
                problems.append(ConfigProblem("unknown key" + unknown_key(key, known, at), path, where))
            elif at:
                warnings.append(ConfigProblem("has no effect: evaldock has no such setting", path, where))
    return problems, warnings


def _run_configs(root: Node) -> Iterator[Steps]:
    listed = child(root, "evaluation", "tasks")
    count = len(listed.value) if listed is not None and isinstance(listed.value, list) else 0
    owners: list[Steps] = [("evaluation",), *(("evaluation", "tasks", index) for index in range(count))]
    for owner in owners:
        for key in ("nemo_evaluator_config", "overrides"):
            yield (*owner, key)
