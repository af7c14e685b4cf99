"""What the node says of itself: a line to strangers, the desk's worries to its people, the rest to who looks after it."""

from __future__ import annotations

from typing import Any

import pytest

OF_THE_CHAIN = {"log", "closed", "nodes", "outbox"}


def test_how_every_store_stands_is_told_to_who_looks_after_the_chain_alone(shop: Any) -> None:
    clerk, owner = (shop.as_(login).get("/api/status").json() for login in ("li", "wu"))

    assert owner.keys() >= OF_THE_CHAIN | {"held_back", "held_up"}
    assert not clerk.keys() & (OF_THE_CHAIN | {"held_back", "held_up", "money_waiting"})
    assert {"conflicts", "quarantined", "timers", "plugins"} <= clerk.keys()


def test_a_fault_of_a_plugin_is_told_in_words_and_its_file_to_who_looks_after_the_node(shop: Any) -> None:
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "\nnonsense: 1\n", encoding="utf-8")
    shop.service.node.host.reload()

    (clerk,), (owner,) = (shop.as_(login).get("/api/status").json()["faults"] for login in ("li", "wu"))

    assert "nonsense" in clerk
    assert str(shop.plugins) not in clerk
    assert str(file) in owner


@pytest.mark.parametrize("door", ["/metrics", "/api/chain"])
def test_doors_of_keepers_are_shut_to_others(shop: Any, door: str) -> None:
    assert shop.as_("li").get(door).status_code == 403
    assert shop.as_("wu").get(door).status_code == 200
