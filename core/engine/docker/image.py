"""What Docker says of an image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...base.proxies import EXCEPTIONS, PROXIES
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
        proxies=image_proxies(inspected),
    )


def image_proxies(inspected: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The proxy variables of an image's own, from the answer of `inspect`."""
    config: Mapping[str, Any] = inspected.get("Config") or {}
    pairs = (str(one).partition("=") for one in config.get("Env") or ())
    return tuple((name, value) for name, _, value in pairs if name in (*PROXIES, *EXCEPTIONS))
