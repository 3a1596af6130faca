"""A Docker daemon of the tests' own, which may be killed: its own network, files and socket.

It lives in network and mount namespaces of its own, so that nothing it does to bridges or firewalls reaches the
machine's daemon. Needs root.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from .conftest import IMAGE, wait_for


class Daemon:
    """One dockerd, startable again and again on the same data."""

    def __init__(self, *, live_restore: bool) -> None:
        # Unix socket paths are limited to 107 bytes, which pytest's own directories may use up.
        self.root = Path(tempfile.mkdtemp(prefix="evaldock-dockerd-"))
        self.socket = self.root / "d.sock"
        self.pid_file = self.root / "d.pid"
        self.live_restore = live_restore
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--uts", "--mount", "sleep", "infinity"], stdout=subprocess.DEVNULL
        )
        wait_for(self._apart, "namespaces of its own")
        self._process: subprocess.Popen[bytes] | None = None
        # A containerd apart: one that dockerd starts itself dies with it, and the containers must outlive dockerd.
        self._containerd = self._spawn(
            "containerd", "--address", str(self.root / "c.sock"), "--root", str(self.root / "c"),
            "--state", str(self.root / "c-state"), "--config", "/dev/null",
        )  # fmt: skip
        wait_for((self.root / "c.sock").exists, "containerd")

    @property
    def host(self) -> str:
        """For DOCKER_HOST."""
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Bring it up and wait until it answers."""
        command = ["dockerd", "--containerd", str(self.root / "c.sock"), "--host", self.host]
        command += ["--data-root", str(self.root / "data"), "--exec-root", str(self.root / "exec")]
        command += ["--pidfile", str(self.pid_file), "--containerd-namespace", "evaldock-test"]
        command += ["--containerd-plugins-namespace", "evaldock-test-plugins"]
        if self.live_restore:
            command.append("--live-restore")
        self._process = self._spawn(*command)
        wait_for(self._answers, f"dockerd to start (see {self.root}/dockerd.log)")

    def load_image(self) -> None:
        """Copy the contract image from the machine's daemon."""
        with subprocess.Popen(["docker", "save", IMAGE], stdout=subprocess.PIPE) as saved:
            subprocess.run(
                ["docker", "-H", self.host, "load", "-q"], stdin=saved.stdout, check=True, capture_output=True
            )

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Send a signal and wait until the daemon is gone."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(30)
        self._process = None
        with contextlib.suppress(FileNotFoundError):
            self.pid_file.unlink()

    def close(self) -> None:
        """Remove the daemon, its containers and its files."""
        if self._process is None:
            self.start()
        names = subprocess.run(["docker", "-H", self.host, "ps", "-aq"], capture_output=True, text=True, check=True)
        if names.stdout.split():
            subprocess.run(
                ["docker", "-H", self.host, "rm", "-f", *names.stdout.split()], capture_output=True, check=True
            )
        self.stop()
        for process in (self._containerd, self._holder):
            process.kill()
            process.wait()
        shutil.rmtree(self.root, ignore_errors=True)

    def _apart(self) -> bool:
        # Entered a moment too early, the namespaces would still be the machine's.
        return Path(f"/proc/{self._holder.pid}/comm").read_text() == "sleep\n"

    def _spawn(self, *command: str) -> subprocess.Popen[bytes]:
        inside = ["nsenter", "--net", "--uts", "--mount", "--target", str(self._holder.pid), *command]
        with (self.root / "dockerd.log").open("ab") as log:
            return subprocess.Popen(inside, stdout=log, stderr=log, start_new_session=True)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.root / "dockerd.log").read_text()[-2000:]
        done = subprocess.run(["docker", "-H", self.host, "info"], capture_output=True, env=os.environ, check=False)
        return done.returncode == 0
