import pytest

from app.chain import overseeing
from core.model.errors import Forbidden
from core.model.scope import HEADQUARTERS
from stores.actor import Actor


def who(store: str, *roles: str) -> Actor:
    return Actor(id="p", name="P", store=store, roles=frozenset(roles))


def test_an_auditor_of_headquarters_sees_the_chain_and_changes_nothing() -> None:
    auditor = who(HEADQUARTERS, "hq_audit")

    assert overseeing.oversees(auditor)
    overseeing.check_overseer(auditor)
    with pytest.raises(Forbidden):
        overseeing.check_chief(auditor)


def test_a_role_of_headquarters_is_worth_nothing_in_a_store() -> None:
    stray = who("club", "hq_admin")

    assert not overseeing.oversees(stray)
    assert not overseeing.directs(stray)
    with pytest.raises(Forbidden):
        overseeing.check_overseer(stray)


def test_the_data_of_a_node_is_looked_after_by_the_administrator_of_its_store() -> None:
    assert overseeing.keeps(who("club", "store_admin"))
    assert not overseeing.keeps(who("club", "manager"))
