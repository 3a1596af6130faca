"""The errors of evaldock: one root, a sentence and an exit code each."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import cast

import evaldock.core
import evaldock.tui
import pytest
from evaldock.core import EvaldockError
from evaldock.core.base.errors import ExitCode, explain
from evaldock.core.config.model import ConfigError, ConfigProblem
from evaldock.core.engine.executor import Cancelled, EngineBusy, ExecutorUnavailable
from evaldock.core.proxy.process import ProxyStartError
from evaldock.core.run.access import RequestRefused
from evaldock.core.run.index import NotFound
from evaldock.core.run.store import RunDamaged


def exceptions() -> Iterator[type[BaseException]]:
    for package in (evaldock.core, evaldock.tui):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.endswith("__main__"):
                continue
            module = importlib.import_module(found.name)
            for value in vars(module).values():
                if isinstance(value, type) and issubclass(value, BaseException) and value.__module__ == found.name:
                    yield value


def test_every_exception_of_evaldock_has_one_root() -> None:
    found = set(exceptions())
    strays = {error.__qualname__ for error in found if not issubclass(error, EvaldockError)}
    assert strays == set()
    assert len(found) > 38


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError([ConfigProblem("is no number", "evaluation.tasks")]), ExitCode.USAGE),
        (NotFound("There is no run 3f2a."), ExitCode.USAGE),
        (RequestRefused("evaldock is read-only here."), ExitCode.USAGE),
        (ExecutorUnavailable("Docker does not answer."), ExitCode.DOCKER),
        (ProxyStartError("The proxy did not start."), ExitCode.FAILED),
        (RunDamaged("plan.json cannot be read."), ExitCode.FAILED),
        (EngineBusy("Run 3f2a has its engine."), ExitCode.FAILED),
        (PermissionError(13, "Permission denied", "/root/x"), ExitCode.USAGE),
        (FileNotFoundError(2, "No such file or directory", "/nowhere"), ExitCode.FAILED),
    ],
)
def test_an_error_says_what_it_means_to_a_shell(error: Exception, code: ExitCode) -> None:
    sentence, found = cast("tuple[str, ExitCode]", explain(error))
    assert found is code
    assert sentence


@pytest.mark.parametrize("error", [KeyError("job"), OSError("no file, no sentence"), Cancelled()])
def test_what_no_user_can_mend_is_a_bug(error: Exception) -> None:
    assert explain(error) is None
