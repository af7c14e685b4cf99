"""A node as a real process behind real HTTP on this machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

STARTS_IN_S_MAX = 30
_RUNNING: dict[str, int] = {}  # address -> process
PASSWORD = "a long password for a benchmark"


def write_settings(path: Path, store: str, upstream: str | None = None, database: str | None = None) -> Path:
    """Write the settings file of a node that keeps everything under ``path``."""
    told = path / f"{store}.yaml"
    lines = [
        f"node: {store}",
        f"store: {store}",
        f"data: {path}",
        f"plugins: {{folders: [{path / 'plugins'}], watch: false}}",
    ]
    if database:
        lines += [f"database: {database}"]
    if upstream:
        lines += [f"upstream: {upstream}"]
    told.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return told


def command(*words: str) -> list[str]:
    """Return a branchline command line run by this very Python."""
    return [sys.executable, "-c", "from app.cli import main; main()", *words]


def _wait_until_it_answers(url: str) -> None:
    """The address is told before the server is ready."""
    last = time.monotonic() + STARTS_IN_S_MAX
    while time.monotonic() < last:
        try:
            httpx.get(f"{url}/api/status").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the node did not start")


def processor_seconds(url: str) -> float:
    """Return how much processor time the process behind an address has used so far (Linux only)."""
    told = Path(f"/proc/{_RUNNING[url]}/stat").read_text().rpartition(") ")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def memory_peak(url: str) -> int:
    """Return the most memory, in bytes, that the process behind an address has held at once (Linux only).

    What ``getrusage`` says of children is no less than what this process held when it started them.
    """
    told = Path(f"/proc/{_RUNNING[url]}/status").read_text()
    return int(told.partition("VmHWM:")[2].split()[0]) << 10


@contextmanager
def serving(settings: Path, port: int = 0) -> Iterator[str]:
    """Start ``branchline serve`` and yield its address; the process is ended afterwards."""
    words = command("serve", "--config", str(settings), "--port", str(port))
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(r"http://[\d.]+:\d+", line):
                _wait_until_it_answers(found.group())
                _RUNNING[found.group()] = process.pid
                yield found.group()
                break
        else:
            raise RuntimeError("the node did not start")
    finally:
        process.terminate()
        process.wait(STARTS_IN_S_MAX)
