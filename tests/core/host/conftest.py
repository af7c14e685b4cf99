"""Plugin folders for the tests of the host: small real businesses, written to a temporary folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.host.host import Host

WritePlugin = Callable[..., Path]

BIKES = """\
plugin: {name}
version: {version}
requires: {{{requires}}}
label: {{en: Bicycle rental, zh: 自行车租赁}}
roles: {{desk: {{label: {{en: Desk, zh: 前台}}}}}}
records:
  {record}:
    label: {{en: Bicycle, zh: 自行车}}
    fields: {{plate: {{type: text, label: {{en: Plate, zh: 车牌}}}}}}
    by: desk
    actions: {{buy: {{from: new, ask: [plate], label: {{en: Buy, zh: 购入}}}}}}
"""


@pytest.fixture
def write_plugin(tmp_path: Path) -> WritePlugin:
    """Write a plugin folder and return it; ``more`` is added to its YAML, ``hooks`` is its hooks.py."""

    def write(
        name: str = "bicycle_rental", *, version: str = "1.0.0", requires: str = "core: ^1", record: str = "bike",
        more: str = "", hooks: str | None = None, yaml: str | None = None,
    ) -> Path:  # fmt: skip
        folder = tmp_path / "plugins" / name
        folder.mkdir(parents=True, exist_ok=True)
        text = (
            BIKES.format(name=name, version=version, requires=requires, record=record) + more if yaml is None else yaml
        )
        (folder / "plugin.yaml").write_text(text, encoding="utf-8")
        if hooks is not None:
            (folder / "hooks.py").write_text(hooks, encoding="utf-8")
        return folder

    return write


@pytest.fixture
def open_host(tmp_path: Path) -> Callable[..., Host]:
    """Open a host on the test's plugin folder, untouched by what is installed on this machine or in its environment."""

    def open_(**options: object) -> Host:
        (tmp_path / "plugins").mkdir(exist_ok=True)
        settings: dict[str, object] = {"entry_points": False, "environment": {}} | options
        return Host([tmp_path / "plugins"], **settings)  # type: ignore[arg-type]

    return open_
