"""What Docker says of an image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..executor import ImageFacts

_LABEL = "org.opencontainers.image."


def image_facts(inspected: Mapping[str, Any]) -> ImageFacts:
    """From the answer of `inspect`; labels are those of the OCI image specification."""
    config: Mapping[str, Any] = inspected.get("Config") or {}
    labels: Mapping[str, str] = config.get("Labels") or {}
    return ImageFacts(
        id=str(inspected["Id"]),
        digests=tuple(inspected.get("RepoDigests") or ()),
        created=str(inspected.get("Created") or ""),
        architecture=f"{inspected.get('Os', '')}/{inspected.get('Architecture', '')}",
        version=str(labels.get(_LABEL + "version", "")),
        revision=str(labels.get(_LABEL + "revision", "")),
    )
