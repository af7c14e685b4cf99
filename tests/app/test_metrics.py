"""Figures say how a node stands, and never whose records they are."""

from __future__ import annotations

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from app import metrics
from stores.storage import credentials, peers
from stores.storage.peers import Peer


def figures(shop: Any) -> dict[tuple[str, ...], float]:
    text = metrics.text_of(shop.service, [("", "not-enrolled", 4)]).decode()
    return {
        (sample.name.removeprefix("branchline_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_headquarters_tells_of_itself_and_of_every_node(shop: Any) -> None:
    node = shop.service.node
    with node.database.write() as connection:
        credentials.add_credential(connection, "t", "lake-1", "lake", node.now())
        peers.hear(connection, Peer("lake-1", "lake", node.now(), "lake-1.1", 7, 2, 1_500, {"waiting": 3, "faults": 2}))
    shop.clock.pass_(hours=2)

    found = figures(shop)

    assert found["log_lines", "hq.1"] >= 1
    assert 7_200 <= found["node_silent_seconds", "lake-1", "lake"] < 7_300
    assert found["node_unsent_changes", "lake-1", "lake"] == 3
    assert found["node_plugin_faults", "lake-1", "lake"] == 2
    assert found["refused_calls_total", "not-enrolled", ""] == 4
    assert found["node_clock_ahead_seconds", "lake-1", "lake"] == 1.5
    assert found["node_places_behind", "lake-1", "lake"] >= 1
    assert found["node_lapsed", "lake-1", "lake"] == 0
    assert found["quarantined_changes",] == 0
    assert found["database_bytes",] > 10_000


def test_no_person_and_no_record_is_in_them(shop: Any) -> None:
    text = metrics.text_of(shop.service).decode()

    assert shop.staff
    for word in (*shop.staff, *shop.staff.values()):
        assert f'"{word}"' not in text
