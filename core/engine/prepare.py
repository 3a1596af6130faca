"""What a container finds when it starts: its run_config file, and the commands that the config runs around the task."""

from __future__ import annotations

from ..base.atomic import write_atomic
from ..plan.commands import command_files
from ..plan.trees import yaml_text
from .executor import Attempt


def write_inputs(attempt: Attempt) -> None:
    """Write `run_config.yaml` and the command files beside the job.

    World-readable inside a directory that only its owner can enter. Not made durable: what is lost with the machine's
    power is written again before the container is made again.
    """
    text = yaml_text(attempt.job.run_config)
    write_atomic(attempt.paths.run_config, text.encode(), mode=0o644, sync=False)
    for name, (commands, _) in command_files(attempt.job).items():
        write_atomic(attempt.paths.root / name, commands.encode(), mode=0o644, sync=False)
