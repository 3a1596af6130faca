"""The shapes of the fixtures that load configs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from evaldock.core.config.model import Config


class Load(Protocol):
    def __call__(
        self,
        text: str,
        *overrides: str,
        env: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> Config: ...


class Complain(Protocol):
    def __call__(
        self,
        text: str,
        *overrides: str,
        env: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> list[str]: ...
