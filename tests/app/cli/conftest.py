"""Runs commands as a terminal would, in this process."""

from __future__ import annotations

import io
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest

from app.cli import main
from app.service import open_service
from app.settings import read_settings
from app.web.server import create_app, server_for

BICYCLES = Path(__file__).parents[2] / "journeys" / "bicycle_rental"


@dataclass(frozen=True)
class Done:
    """What a command printed and the status it ended with."""

    status: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``branchline …`` and return what came of it; ``typed`` is what stands on standard input."""
    monkeypatch.setenv("BRANCHLINE_LANG", "en")

    def command(*arguments: object, typed: str = "") -> Done:
        monkeypatch.setattr(sys, "argv", ["branchline", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        status = 0
        try:
            main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Done(status, said.out, said.err)

    return command


@pytest.fixture
def settings_for(tmp_path: Path) -> Callable[..., Path]:
    """Write a settings file for a node with the bicycle rental."""

    def write(node: str, store: str, upstream: str | None = None) -> Path:
        folder = tmp_path / node
        shutil.copytree(BICYCLES, folder / "plugins" / "bicycle_rental")
        above = f"upstream: {upstream}\n" if upstream else ""
        text = f"node: {node}\nstore: {store}\ndata: .\n{above}plugins: {{folders: [plugins], installed: false}}\n"
        (folder / "node.yaml").write_text(text, encoding="utf-8")
        return folder / "node.yaml"

    return write


@pytest.fixture
def hq(settings_for: Callable[..., Path]) -> Iterator[tuple[Path, str]]:
    """The settings file and the address of a headquarters that is up."""
    config = settings_for("hq", "hq")
    service = open_service(read_settings(config))
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    server = server_for(create_app(service, run_service=False), "127.0.0.1", bound.getsockname()[1])
    thread = Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield config, f"http://127.0.0.1:{bound.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    service.node.database.close()
