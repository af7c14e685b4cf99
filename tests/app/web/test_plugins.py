"""What runs is told whole, also in the moment in which a plugin is taken away."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from app.web import plugins as told
from app.web.caller import Caller
from core.language.definition import Plugin


def test_a_plugin_that_goes_while_it_is_described_is_left_out(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real, folder = told._settings, shop.plugins / "bicycle_rental"
    client, seen = shop.as_("wu"), []

    def taken_away(caller: Caller, plugin: Plugin) -> dict[str, object]:
        seen.append(plugin.name)
        if folder.exists() and plugin.name == "bicycle_rental":
            shutil.rmtree(folder)
            shop.service.node.host.reload()
        return real(caller, plugin)

    monkeypatch.setattr(told, "_settings", taken_away)
    answer = client.get("/api/plugins")

    assert "bicycle_rental" in seen, "it was there when the question came"
    assert answer.status_code == 200, answer.text
    assert [each["name"] for each in answer.json()["plugins"]] == ["core"]
    assert answer.json()["revision"] == shop.service.node.catalog.revision
