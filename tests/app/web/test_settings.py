"""Settings over HTTP: how they stand, who set them, and where stores differ from the chain."""

from __future__ import annotations

from typing import Any

import pytest

YAML = """
settings:
  hold: {type: duration, default: 20m, min: 10m, max: 45m, label: {en: Hold, zh: 保留}}
"""


@pytest.fixture
def chief(shop: Any) -> Any:
    """Headquarters' administrator, who has limited a setting; a store has set it twice, once too far."""
    (shop.plugins / "bicycle_rental" / "settings.yaml").write_text(YAML, encoding="utf-8")
    shop.service.node.host.reload()
    wu = shop.as_("wu")
    ask = {"plugin": "bicycle_rental", "name": "hold", "value": '"30m"', "most": '"40m"'}
    assert wu.post("/api/core/setting/actions/set", json={"ask": ask}).status_code == 200
    return wu


def hold(client: Any, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/api/settings?plugin=bicycle_rental{query}")
    assert answer.status_code == 200, answer.text
    (one,) = [each for each in answer.json()["plugins"]["bicycle_rental"] if each["name"] == "hold"]
    found: dict[str, Any] = one
    return found


def test_a_setting_says_whose_it_is_who_set_it_and_how_far_a_store_may_go(chief: Any) -> None:
    told = hold(chief)

    assert (told["value"], told["from"], told["default"]) == ("30m", "chain", "20m")
    assert (told["least"], told["most"], told["locked"]) == ("10m", "40m", False)
    assert (told["chain"]["by_name"], told["chain"]["value"], told["own"]) == ("Wu", '"30m"', None)
    assert told["chain"]["at"].startswith("2026-03-13T10:")


def test_a_bad_value_is_refused_with_the_limit_named(chief: Any) -> None:
    ask = {"plugin": "bicycle_rental", "name": "hold", "value": '"50m"'}
    answer = chief.post("/api/core/setting/actions/set", json={"ask": ask})

    assert answer.status_code == 422
    assert "45m" in answer.text


def test_where_stores_differ_is_headquarters_to_see(shop: Any, chief: Any) -> None:
    assert chief.get("/api/settings/drift").json() == {"rows": []}
    answer = shop.as_("li").get("/api/settings/drift")
    assert answer.status_code == 403
    assert "headquarters" in answer.text


def test_nobody_is_told_without_signing_in(shop: Any) -> None:
    for address in ("/api/settings", "/api/settings/drift"):
        assert shop.client().get(address).status_code == 401
