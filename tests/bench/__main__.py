"""Prints speed figures beside their budgets: `python -m tests.bench [--runs N]`. It asserts nothing."""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ..model_server import ModelServer

EVALDOCK = [str(Path(sys.executable).with_name("evaldock"))]
TWO_TASKS = """\
defaults: [{{execution: local}}, {{deployment: none}}, _self_]
execution: {{output_dir: {out}, pull: never{more}}}
target: {{api_endpoint: {{model_id: m, url: "{url}"}}}}
evaluation:
  tasks:
{tasks}
"""


def config(
    folder: Path, names: list[str], more: str = "", container: str = "", url: str = "http://localhost:1/v1"
) -> Path:
    """A config file with one task per name."""
    extra = f", container: '{container}'" if container else ""
    tasks = "\n".join(f"    - {{name: {name}{extra}}}" for name in names)
    path = folder / "bench.yaml"
    path.write_text(TWO_TASKS.format(out=folder / "out", tasks=tasks, more=more, url=url))
    return path


def timed(command: list[str], runs: int, env: dict[str, str]) -> tuple[float, float]:
    """Median seconds and peak MiB of a command."""
    seconds: list[float] = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env, check=False)
        seconds.append(time.perf_counter() - began)
    script = "import resource,subprocess,sys; subprocess.run(sys.argv[1:],stdout=-3,stderr=-3); "
    script += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    peak = subprocess.run([sys.executable, "-c", script, *command], capture_output=True, text=True, env=env, check=True)
    return statistics.median(seconds), int(peak.stdout) / 1024


def show(what: str, figure: str, budget: str) -> None:
    """One line of the table."""
    print(f"{what:<46}{figure:>30}" + (f"   budget {budget}" if budget else ""), flush=True)


def main() -> None:
    """Measure everything that can be measured here."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument(
        "--upstream", type=Path, metavar="VENV", help="an environment with nemo-evaluator to compare with"
    )
    parser.add_argument("--toolong", type=Path, metavar="TL", help="toolong's program, to compare the log pane with")
    wanted = parser.parse_args()
    runs = wanted.runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = {**os.environ, "XDG_STATE_HOME": str(folder / "state")}
        commands(folder, runs, env)
        if subprocess.run(["docker", "image", "inspect", "evaldock/contract:local"], capture_output=True).returncode:
            print("no evaldock/contract:local: run examples/images/build contract for the rest")
            return
        with ModelServer() as model:
            one_container(folder, runs, env, model.url())
            hundred_jobs(folder, env, model.url())
    thousand_jobs()
    proxy(wanted.upstream)
    dashboard(wanted.toolong)


def proxy(upstream: Path | None) -> None:
    """The proxy between containers and endpoint."""
    from .proxy import measure

    for what, figure, budget in measure(venv=upstream):
        show(what, figure, budget)


def dashboard(toolong: Path | None) -> None:
    """The dashboard as a whole and its parts, each on a pty of its own."""
    from . import dashboard_log, dashboard_run, dashboard_table

    for measured in (dashboard_run.measure(), dashboard_table.measure(), dashboard_log.measure(toolong)):
        for what, figure, budget in measured:
            show(what, figure, budget)


def commands(folder: Path, runs: int, env: dict[str, str]) -> None:
    """Commands that start no container."""
    seconds, peak = timed([*EVALDOCK, "--help"], runs, env)
    show("evaldock --help", f"{seconds:.3f} s, {peak:.0f} MiB", "0.10 s, 25 MiB")
    seconds, peak = timed([*EVALDOCK, "ls", "tasks"], runs, env)
    show("evaldock ls tasks", f"{seconds:.3f} s, {peak:.0f} MiB", "0.15 s")
    two = config(folder, ["ifeval", "gpqa_diamond"])
    seconds, peak = timed([*EVALDOCK, "run", "--config", str(two), "--dry-run"], runs, env)
    show("run --dry-run, 2 tasks", f"{seconds:.3f} s, {peak:.0f} MiB", "0.30 s")


def one_container(folder: Path, runs: int, env: dict[str, str], url: str) -> None:
    """The whole program around one trivial container, against docker itself."""
    bare, _ = timed(["docker", "run", "--rm", "evaldock/contract:local", "nemo-evaluator", "ls"], runs, env)
    one = config(folder, ["bench"], container="evaldock/contract:local", url=url)
    command = [*EVALDOCK, "run", "--config", str(one), "--no-tui"]
    subprocess.run(command, stdout=subprocess.DEVNULL, env=env, check=True)
    whole, _ = timed(command, runs, env)
    show("one trivial container", f"{whole:.3f} s ({whole - bare:+.3f} s)", f"docker run ({bare:.3f} s) + 0.35 s")


def hundred_jobs(folder: Path, env: dict[str, str], url: str) -> None:
    """CPU of the engine for each of 100 jobs, eight at a time."""
    names = [f"bench{n}" for n in range(100)]
    path = config(folder, names, ", max_parallel: 8", "evaldock/contract:local", url)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(
        [*EVALDOCK, "run", "--config", str(path), "--no-tui"], stdout=subprocess.DEVNULL, env=env, check=True
    )
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    show("100 jobs, 8 at a time: CPU a job", f"{cpu * 10:.1f} ms ({wall:.1f} s in all)", "15 ms")


THOUSAND = """
import resource, sys, time
from evaldock.core.catalog.load import load_catalog
from evaldock.core.config.model import Config, Endpoint, Execution, TaskConfig
from evaldock.core.plan.make import make_plan
from evaldock.core.run.state import RunState
from pathlib import Path
import evaldock.core.engine.engine, evaldock.core.engine.docker.executor
tasks = tuple(TaskConfig(f"t{n}", container="evaldock/contract:local") for n in range(1000))
config = Config({}, Execution(Path("/nowhere")), Endpoint("http://localhost:1/v1/chat/completions", "m"), tasks)
catalog = load_catalog()
began = time.perf_counter()
plan = make_plan(config, catalog, invocation="0" * 8)
planned = time.perf_counter() - began
state = RunState.empty(plan)
print(planned, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def thousand_jobs() -> None:
    """Planning 1,000 tasks, and what the engine's modules, plan and state of them weigh."""
    done = subprocess.run([sys.executable, "-c", THOUSAND], capture_output=True, text=True, check=True)
    planned, peak = (float(part) for part in done.stdout.split())
    show("plan 1,000 tasks", f"{planned:.3f} s", "0.5 s")
    show("engine with 1,000 jobs: memory", f"{peak:.0f} MiB", "120 MB")


if __name__ == "__main__":
    main()
