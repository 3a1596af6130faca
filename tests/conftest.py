"""Which tests may run beside each other, and what all of them need."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

# A shell starts what goes to its background deaf to Ctrl-C, nohup deaf to a hang-up, and so would be all that the tests
# start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A build says the same of a commit every time; whoever looks for new faults tries other values with every run.
# How long an example takes is nobody's fault on a busy machine.
settings.register_profile("any", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "any")

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
