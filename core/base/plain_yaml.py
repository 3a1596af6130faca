"""YAML of strangers as plain values. Numbers that take quadratic time, or that nothing can hold, stay text."""

from __future__ import annotations

from functools import cache
from typing import Any

LONGEST_NUMBER = 80
"""Characters. Base 60 (`1:2:3`) and decimals are read in quadratic time, and a long hexadecimal cannot be written."""


def load_yaml(data: bytes | str, *, merge_keys: bool = True) -> object:
    """The value of one document. Without `merge_keys`, a few lines cannot expand to billions of entries.

    Raises yaml.YAMLError, and what its constructors raise on garbage: ValueError, TypeError, LookupError, ...
    """
    import yaml

    return yaml.load(data, _loader(merge_keys))


@cache
def _loader(merge_keys: bool) -> Any:
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):
        """Safe, and bounded in what a number may be."""

        if not merge_keys:

            def flatten_mapping(self, node: object) -> None:
                return None

    for kind in ("int", "float"):
        tag = f"tag:yaml.org,2002:{kind}"
        Loader.add_constructor(tag, _bounded(Loader.yaml_constructors[tag]))
    return Loader


def _bounded(construct: Any) -> Any:
    def constructed(loader: Any, node: Any) -> object:
        return node.value if len(node.value) > LONGEST_NUMBER else construct(loader, node)

    return constructed
