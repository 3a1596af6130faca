"""Where the engine meets its executors: the one place above them that knows which there are."""

from __future__ import annotations

from .executor import Executor


def docker_executor() -> Executor:
    """Docker, as the environment of this process names it. Loads Docker's library; asks nothing yet."""
    from .docker.executor import DockerExecutor

    return DockerExecutor()


def checked_executor() -> Executor:
    """The executor once it has answered. Raises ExecutorUnavailable with a remedy."""
    executor = docker_executor()
    executor.check()
    return executor
