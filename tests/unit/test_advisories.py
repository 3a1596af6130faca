"""The line that CI prints of known advisories: a release that nobody looked up is never called clean."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "lib" / "advisories.py"
CLEAN = {"name": "click", "version": "8.5.1", "vulns": []}
# As pip-audit 2.10 wrote it of a release that its source does not have, and as its documentation shows a finding.
SKIPPED = {"name": "aiohttp", "skip_reason": "Dependency not found on PyPI and could not be audited: aiohttp (3.14.5)"}
HIT = {
    "name": "flask",
    "version": "0.5",
    "vulns": [{"id": "PYSEC-2019-179", "fix_versions": ["1.0"], "aliases": [], "description": "text"}],
}


@pytest.mark.parametrize(
    ("releases", "said"),
    [
        ([CLEAN, CLEAN], "none known of 2 releases"),
        ([CLEAN, SKIPPED], "not known today: no source answered for 1 of 2 releases"),
        ([CLEAN, SKIPPED, HIT], "known of flask 0.5: PYSEC-2019-179"),
        ([], "not known today: no source answered for 0 of 0 releases"),
        (None, "not known today: no source answered"),
    ],
)
def test_what_is_said(tmp_path: Path, releases: list[object] | None, said: str) -> None:
    audit = tmp_path / "audit.json"
    if releases is not None:
        audit.write_text(json.dumps({"dependencies": releases, "fixes": []}))
    found = subprocess.run([sys.executable, "-P", SCRIPT, audit], capture_output=True, text=True, check=True)
    assert found.stdout == f"{said}\n"
