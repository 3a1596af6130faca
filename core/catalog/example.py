"""A config that runs one task, to copy and change."""

from __future__ import annotations

from .model import TaskSpec

_URLS = {"completions": "completions", "completions_logprob": "completions", "embedding": "embeddings"}


def example_config(spec: TaskSpec, name: str) -> str:
    """YAML text that runs `spec`, called `name` there; `container` is named for a task that is in no catalog."""
    path = _URLS.get(spec.endpoint_types[0], "chat/completions")
    lines = [
        "execution:",
        "  output_dir: ./results",
        "target:",
        "  api_endpoint:",
        f"    url: http://localhost:8000/v1/{path}",
        "    model_id: my-model",
        "    api_key_name: API_KEY      # the name of a variable; drop it for an endpoint without a key",
        "evaluation:",
        "  tasks:",
        f"    - name: {name}",
        *([f"      container: {spec.image}"] if not spec.listed else []),
        "      nemo_evaluator_config:",
        "        config:",
        "          params:",
        "            limit_samples: 10     # drop it for the whole benchmark",
    ]
    if spec.required_env:
        lines.append("      env_vars:")
        lines += [f"        {variable}: host:{variable}" for variable in spec.required_env]
    return "\n".join(lines) + "\n"
