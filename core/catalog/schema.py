"""The JSON Schema of a user's catalog file, for editors; `user.py` is what judges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .measure import Direction, Unit
from .user import ENDPOINT_TYPES, RESULT_FORMATS

Schema = dict[str, Any]


def catalog_schema() -> Schema:
    """A draft 7 schema."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "evaldock catalog",
        "description": "Tasks of your own: beside a config in catalog/, or for all in ~/.config/evaldock/catalog/.",
        "type": "object",
        "additionalProperties": False,
        "required": ["tasks"],
        "properties": {
            "tasks": {
                "title": "Tasks",
                "description": "The tasks.",
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["name"],
                    "properties": _task(),
                },
            }
        },
    }


def _task() -> Schema:
    return {
        "name": _text("Name", "The name that configs use."),
        "harness": _text("Harness", "What it belongs to, custom unless given; a packaged one lends its image."),
        "image": _text("Image", "The container image."),
        "command": _list(
            "Command",
            "What runs in it, as words; {model_id}, {url}, {api_key_name}, {task}, {run_config}, {results} and "
            "{params.NAME} are filled in. Without it the image obeys NVIDIA's contract.",
        ),
        "endpoint_types": _list("Endpoint types", "What it can use; the first is the default.", enum=ENDPOINT_TYPES),
        "params": {"title": "Parameters", "description": "Defaults of config.params.", "type": "object"},
        "required_env": _list("Variables", "Environment variables that it needs."),
        "description": _text("Description", "One line about it."),
        "samples": {
            "title": "Samples",
            "description": "How many the whole benchmark has.",
            "type": "integer",
            "minimum": 1,
        },
        "expected": {
            "title": "Expected score",
            "description": "What others report for it: 0.72, or 0.72 +-0.03, https://...",
            "type": ["string", "number"],
        },
        "progress": _text("Progress", "A regular expression for the log: group 1 is what is done, group 2 the total."),
        "result": {
            "title": "Result",
            "description": "What it leaves in the results directory.",
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "format": _one_of("Format", "How the file is written.", RESULT_FORMATS),
                "file": _text("File", "Its path there; * stands for anything."),
                "metric": _text("Metric", "The figure that is shown as the score."),
                "unit": _one_of("Unit", "What the metric counts, where its name does not say it.", tuple(Unit)),
                "direction": _one_of("Direction", "Which way is better.", (Direction.HIGHER, Direction.LOWER)),
                "cluster": _text("Cluster", "A field of the samples: those with one value are not independent."),
                "samples": {
                    "title": "Samples",
                    "description": "JSON lines with the single samples, and which of their fields holds what.",
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["file", "value"],
                    "properties": {key: _text(title, text) for key, (title, text) in _SAMPLES.items()},
                },
            },
        },
    }


_SAMPLES = {
    "file": ("File", "Its path in the results directory; * stands for anything. Several are repeats."),
    "value": ("Value", "Right or wrong, or a number; fields inside others are named with dots."),
    "id": ("Id", "What names a sample, the same in every run; without it the prompt does."),
    "prompt": ("Prompt", "What was asked."),
    "answer": ("Answer", "What was answered."),
    "extracted": ("Extracted", "The part of the answer that was judged."),
    "reference": ("Reference", "What would be right."),
}


def _one_of(title: str, description: str, choices: Sequence[str]) -> Schema:
    return {"title": title, "description": description, "enum": list(choices)}


def _text(title: str, description: str) -> Schema:
    return {"title": title, "description": description, "type": "string", "minLength": 1}


def _list(title: str, description: str, *, enum: tuple[str, ...] = ()) -> Schema:
    items: Schema = {"enum": list(enum)} if enum else {"type": "string"}
    return {"title": title, "description": description, "type": "array", "minItems": 1, "items": items}
