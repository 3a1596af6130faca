"""A process that holds keys is not to be looked into: asked of the kernel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="core dumps as Linux has them")

LOOK = """
import ctypes, os, resource, sys
from evaldock.core.base.dumps import no_dumps
most = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (most, most))
if sys.argv[1] == "without":
    no_dumps()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), *resource.getrlimit(resource.RLIMIT_CORE), flush=True)  # PR_GET_DUMPABLE
os.abort()
"""


@pytest.mark.parametrize("dumps", ["without", "with"])
def test_a_process_that_holds_keys_leaves_no_core(tmp_path: Path, dumps: str) -> None:
    command = [sys.executable, "-c", LOOK, dumps]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGABRT
    dumpable, soft, hard = ended.stdout.split()
    if dumps == "without":
        assert (dumpable, soft, hard) == ("0", "0", "0")
        assert os.listdir(tmp_path) == []
    elif hard != "0" and Path("/proc/sys/kernel/core_pattern").read_text().startswith("core"):
        assert os.listdir(tmp_path), "the crash would have left one"
