"""Who holds a copy and who decides."""

import pytest

from core.model.scope import HEADQUARTERS, holds, is_home


@pytest.mark.parametrize(
    ("scope", "row_store", "holders"),
    [
        ("store", "bund", {"bund", "hq"}),
        ("store", "hq", {"bund", "lake", "hq"}),  # chain-wide staff and settings flow down
        ("all", "bund", {"bund", "lake", "hq"}),
        ("hq", "hq", {"hq"}),
        ("hq", "bund", {"bund", "hq"}),  # the node that wrote it keeps it
        ("region", "bund", {"bund", "hq"}),
    ],
)
def test_a_record_lives_where_its_scope_says(scope: str, row_store: str, holders: set[str]) -> None:
    assert {node for node in ("bund", "lake", HEADQUARTERS) if holds(scope, row_store, node)} == holders


def test_shops_of_one_region_share_what_has_regional_scope() -> None:
    regions = {"bund": "east", "lake": "east", "wall": "north"}

    assert holds("region", "bund", "lake", regions.__getitem__)
    assert not holds("region", "bund", "wall", regions.__getitem__)


def test_the_shop_decides_about_its_records_and_headquarters_about_its_own() -> None:
    assert is_home("store", "bund", "bund")
    assert not is_home("store", "bund", HEADQUARTERS)
    assert is_home("hq", "bund", HEADQUARTERS)
    assert not is_home("hq", "bund", "bund")
    assert is_home("store", "hq", HEADQUARTERS)
