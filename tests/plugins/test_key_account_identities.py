"""KA-87: ninety days after a visit nobody is told who the visitors were and what they left, at no door of the node."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from stores.acts import firing
from stores.changes import log
from tests.app.conftest import PASSWORD, People, Shop, opened_shop

KEY_ACCOUNT = Path(__file__).parents[2] / "plugins" / "key_account"
VISITOR, THING = "欧阳客人", "祖传怀表"
PEOPLE: People = {
    "ou": ("Ou", ["company_office"]),
    "su": ("Su", ["sponsor_dept"]),
    "tao": ("Tao", ["production"]),
    "mei": ("Mei", ["ka_manager"]),
    "zong": ("Zong", ["hq_admin"]),
}
VISIT, THINGS = "key_account/plant_visit", "key_account/custody_item"


def did(client: Any, what: str, **ask: Any) -> str:
    answer = client.post(f"/api/{what}", json={"ask": ask})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, str, str]]:
    """A visit of 13 March through the electrolysis workshop, Su receiving, a watch kept by Tao, all over by noon."""
    with opened_shop(tmp_path_factory.mktemp("department"), KEY_ACCOUNT, PEOPLE) as shop:
        ou, su, tao = shop.as_("ou"), shop.as_("su"), shop.as_("tao")
        sponsor = did(shop.as_("zong"), "core/department/actions/add", name="营销部")
        told = {"sponsor": sponsor, "office_told_at": "2026-03-13T09:00:00+08:00", "purpose": "考察", "day": "2026-03-13"}
        hours = {"from_time": "10:00", "to_time": "11:00", "route": ["electrolysis"], "visitors": [{"name": VISITOR}]}
        visit = did(su, f"{VISIT}/actions/apply", **told, **hours)
        people = {"receiver": shop.staff["su"], "guide": shop.staff["tao"], "guide_from": "production"}
        did(ou, f"{VISIT}/{visit}/actions/arrange", **people, vehicle="商务车", helmets=1)
        did(ou, f"{VISIT}/{visit}/actions/approve")
        kept = {"visit": visit, "visitor": VISITOR, "item": THING, "keeper": shop.staff["tao"]}
        thing = did(su, f"{THINGS}/actions/take", **kept)
        did(su, f"{VISIT}/{visit}/actions/start")
        did(tao, f"{THINGS}/{thing}/actions/give_back")
        did(su, f"{VISIT}/{visit}/actions/close")
        yield shop, visit, thing


def doors(visit: str, thing: str) -> list[str]:
    """Every address under which a record, or what was done with it, is read."""
    found = ["/"]
    for kind, id_, name in ((VISIT, visit, VISITOR), (THINGS, thing, THING)):
        found += [f"/api/{kind}", f"/api/{kind}?q={name}", f"/api/{kind}/export.xlsx", f"/records/{kind}"]
        found += [f"/api/{kind}/{id_}{rest}" for rest in ("", "/history", "/explain")]
        found += [f"/records/{kind}/{id_}{rest}" for rest in ("", "/print")]
    return [*found, f"/views/key_account/visit_sheet/print/{visit}", "/api/core/request", "/api/core/notice"]


def told_at(client: Any, door: str) -> str:
    """Return what is to be read behind a door; of a workbook, what stands in its cells."""
    answer = client.get(door)
    if "spreadsheet" not in answer.headers.get("content-type", ""):
        return str(answer.text)
    book = load_workbook(BytesIO(answer.content))
    return str([cell.value for sheet in book for row in sheet.iter_rows() for cell in row])


def leaks(shop: Shop, login: str, addresses: list[str]) -> set[str]:
    """Return the addresses at which somebody reads a name or a thing."""
    client = shop.as_(login)
    client.post("/sign-in", data={"login": login, "password": PASSWORD})  # the pages know a person by a cookie
    return {door for door in addresses if any(word in told_at(client, door) for word in (VISITOR, THING))}


def test_ka_87_after_ninety_days_the_log_keeps_what_no_door_tells(visited: tuple[Shop, str, str]) -> None:
    shop, visit, thing = visited
    opening = [f"/api/{VISIT}/{visit}", f"/api/{THINGS}/{thing}/history", f"/records/{VISIT}/{visit}/print"]
    assert leaks(shop, "su", opening) == set(opening)

    shop.clock.pass_(days=91)
    firing.fire_due(shop.service.node)

    every = doors(visit, thing)
    assert {login: leaks(shop, login, every) for login in ("su", "ou")} == {"su": set(), "ou": set()}
    with shop.service.node.database.read() as connection:
        lines = log.history(connection, "key_account.plant_visit", visit)
    assert VISITOR in str([line.body for line in lines]), "the chain of hashes stands over what was written"


@pytest.mark.parametrize("login", ["tao", "mei", "zong"])
def test_ka_87_who_neither_received_nor_belongs_to_the_office_reads_no_visitor(
    visited: tuple[Shop, str, str], login: str
) -> None:
    shop, visit, thing = visited
    client = shop.as_(login)

    told = [told_at(client, f"/api/{kind}/{id_}{rest}") for kind, id_ in ((VISIT, visit), (THINGS, thing)) for rest in ("", "/history")]

    assert not any(VISITOR in each for each in told[:2])
    assert login == "tao" or not any(THING in each for each in told)
