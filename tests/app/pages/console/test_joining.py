"""Codes for new nodes, shown once; and the door for a stolen PC."""

from __future__ import annotations

import re
from typing import Any

import pytest

from stores.storage import credentials
from sync import enrolment
from sync.hub import server
from sync.keys import hashed
from sync.protocol import NotEnrolled
from tests.app.pages.conftest import words

PAGE = "/console/joining"


def test_a_code_is_made_shown_once_and_good(branch: Any, browse: Any) -> None:
    wu, hub = browse("wu"), branch.shop.service.node

    made = wu.send(f"{PAGE}/invite", store="jing")

    found = re.search(r'<p class="code big">([0-9A-Z-]+)</p>', made.text)
    assert found is not None
    assert found[1] not in wu.open(PAGE).text
    assert str(made.url).endswith("/invite")
    assert "jing Wu" in words(wu.open(PAGE).text)
    with hub.database.write() as connection:
        key = hashed(found[1].replace("-", ""))
        assert credentials.accept_invitation(connection, key, "jing-01", hub.now()) == "jing"
    assert "used by jing-01" in wu.texts(PAGE)


def test_a_code_that_is_taken_back_is_worthless(branch: Any, browse: Any) -> None:
    wu, hub = browse("wu"), branch.shop.service.node
    made = wu.send(f"{PAGE}/invite", store="jing").text
    code = re.search(r'<p class="code big">([0-9A-Z-]+)</p>', made)
    key = re.search(r'name="key" value="([^"]+)"', made)
    assert code is not None
    assert key is not None

    assert "worthless" in wu.send(f"{PAGE}/withdraw", key=key[1]).text

    with hub.database.write() as connection, pytest.raises(credentials.InvitationRefused):
        credentials.accept_invitation(connection, hashed(code[1].replace("-", "")), "jing-01", hub.now())


def test_a_node_is_shut_out_with_a_reason_and_those_in_charge_are_told(branch: Any, browse: Any) -> None:
    wu, hub = browse("wu"), branch.shop.service.node
    assert wu.send(f"{PAGE}/revoke", node="bund-01", reason="").status_code == 422
    assert wu.send(f"{PAGE}/revoke", node="bund-02", reason="stolen").status_code == 404
    assert server.authenticate(hub, "token").store == "bund"

    page = wu.send(f"{PAGE}/revoke", node="bund-01", reason="stolen at night").text

    assert "shut out 10:0" in words(page)
    with pytest.raises(NotEnrolled):
        server.authenticate(hub, "token")
    assert "Wu shut node `bund-01` of store `bund` out: stolen at night" in wu.texts("/")


def test_only_administrators_of_headquarters_let_in_and_shut_out(branch: Any, browse: Any) -> None:
    li = browse("li")

    assert li.open(PAGE).status_code == 403
    assert li.send(f"{PAGE}/invite", store="jing").status_code == 403
    assert li.send(f"{PAGE}/revoke", node="bund-01", reason="x").status_code == 403
    assert browse("wu").send(f"{PAGE}/invite", store="hq").status_code == 403  # its own place


def test_a_store_without_a_name_is_given_one(branch: Any, browse: Any) -> None:
    door = '/records/core/branch/actions/add?code=bund"'
    assert door in browse("wu").open(PAGE).text
    assert 'value="bund"' in browse("wu").open(door.rstrip('"')).text

    browse("wu").send("/records/core/branch/actions/add", code="bund", name="外滩店")

    assert door not in browse("wu").open(PAGE).text
    assert "外滩店" in browse("wu").open(PAGE).text


def test_of_many_codes_the_latest_are_shown_and_it_says_so(shop: Any, browse: Any) -> None:
    wu = browse("wu")
    for n in range(31):
        enrolment.invite(shop.service.node, f"s{n}", dice=shop.service.world.dice, by="system")

    page = wu.open("/console/joining").text

    assert "The latest 30 are shown" in page
    assert page.count('name="key"') == 30
