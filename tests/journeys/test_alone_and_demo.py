"""A branch on its own, and the demo as a whole."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import PASSWORD

pytestmark = pytest.mark.journey
HOUSE = Path(__file__).parents[2]


def test_a_branch_works_before_it_has_joined(new_node: Callable[..., Any]) -> None:
    branch = new_node("lakeside-1", "lakeside", "http://127.0.0.1:9")
    asked = ("person", "add", "Li", "--login", "li", "--badge", "B7", "--role", "counter", "--password-stdin")
    assert branch.run(*asked, typed=f"{PASSWORD}\n").returncode == 0
    branch.switch_on()
    counter = branch.person("li")

    counter.act("bicycle_rental.bicycle", "add", {"frame": "F-1"})

    told = counter.read("status")["sync"]
    assert told["waiting"] > 0
    assert told["safe_to_switch_off"] is False
    assert branch.switch_off() == 0


def test_the_demo_ends_with_every_node_in_agreement() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app", "demo", "--exit"],
        capture_output=True,
        text=True,
        cwd=HOUSE,
        env={**os.environ, "BRANCHLINE_LANG": "en"},
        timeout=180,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every node agrees with headquarters." in done.stdout
