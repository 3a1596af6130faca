"""How results were made, as far as the harness writes it beside them: its version, and what it worked with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .numbers import as_mapping

_LM_EVAL = ("gen_kwargs", "num_fewshot", "random_seed", "numpy_seed", "torch_seed", "fewshot_seed")
_MOST_TEXT = 200


@dataclass(frozen=True)
class Made:
    """`params` are settings by their names, nested as they are written."""

    version: str = ""
    params: Mapping[str, object] = field(default_factory=dict[str, object])


def made(fmt: str, tree: object) -> Made:
    """What a parsed results file of this format says. Raises nothing."""
    fields = as_mapping(tree)
    if fmt == "results.yml":
        return Made(_text(fields.get("git_hash")), as_mapping(as_mapping(fields.get("config")).get("params")))
    if fmt == "lm-eval":
        config = as_mapping(fields.get("config"))
        params: dict[str, object] = {name: config[name] for name in _LM_EVAL if config.get(name) is not None}
        params |= {"n-shot": as_mapping(fields.get("n-shot")), "task version": as_mapping(fields.get("versions"))}
        params |= {name: fields[name] for name in ("chat_template_sha", "system_instruction_sha") if fields.get(name)}
        return Made(_text(fields.get("lm_eval_version")) or _text(fields.get("git_hash")), params)
    if fmt == "inspect":
        about = as_mapping(fields.get("eval"))
        params = {name: as_mapping(about.get(name)) for name in ("model_generate_config", "task_args")}
        return Made(_text(as_mapping(about.get("packages")).get("inspect_ai")), params)
    return Made()


def _text(value: object) -> str:
    return value[:_MOST_TEXT] if isinstance(value, str) else ""
