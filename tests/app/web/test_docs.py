"""The script of the API pages; what it draws is tried in a browser by hand, that it parses is tried here."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "app" / "web" / "static" / "docs.js"


def test_the_script_of_the_api_pages_parses() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no `node` here to parse docs.js with")

    checked = subprocess.run([node, "--check", str(SCRIPT)], capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stderr


def test_the_script_never_writes_markup_from_data() -> None:
    text = SCRIPT.read_text(encoding="utf-8")

    assert not [
        word for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(") if word in text
    ]
