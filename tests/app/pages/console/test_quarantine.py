"""What could not be merged: why, tried again, or given up with a reason; never more than the reader may see."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest

from app.signin.passwords import Passwords
from app.signin.staffing import NewPerson, add_person
from stores.changes import log, quarantine
from tests.app.pages.conftest import PASSWORD, words


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_it_says_what_why_and_from_where_and_masks_what_the_reader_may_not_see(branch: Any, browse: Any) -> None:
    branch.forge(branch.rental())
    auditor = NewPerson("Au", "au", PASSWORD, ("hq_audit",), "A9")
    add_person(branch.shop.service.node, Passwords.quick(), auditor)

    owner, audit = (words(browse(login).open("/quarantine").text) for login in ("wu", "au"))

    for page in (owner, audit):
        assert "Remark Li" in page
        assert "a store may only ask and sign for people who work in it" in page
    assert "白天 → 伪造" in owner
    assert "13911112222" in owner
    assert "伪造" not in audit
    assert "13911112222" not in audit
    assert "Give up" not in audit


def test_what_is_no_value_breaks_no_page(branch: Any, browse: Any) -> None:
    """A branch that writes letters into money and numbers into a phone is shown, with the record it would change."""
    made = branch.rental()
    branch.write({"deposit": "many", "phone": 7, "taken_at": "yesterday", "note": "gut"}, branch.chen, made)
    owner, shop = browse("wu"), branch.shop
    add_person(shop.service.node, Passwords.quick(), NewPerson("Au", "au", PASSWORD, ("viewer",), "A9"))

    inbox = owner.open("/quarantine")
    record = owner.open(f"/records/bicycle_rental/rental/{made}")

    assert (inbox.status_code, record.status_code) == (200, 200)
    assert "many" in words(inbox.text)
    assert "yesterday" in words(inbox.text)
    assert "many" in words(record.text), "its history says what was tried"
    steps = shop.as_("au").get(f"/api/bicycle_rental/rental/{made}/history").json()["steps"]
    assert steps[-1]["changes"]["deposit"][1] == "many"
    assert steps[-1]["changes"]["phone"][1] == "***", "what is no phone is hidden whole from who sees its end only"


def test_what_is_held_back_is_no_deed_like_others_in_the_audit(branch: Any, browse: Any) -> None:
    made = branch.rental()
    branch.do(branch.node, branch.chen, "bicycle_rental.rental.remark", {"note": "abends"}, made)
    branch.forge(made)

    page = words(browse("wu").open("/console/audit?log=bund-01.1").text)

    assert re.search(r"Li Remark Held back .* Chen Remark (?!Held back)", page)


def test_trying_again_says_how_it_went(branch: Any, browse: Any) -> None:
    branch.forge(branch.rental())

    again = browse("wu").send("/quarantine/retry")

    assert "Tried again: 0 went through, 1 are left" in again.text
    assert "tried 2 times" in again.text


def test_giving_up_needs_a_reason_and_puts_the_branch_back_to_what_headquarters_has(branch: Any, browse: Any) -> None:
    made = branch.rental()
    branch.forge(made)
    assert branch.note(branch.node, made) == ("伪造", True)
    wu = browse("wu")
    page = wu.open("/quarantine").text
    which = {"origin": hidden(page, "origin"), "tx": hidden(page, "tx")}

    assert wu.send("/quarantine/discard", reason=" ", **which).status_code == 422
    assert "Given up" in wu.send("/quarantine/discard", reason="edited by hand", **which).text

    assert "Nothing is held back" in wu.texts("/quarantine")
    branch.sync()
    assert branch.note(branch.node, made) == ("白天", True)
    assert "edited by hand" in wu.texts(f"/records/bicycle_rental/rental/{made}")
    assert "a store may only ask" in wu.texts("/conflicts?state=resolved")
    assert "门店只能以" not in wu.texts("/conflicts?state=resolved"), "one language is enough"
    assert "a store may only ask" not in browse("wu", "zh").texts("/conflicts?state=resolved")
    assert wu.send("/quarantine/discard", reason="again", **which).status_code == 404


def test_a_record_that_was_never_taken_is_gone_at_the_branch_too(branch: Any, browse: Any) -> None:
    made, wu = branch.forge(), browse("wu")
    page = wu.open("/quarantine").text

    wu.send("/quarantine/discard", reason="invented", origin=hidden(page, "origin"), tx=hidden(page, "tx"))

    branch.sync()
    assert branch.note(branch.node, made) == (None, False)


def test_who_audits_sees_it_and_changes_nothing(branch: Any, browse: Any) -> None:
    branch.forge(branch.rental())

    assert browse("li").send("/quarantine/retry").status_code == 403
    assert browse("li").send("/quarantine/discard", origin="x", tx="y", reason="z").status_code == 403


def test_what_is_held_back_comes_page_by_page(branch: Any, browse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.pages.console.quarantine.SHOWN_MAX", 1)
    made = branch.rental()
    branch.forge(made)
    branch.forge()
    branch.forge()
    wu = browse("wu")

    pages, address = [], "/quarantine"
    while address:
        page = wu.open(address).text
        pages += re.findall(r'<section class="sheet case held">.*?</section>', page, re.DOTALL)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = unescape(following[1]) if following else ""

    assert len(pages) == len(set(pages)) == 3


@pytest.mark.parametrize("after", ["x", "~~", "2026~bund~99999999999999999999999", "~~²", "\0~bund.1~1"])
def test_a_place_that_nobody_gave_out_breaks_nothing(branch: Any, browse: Any, after: str) -> None:
    branch.forge(branch.rental())

    assert browse("wu").open(f"/quarantine?after={quote(after)}").status_code in {200, 400, 404}
    assert browse("wu").open(f"/closings/bund?before={quote(after)}").status_code in {200, 400, 404}


def test_a_reason_names_no_record_as_the_rules_do(branch: Any, browse: Any) -> None:
    hub, node = branch.shop.service.node, branch.node
    made = branch.rental()
    with hub.database.write() as connection:
        problem = quarantine.unknown_type(hub.catalog, "bakery.loaf")
        quarantine.keep(connection, hub, log.latest(connection, f"{node.identity.node}.1", 1), "bund", problem)
        connection.exec_driver_sql("UPDATE quarantine SET type = 'bicycle_rental.saddle', why = replace(why, 'x', 'y')")

    page = browse("wu").texts("/quarantine")

    assert made
    assert "Bicycle rental, in the version of this node, has no records of this kind" in page
    assert "saddle" not in page
    assert "“自行车租赁”" in browse("wu", "zh").open("/quarantine").text
