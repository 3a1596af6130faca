"""YAML of strangers as plain values. Numbers that take quadratic time, or that nothing can hold, stay text."""

from __future__ import annotations

import struct
from functools import cache
from typing import Any, cast

LONGEST_NUMBER = 80
"""Characters. Base 60 (`1:2:3`) and decimals are read in quadratic time, and a long hexadecimal cannot be written."""


_NUMPY = tuple(f"tag:yaml.org,2002:python/object/apply:numpy.{core}.multiarray.scalar" for core in ("core", "_core"))
_NUMPY_KINDS = {
    "f2": "e", "f4": "f", "f8": "d", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I",
    "u8": "Q",
}  # fmt: skip


def load_yaml(data: bytes | str, *, merge_keys: bool = True, any_tag: bool = False) -> object:
    """The value of one document. Without `merge_keys`, a few lines cannot expand to billions of entries.

    With `any_tag`, what has a tag that nobody knows is read as if it had none, and a number of numpy's is a number.

    Raises yaml.YAMLError, and what its constructors raise on garbage: ValueError, TypeError, LookupError, ...
    """
    import yaml

    return yaml.load(data, _loader(merge_keys, any_tag))


@cache
def _loader(merge_keys: bool, any_tag: bool) -> Any:
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
    if any_tag:
        Loader.add_multi_constructor("", _untagged)
        for tag in _NUMPY:
            Loader.add_constructor(tag, _numpy_scalar)
    return Loader


def _untagged(loader: Any, suffix: str, node: Any) -> object:
    import yaml

    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


def _numpy_scalar(loader: Any, node: Any) -> object:
    """A number as PyYAML writes numpy's: its type with the order of its bytes, and the bytes."""
    tree: Any = _untagged(loader, "", node)
    try:
        about, raw = tree
        kind, order = about["args"][0], about["state"][1]
        return cast(object, struct.unpack(f"{'>' if order == '>' else '<'}{_NUMPY_KINDS[kind]}", raw)[0])
    except (ValueError, TypeError, LookupError, struct.error):
        return None


def _bounded(construct: Any) -> Any:
    def constructed(loader: Any, node: Any) -> object:
        return node.value if len(node.value) > LONGEST_NUMBER else construct(loader, node)

    return constructed
