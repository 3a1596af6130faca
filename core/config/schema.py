"""The JSON Schema of a composed config."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, cast


@lru_cache(maxsize=1)
def load_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a composed config."""
    return cast("dict[str, Any]", json.loads(Path(__file__).with_name("schema.json").read_bytes()))
