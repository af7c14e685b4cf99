"""Who holds a copy of a record, and who decides about it."""

from __future__ import annotations

from collections.abc import Callable

HEADQUARTERS = "hq"  # the store name of headquarters' own records and of its node


def holds(scope: str, row_store: str, node_store: str, region_of: Callable[[str], str] | None = None) -> bool:
    """Return whether the node of ``node_store`` keeps a copy of a record that belongs to ``row_store``.

    Headquarters holds everything. With scope ``store`` what belongs to headquarters flows down to every
    store: chain-wide staff and settings are written once. Without ``region_of`` a region is one store.
    """
    if node_store in (HEADQUARTERS, row_store):
        return True
    match scope:
        case "all":
            return True
        case "region":
            return row_store == HEADQUARTERS or (
                region_of is not None and region_of(row_store) == region_of(node_store)
            )
        case "store":
            return row_store == HEADQUARTERS
        case _:
            assert scope == "hq", f"unknown scope {scope!r}"
            return False


def is_home(sync_home: str, row_store: str, node_store: str) -> bool:
    """Return whether the node of ``node_store`` decides about a record that belongs to ``row_store``."""
    assert sync_home in ("store", "hq"), f"unknown home {sync_home!r}"
    return node_store == (HEADQUARTERS if sync_home == "hq" else row_store)
