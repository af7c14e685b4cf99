"""A node as a real process behind real HTTP on this machine."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STARTS_IN_S_MAX = 30
PASSWORD = "a long password for a benchmark"


def write_settings(path: Path, store: str, upstream: str | None = None) -> Path:
    """Write the settings file of a node that keeps everything under ``path``."""
    told = path / f"{store}.yaml"
    lines = [
        f"node: {store}",
        f"store: {store}",
        f"data: {path}",
        f"plugins: {{folders: [{path / 'plugins'}], watch: false}}",
    ]
    if upstream:
        lines += [f"upstream: {upstream}"]
    told.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return told


def command(*words: str) -> list[str]:
    """Return a branchline command line run by this very Python."""
    return [sys.executable, "-c", "from app.cli import main; main()", *words]


@contextmanager
def serving(settings: Path) -> Iterator[str]:
    """Start ``branchline serve`` and yield its address; the process is ended afterwards."""
    words = command("serve", "--config", str(settings), "--port", "0")
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(r"http://[\d.]+:\d+", line):
                yield found.group()
                break
        else:
            raise RuntimeError("the node did not start")
    finally:
        process.terminate()
        process.wait(STARTS_IN_S_MAX)
