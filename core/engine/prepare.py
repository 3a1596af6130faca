"""What a container finds when it starts: its run_config file, and the commands that the config runs around the task."""

from __future__ import annotations

import yaml

from ..plan.commands import command_files
from ..run.atomic import write_atomic
from .executor import Attempt

_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""The same text in a fifth of the time where PyYAML was built with libyaml."""


def write_inputs(attempt: Attempt) -> None:
    """Write `run_config.yaml` and the command files beside the job.

    World-readable inside a directory that only its owner can enter.
    """
    text: str = yaml.dump(attempt.job.run_config, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    write_atomic(attempt.paths.run_config, text.encode(), mode=0o644)
    for name, (commands, _) in command_files(attempt.job).items():
        write_atomic(attempt.paths.root / name, commands.encode(), mode=0o644)
