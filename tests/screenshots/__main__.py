"""Draws the pictures of the README from a real run: `python -m tests.screenshots [FOLDER]`.

Real harnesses (examples/images/build) run in real containers against SmolLM2 where its server is installed (see
examples/quickstart.sh), else against known answers. They reach Docker through a relay that goes away for the picture of
a Docker that does: Docker itself goes on.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml
from evaldock.core.catalog.load import load_catalog
from evaldock.core.config.load import load_config
from evaldock.core.engine.spawn import spawn_engine
from evaldock.core.plan.make import make_plan
from evaldock.core.run.layout import create_run
from evaldock.core.run.store import Run
from evaldock.tui.app import EvaldockApp
from evaldock.tui.settings import Appearance
from textual.pilot import Pilot

from .endpoint import Endpoint
from .frame import framed
from .relay import Relay

ROOT = Path(__file__).parents[2]
WIDE, USUAL, NARROW = (140, 42), (120, 36), (80, 24)
PATIENCE = 900  # seconds; a small model on a small machine takes its time
LONG = 20  # seconds, in which a sparkline gets a shape
CONTRACT = "evaldock/contract:local"


def config(folder: Path, url: str, model: str) -> Path:
    """A config with tasks that end in every way."""

    def own(name: str, **extra: object) -> dict[str, object]:
        overrides = {f"config.params.extra.{key}": value for key, value in extra.items()}
        return {"name": name, "container": CONTRACT, "overrides": overrides}

    def real(name: str, image: str, limit: int) -> dict[str, object]:
        return {"name": name, "container": image, "overrides": {"config.params.limit_samples": limit}}

    tree = {
        "execution": {"output_dir": str(folder / "results"), "pull": "never", "max_parallel": 5, "kill_grace": 10},
        "target": {
            "api_endpoint": {
                "model_id": model,
                "url": url,
                "adapter_config": {"interceptors": ["reasoning", "request_logging", "response_logging"]},
            }
        },
        "evaluation": {
            "overrides": {
                "config.params.max_new_tokens": 96,
                "config.params.parallelism": 2,
                "config.params.request_timeout": 600,
            },
            "tasks": [
                real("ifbench", "evaldock/ifbench:local", 30),
                real("gsm8k_cot_instruct", "evaldock/gsm8k:local", 20),
                real("simple_evals.humaneval", "evaldock/humaneval:local", 10),
                own("long_context", count_for=3600, interval=0.5),
                own("tool_use", sleep=1, exit=3),
                own("no_such_image") | {"container": "evaldock/not-built:26.30"},
                own("safety_eval", count_for=3600),
                own("simpleqa", count_for=3600),
            ],
        },
    }
    path = folder / "nightly.yaml"
    path.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    return path


def started(folder: Path, url: str, model: str, env: dict[str, str]) -> Run:
    """The run, with an engine of its own."""
    from datetime import UTC, datetime
    from secrets import token_hex

    composed = load_config(path=config(folder, url, model), env=env)
    plan = make_plan(composed, load_catalog(env=env), invocation=token_hex(4))
    run = Run.open(create_run(plan, composed.tree, now=datetime.now(UTC), env=env, sources=composed.sources).root)
    spawn_engine(run.paths.root, env)
    return run


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that happens outside."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.1)


class Camera:
    """Takes pictures of one run into one folder."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self._folder, self._env = folder, env

    async def take(
        self,
        name: str,
        size: tuple[int, int],
        run: Run | None,
        keys: Sequence[str] = (),
        *,
        look: Appearance | None = None,
        ready: Callable[[Pilot[Any]], object] | None = None,
        after: float = 2.5,
    ) -> None:
        """One picture, after so many seconds of history for the sparklines, these keys, and once `ready` says so."""
        app = EvaldockApp(look or Appearance(), env=self._env)
        if run is not None:
            app.begin_with(run, start=False)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await asyncio.sleep(after)
            for key in keys:
                await pilot.press(key)
                await pilot.pause()
            if ready is not None:
                await until(lambda: ready(pilot))
            await asyncio.sleep(1)
            await pilot.pause()
            svg = app.export_screenshot()
        (self._folder / f"{name}.svg").write_text(framed(svg), encoding="utf-8")
        print(f"{name}.svg", flush=True)


async def live_pictures(camera: Camera, run: Run) -> None:
    """What a run looks like while it is at work."""
    await until(lambda: (run.live().get("jobs") or {}) and _progress(run, 0) >= 8)
    await camera.take("run", WIDE, run, after=LONG)
    await camera.take("run-light", USUAL, run, look=Appearance(theme="light"), after=LONG)
    await camera.take("run-narrow", NARROW, run)
    await camera.take("run-mono", USUAL, run, look=Appearance(theme="mono", ascii=True))
    await camera.take("search", USUAL, run, ["tab", "/", *"logger", "enter"])
    await camera.take("kill", USUAL, run, ["j", "space", "space", "K"])
    await camera.take("preview", WIDE, run, ["p"], ready=_checked)
    await camera.take("help", WIDE, run, ["?"])


async def later_pictures(camera: Camera, run: Run) -> None:
    """What it looks like when results are there."""
    await until(lambda: all(run.state().jobs[job.id].state.terminal for job in run.plan.jobs[:3]))
    await camera.take("results", WIDE, run, ["/", *"ifbench", "enter", "escape", "2"])
    await camera.take("requests", WIDE, run, ["/", *"ifbench", "enter", "escape", "3"])
    await camera.take("timeline", USUAL, run, ["/", *"ifbench", "enter", "escape", "5"])
    await camera.take("rerun", USUAL, run, ["R"])
    await camera.take("home", WIDE, None)


async def picture_without_docker(camera: Camera, run: Run, relay: Relay) -> None:
    """What it looks like when Docker goes away under it."""
    relay.close()
    try:
        await camera.take("docker_down", WIDE, run, ready=lambda _pilot: run.live().get("docker") != "ok", after=12)
    finally:
        relay.open()
    await until(lambda: run.live().get("docker") == "ok")


def _progress(run: Run, number: int) -> int:
    row = run.views()[number]
    progress = row.get("progress")
    return int(progress["done"]) if isinstance(progress, dict) and progress.get("done") else 0  # type: ignore[arg-type]


def _checked(pilot: Pilot[Any]) -> bool:
    return not getattr(pilot.app.screen, "_checking", False)


async def _all(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, Endpoint() as endpoint:
        home = Path(name)
        relay = Relay(home / "docker.sock")
        relay.open()
        ours = {"XDG_STATE_HOME": str(home / "state"), "XDG_CONFIG_HOME": str(home / "config")}
        os.environ.update({**ours, "DOCKER_HOST": relay.host})
        for variable in ("NO_COLOR", "EVALDOCK_READ_ONLY"):
            os.environ.pop(variable, None)
        env = dict(os.environ)
        camera = Camera(folder, env)
        run = started(home, endpoint.url, endpoint.model, env)
        try:
            await live_pictures(camera, run)
            await later_pictures(camera, run)
            await picture_without_docker(camera, run, relay)
        finally:
            subprocess.run(
                [str(Path(sys.executable).with_name("evaldock")), "kill", "--now", run.invocation],
                env=env, stdout=subprocess.DEVNULL, check=False,
            )  # fmt: skip
            await until(lambda: run.engine_alive() is None)


if __name__ == "__main__":
    asyncio.run(_all(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "screenshots"))
