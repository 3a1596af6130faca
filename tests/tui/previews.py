"""The preview of a real plan, with checks as the reference picture has them.

python -m tests.tui.previews DIRECTORY
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from evaldock.core.catalog.catalog import Catalog
from evaldock.core.config.load import load_config
from evaldock.core.plan.make import make_plan
from evaldock.core.plan.view import plan_view
from evaldock.core.preflight.model import Check
from evaldock.tui.screens.preview import Checks, PreviewScreen
from evaldock.tui.view.preview import Preview

from .pictures import PartsApp

CONFIG = """
execution: {output_dir: /evals, max_parallel: 4, kill_grace: 10}
target:
  api_endpoint:
    url: http://localhost:8000/v1/chat/completions
    model_id: llama-3.1-8b-instruct
    api_key_name: NVIDIA_API_KEY
    adapter_config: {interceptors: [{name: caching}, {name: reasoning}]}
evaluation:
  overrides: {config.params.parallelism: 8, config.params.request_timeout: 3600}
  tasks:
    - {name: gpqa_diamond, overrides: {config.params.limit_samples: 100}, env_vars: {HF_TOKEN: HF_TOKEN}}
    - {name: ifeval}
"""
OVERRIDES = ("evaluation.overrides.config.params.parallelism=4", "execution.max_parallel=2")
ENV = {"NVIDIA_API_KEY": "not-to-be-seen-anywhere"}
SENDS = (
    "ask the endpoint with the value of NVIDIA_API_KEY at http://localhost:8000/v1/chat/completions",
    "ask nvcr.io for images that are not here",
)
CHECKS = (
    Check("docker", "ok", "27.3 on unix:///var/run/docker.sock"),
    Check("image", "ok", "simple-evals:26.03, 2.1 GiB, present"),
    Check("endpoint", "ok", "HTTP 200 in 38 ms, model is served"),
    Check("reach", "ok", "container to endpoint in 41 ms"),
    Check("disk", "ok", "211 GiB free, about 3 GiB needed"),
    Check("env", "fail", "HF_TOKEN is not set", "export HF_TOKEN=hf_..., or give a file with --env-file."),
)


def preview(*, overrides: tuple[str, ...] = (), config: str = CONFIG) -> Preview:
    """The dry run of a config."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "nightly.yaml"
        path.write_text(config, encoding="utf-8")
        loaded = load_config(path=path, overrides=overrides, env=ENV)
        plan = make_plan(loaded, Catalog([]), invocation="4f2a9c1e")
        view = plan_view(loaded, plan, ENV)
    assert view.config is not None
    # The folder's name is another one each time.
    return Preview("nightly", replace(view, config=replace(view.config, sources=("/evals/nightly.yaml",))))


class PreviewApp(PartsApp):
    """The preview over the run screen."""

    def __init__(
        self,
        theme: str = "dark",
        *,
        ascii: bool = False,
        checks: tuple[Check, ...] = CHECKS,
        run_label: str = "run now",
        what: Preview | None = None,
        partly: bool = False,
    ) -> None:
        super().__init__(theme, ascii=ascii)
        self.checks, self.run_label, self.partly = checks, run_label, partly
        self.what = what or preview(overrides=OVERRIDES)
        self.result: object = "still open"
        self.copied: list[str] = []
        self.looked = 0
        self.asked: list[str] = []

    def copy_to_clipboard(self, text: str) -> None:
        self.copied.append(text)

    def on_mount(self) -> None:
        super().on_mount()

        def make(heard: Callable[[Check], None], quiet: bool) -> None:
            self.asked.append("quiet" if quiet else "all")
            for check in self.checks:
                if not quiet or check.name not in ("endpoint", "reach"):
                    heard(check)
            self.looked += 1

        def closed(result: tuple[str, ...] | None) -> None:
            self.result = result

        shown = PreviewScreen(self.what, Checks(make, SENDS), run_label=self.run_label, partly=self.partly)
        self.push_screen(shown, closed)


async def settled(app: PreviewApp) -> None:
    """Wait until all checks are on screen."""
    async with asyncio.timeout(10):
        while app.looked == 0 or app.screen._checking:  # type: ignore[attr-defined]
            await asyncio.sleep(0.01)


async def _draw(folder: Path) -> None:
    for name, size, theme, ascii in (
        ("preview", (140, 42), "dark", False),
        ("preview-80x24", (80, 24), "light", False),
        ("preview-mono", (120, 36), "mono", True),
    ):
        app = PreviewApp(theme, ascii=ascii)
        async with app.run_test(size=size) as pilot:
            await settled(app)
            await pilot.pause()
            (folder / f"{name}.svg").write_text(app.export_screenshot(), encoding="utf-8")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(_draw(target))
