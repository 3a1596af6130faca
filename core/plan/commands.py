"""The shell commands that a config runs in a task's container before and after the evaluation (`pre_cmd`, `post_cmd`).

As in nemo-evaluator-launcher: both are sourced by the shell that starts the evaluation, so what `pre_cmd` exports is
there for it; an evaluation whose `pre_cmd` fails is not started; `post_cmd` runs however it ended, and does not change
the exit code. They may come from a file of somebody else, so they need the user's consent, by the same variable.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..config.model import ConfigProblem
from .command import FIRST_NAME, NEMO_COMMAND
from .spec import JobSpec, Plan

TRUST = "NEMO_EVALUATOR_TRUST_PRE_CMD"
PRE_PATH = "/evaldock/pre_cmd.sh"
POST_PATH = "/evaldock/post_cmd.sh"

# bash where there is one, as the commands' authors expect. It lets signals pass: the task gets them as well.
_SHELL = 'if command -v bash >/dev/null 2>&1; then exec bash -c "$@"; fi; exec /bin/sh -c "$@"'
_BEGIN = "trap : TERM INT"
_BEFORE = f". {PRE_PATH} || exit"
_AFTER = f"trap 'code=$?; . {POST_PATH}; exit $code' EXIT"
_TASK = '"$@"'


def with_commands(job: JobSpec, argv: tuple[str, ...]) -> tuple[str, ...]:
    """`argv` as it is started in a job that has commands; itself in one that has none."""
    if not command_files(job):
        return argv
    name = [FIRST_NAME] if argv == NEMO_COMMAND else []
    steps = [_BEGIN, *([_BEFORE] if job.pre_cmd else []), *([_AFTER] if job.post_cmd else []), *name, _TASK]
    return ("/bin/sh", "-c", _SHELL, "evaldock", "; ".join(steps), "evaldock", *argv)


def command_files(job: JobSpec) -> dict[str, tuple[str, str]]:
    """What is written beside the job for it: file name -> (text, its path in the container)."""
    files = {"pre_cmd.sh": (job.pre_cmd, PRE_PATH), "post_cmd.sh": (job.post_cmd, POST_PATH)}
    return {name: (f"{text.rstrip()}\n", path) for name, (text, path) in files.items() if text}


def untrusted(plan: Plan, env: Mapping[str, str]) -> list[ConfigProblem]:
    """A problem when jobs have commands that the user has not agreed to."""
    tasks = [job.task for job in plan.jobs if command_files(job)]
    if not tasks or env.get(TRUST) == "1":
        return []
    more = f" and {len(tasks) - 3} more" if len(tasks) > 3 else ""
    message = (
        f"{', '.join(tasks[:3])}{more}: the config runs shell commands of its own in the container (pre_cmd, "
        f"post_cmd). Read them (--dry-run shows them), then agree: export {TRUST}=1"
    )
    return [ConfigProblem(message)]
