"""The people of the chain, as those who act."""

from __future__ import annotations

import pytest

from stores.staff import person
from tests.stores.conftest import Club


@pytest.mark.parametrize(("store", "held"), [("0755", {"hostess"}), ("hq", {"hostess", "hq_admin", "hq_audit"})])
def test_a_role_of_headquarters_counts_for_nobody_in_a_store(club: Club, store: str, held: set[str]) -> None:
    """A store's administrator writes what he likes into his own staff; the chain's roles are not his to give."""
    club.put("staff", "ou", store=store, name="Ou", roles=["hostess", "hq_admin", "hq_audit"], active=True)

    with club.node.database.read() as connection:
        assert person(connection, club.node, "ou").roles == held
