"""Which tests may run beside each other."""

from __future__ import annotations

from pathlib import Path

import pytest

_ONE_ENGINE = {"docker", "terminal"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests with containers see what others leave on the same Docker Engine: with `-n`, one process has them all."""
    if not config.pluginmanager.hasplugin("xdist"):
        return
    root = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(root) and item.path.relative_to(root).parts[0] in _ONE_ENGINE:
            item.add_marker(pytest.mark.xdist_group("docker"))
