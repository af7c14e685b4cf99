"""What one store asks of another store's record comes back decided to those who asked."""

from __future__ import annotations

from pathlib import Path

from stores.acts.act import act
from stores.acts.calls import Call
from tests.simulation.chain import Chain, host, waiter
from tests.simulation.disk import table


def test_those_who_asked_see_what_the_home_decided(tmp_path: Path, database_url: str) -> None:
    chain = Chain(1, tmp_path, branches=2, hub_url=database_url)
    chain.calm()
    while not table(chain.disks["bund"], "tea_house_guest"):
        chain.write_at("bund")
    chain.calm()
    guest = next(iter(table(chain.disks["jingan"], "tea_house_guest")))

    asked = act(
        chain.nodes["jingan"], Call(host().catalog.records["tea_house.guest"], "stamp", waiter("jingan"), id=guest)
    )
    chain.calm()
    chain.close()

    assert asked.request is not None
    decided = table(chain.disks["bund"], "core_request")[asked.request]["state"]
    assert decided in ("confirmed", "refused")
    assert table(chain.disks["jingan"], "core_request")[asked.request]["state"] == decided
