"""Settings on a page: as they stand, set for the chain or for a store, refused with the reason beside the input."""

from __future__ import annotations

import re
from typing import Any

import pytest

from stores.acts.act import act
from stores.acts.calls import Call
from stores.changes.commit import Deed, Edit, commit
from stores.staff import person
from tests.app.pages.conftest import words

LOAN = "/settings/bicycle_rental/loan"


def line(page: str, label: str) -> str:
    return next(words(row) for row in page.split("<tr>") if label in words(row))


def test_a_setting_shows_what_holds_whose_it_is_and_how_far_a_store_may_go(browse: Any) -> None:
    page = browse("wu").open("/settings?plugin=bicycle_rental").text

    assert line(page, "Longest loan").startswith("Longest loan 2 hours Default 1 hour – 12 hours")
    assert line(page, "Deposit").startswith("Deposit ¥300.00 Default · locked")


def test_headquarters_sets_it_for_the_chain_narrows_it_and_gives_it_up_again(browse: Any) -> None:
    wu = browse("wu")

    wu.send(LOAN, **{"value": "3", "value.unit": "h", "most": "4", "most.unit": "h"})
    assert line(wu.open("/settings").text, "Longest loan").startswith(
        "Longest loan 3 hours The whole chain 1 hour – 4 hours Wu"
    )
    wu.send(LOAN, **{"value": "5", "value.unit": "h"})
    assert "5 hours The whole chain 1 hour – 12 hours" in line(wu.open("/settings").text, "Longest loan")
    wu.send(LOAN, drop="1")
    assert "2 hours Default" in line(wu.open("/settings").text, "Longest loan")


def test_the_form_begins_with_what_stands_so_that_locking_it_changes_nothing_else(browse: Any) -> None:
    wu = browse("wu")
    page = wu.open(LOAN).text
    assert re.search(r'name="value"[^>]*value="2"', page)
    assert re.search(r'<option value="h"[^>]*selected', page)

    wu.send(LOAN, **{"value": "2", "value.unit": "h", "locked": "true"})

    assert "2 hours The whole chain · locked" in line(wu.open("/settings").text, "Longest loan")


def test_a_bad_value_comes_back_beside_its_input(browse: Any) -> None:
    refused = browse("wu").send(LOAN, **{"value": "13", "value.unit": "h"})

    assert refused.status_code == 422
    assert re.search(r'id="err-value">.*12h', refused.text, re.DOTALL)
    assert 'value="13"' in refused.text


def test_what_is_left_empty_is_not_configured(browse: Any) -> None:
    browse("wu").send(LOAN, value="")

    assert "not configured The whole chain" in line(browse("wu").open("/settings").text, "Longest loan")


def test_who_administers_nothing_sees_them_and_sets_none(browse: Any) -> None:
    li = browse("li")

    assert 'href="/settings"' in li.open("/").text
    assert 'href="/settings/' not in li.open("/settings").text
    assert li.open(LOAN).status_code == 403
    assert li.send(LOAN, value="3", **{"value.unit": "h"}).status_code == 403
    assert "2 hours Default" in line(li.open("/settings").text, "Longest loan")
    assert browse("wu").open("/settings/bicycle_rental/lone").status_code == 404


@pytest.fixture
def drifting(shop: Any) -> Any:
    """A store that has chosen five hours for itself, and headquarters that has narrowed the choice since."""
    node = shop.service.node
    with node.database.read() as connection:
        wu = person(connection, node, shop.staff["wu"])
    kind = node.catalog.records["core.setting"]
    named = {"plugin": "bicycle_rental", "name": "loan"}
    with node.database.write() as connection:  # as it came up from the store
        edit = Edit(kind, node.new_id(), "bund", "create", {**named, "value": '"5h"'})
        commit(connection, node, Deed(node.new_id(), "core.setting.set", wu.id, node.now()), [edit])
    act(node, Call(record=kind, action="set", actor=wu, ask={**named, "value": '"3h"', "most": '"4h"'}))
    return shop


def test_drift_says_who_differs_and_what_does_not_count(drifting: Any, browse: Any) -> None:
    page = words(browse("wu").open("/console/drift").text)

    assert re.search(r"Longest loan Bicycle rental bund 3 hours 3 hours does not count : .*4h", page), page
    assert browse("li").open("/console/drift").status_code == 403


def test_headquarters_looks_into_the_layers_of_a_store(drifting: Any, browse: Any) -> None:
    page = browse("wu").open("/settings?store=bund").text

    assert "does not count" in line(page, "Longest loan")
    assert 'href="/settings/' not in page


def test_a_time_of_day_has_no_seconds_in_a_list_in_a_form_and_as_a_bound(shop: Any, browse: Any) -> None:
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    more = '  opens: {type: time, default: "08:00", min: "06:00", max: "10:30", label: {en: Opens at, zh: 开门时间}}\n'
    text = file.read_text(encoding="utf-8").replace("settings:\n", "settings:\n" + more)
    file.write_text(text, encoding="utf-8")
    shop.service.node.host.reload()
    wu = browse("wu")

    assert line(wu.open("/settings?plugin=bicycle_rental").text, "Opens at").startswith(
        "Opens at 08:00 Default 06:00 – 10:30"
    )
    form = wu.open("/settings/bicycle_rental/opens").text
    assert re.search(
        r'<input type="time" [^>]*name="value" value="08:00">', form.replace(' aria-describedby="hint-value"', "")
    )
    assert ":00:00" not in words(form)
    assert "10:30" in words(wu.send("/settings/bicycle_rental/opens", value="11:00").text)
    wu.send("/settings/bicycle_rental/opens", value="09:00")
    assert "09:00 The whole chain" in line(wu.open("/settings").text, "Opens at")
