"""kill -9 at any moment of act, push, merge and pull, on real processes: nothing is lost and nothing is doubled."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
KILLS = 24  # longer: make simulate

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL and no fork"),
]


def test_whoever_is_killed_at_any_moment_loses_and_doubles_nothing(tmp_path: Path, database_url: str) -> None:
    command = [sys.executable, "-m", "tests.killing"]
    command += ["--folder", str(tmp_path), "--kills", str(KILLS), "--hub", database_url]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HOUSE, timeout=300, check=False)

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert f"{KILLS} killed" in done.stdout
