"""What a container finds when it starts: its run_config file."""

from __future__ import annotations

import yaml

from ..run.atomic import write_atomic
from .executor import Attempt


def write_run_config(attempt: Attempt) -> None:
    """Write `run_config.yaml` beside the job. World-readable inside a directory that only its owner can enter."""
    text = yaml.safe_dump(attempt.job.run_config, sort_keys=False, allow_unicode=True)
    write_atomic(attempt.paths.run_config, text.encode(), mode=0o644)
