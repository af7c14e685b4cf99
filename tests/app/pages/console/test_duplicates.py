"""The inbox of what may be there twice: proposals, records of two stores, values that may stand once; decided by headquarters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stores.changes import alike, conflicts, log
from stores.changes.commit import Deed, Edit, commit
from stores.changes.merging import Dissent
from stores.storage import counters
from tests.app.conftest import opened_shop
from tests.app.pages.conftest import opened, words
from tests.app.pages.views.test_pairs import PLUGIN

MORE = {
    "      note: {type: text, label: {en: Note, zh: 备注}}\n    states: {known": (
        "      note: {type: text, label: {en: Note, zh: 备注}}\n"
        "      phone: {type: phone, mask: last4, label: {en: Phone, zh: 电话}}\n"
        "    alike: {one_phone: {key: [phone], label: {en: One phone in two stores, zh: 两店同一电话}}}\n"
        "    states: {known"
    ),
    "    read: {counter: {}, boss: {}}\n  again": (
        "    read: {counter: {}, boss: {}, hq_admin: {mask: [phone]}, viewer: {mask: [phone]}}\n  again"
    ),
}


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Any]:
    folder = tmp_path / "plugins" / "guest_book"
    folder.mkdir(parents=True)
    text = PLUGIN
    for plain, more in MORE.items():
        assert plain in text
        text = text.replace(plain, more)
    (folder / "plugin.yaml").write_text(text, encoding="utf-8")
    people = {"wu": ("Wu", ["hq_admin"]), "li": ("Li", ["counter"]), "an": ("An", ["viewer"]), "bo": ("Bo", ["boss"])}
    with opened_shop(tmp_path, people=people) as shop:
        yield shop


def guest(node: Any, store: str, name: str, phone: str = "13800001111") -> str:
    """Let a guest of a store arrive at headquarters, as a merge would write him."""
    record = node.catalog.records["guest_book.guest"]
    edit = Edit(record, node.new_id(), store, "create", {"name": name, "phone": phone, "state": "known"})
    with node.database.write() as connection:
        commit(connection, node, Deed(node.new_id(), "guest_book.guest.add", "system", node.now()), [edit])
    return edit.id


@pytest.fixture
def found(book: Any) -> tuple[str, str]:
    """Chen of the Bund and Chan of Pudong have one telephone, and headquarters has looked."""
    node = book.service.node
    both = guest(node, "bund", "Chen"), guest(node, "pudong", "Chan")
    guest(node, "bund", "Wang", "13800002222")
    assert alike.look(node) == 1
    return both


def match_of(book: Any) -> str:
    page = opened(book, "wu").open("/duplicates").text
    return re.findall(r'href="/duplicates/([^"?]+)"', page)[0]


def test_records_of_two_stores_stand_side_by_side_with_the_reader_s_masks(book: Any, found: tuple[str, str]) -> None:
    page = words(opened(book, "wu").open("/duplicates").text)

    assert re.search(r"One phone in two stores Open Found .* bund · Chen pudong · Chan Phone •+1111 •+1111 ", page)
    assert re.search(r"Name Chen Chan ≠", page)
    assert "13800001111" not in page
    assert "Wang" not in page


def test_headquarters_says_it_is_one_person_and_both_records_say_so(book: Any, found: tuple[str, str]) -> None:
    wu = opened(book, "wu")
    match = match_of(book)
    page = wu.open(f"/duplicates/{match}").text
    assert "Nothing is merged" in page

    done = wu.send(f"/records/core/match/{match}/actions/join", reason="phoned", _next="/duplicates")

    assert "Done: They are the same" in done.text
    assert "Nothing waits to be compared" in done.text
    first, second = (f"/records/guest_book/guest/{each}" for each in found)
    assert f'Also known at pudong: <a href="{second}">' in wu.open(first).text
    assert "Also known at bund" in wu.texts(second)
    known = wu.texts("/records/core/match?state=same")
    assert "One phone in two stores" in known, "the list calls the rule by its label"
    assert "one_phone" not in known
    assert re.search(r"They are the same</span></td><td[^>]*><a [^>]*>Guest</a>", wu.open("/console/audit").text)
    assert "They are not the same" in wu.texts(f"/duplicates/{match}"), "what was decided may be decided anew"


def test_to_say_that_it_is_not_one_person_needs_a_reason_and_is_told_nobody(book: Any, found: tuple[str, str]) -> None:
    wu, match = opened(book, "wu"), match_of(book)
    here = f"/records/guest_book/guest/{found[0]}"
    assert "Perhaps also known at pudong" in wu.texts(here)

    refused = wu.send(f"/records/core/match/{match}/actions/part", reason="", _next="/duplicates")
    assert refused.status_code == 422
    assert "Say why" in refused.text
    wu.send(f"/records/core/match/{match}/actions/part", reason="two brothers", _next="/duplicates")

    assert "also known" not in wu.texts(here).lower()
    assert "Nothing waits to be compared" in wu.texts("/duplicates")


def test_who_does_not_decide_is_told_of_decisions_about_records_whose_key_he_reads(
    book: Any, found: tuple[str, str]
) -> None:
    here, match = f"/records/guest_book/guest/{found[0]}", match_of(book)
    bo = opened(book, "bo")
    assert "also known" not in bo.texts(here).lower(), "nothing has been decided"
    assert bo.open(f"/duplicates/{match}").status_code in (403, 404)
    assert "Alike in two stores" not in bo.texts("/duplicates")

    opened(book, "wu").send(f"/records/core/match/{match}/actions/join", reason="", _next="/duplicates")

    assert "Also known at pudong" in bo.texts(here)
    assert f"/duplicates/{match}" not in bo.open(here).text
    assert "also known" not in opened(book, "an").texts(here).lower(), "a viewer reads the telephone masked"


def test_values_that_may_stand_once_are_in_the_inbox_too(book: Any) -> None:
    node = book.service.node
    ids = [guest(node, "hq", name, f"1380000{number}") for number, name in ((4444, "Wang"), (5555, "Wong"))]
    clash(node, ids)

    page = opened(book, "wu").texts("/duplicates")

    assert re.search(r"Stands twice and may stand once .* Name Wang Wong ≠", page)
    assert "Nothing waits to be compared" in opened(book, "an").texts("/duplicates")


def clash(node: Any, ids: list[str]) -> None:
    """Write down that two guests share what may stand once, as a merge would."""
    with node.database.write() as connection:
        line = log.latest(connection, node.identity.origin, 1)[0]
        dissent = Dissent(
            "unique", "guest_book.guest", ids[1], "hq", "name", None, "Wong", None, "Wong", line,
            policy="unique", outcome="both", detail=ids[0],
        )  # fmt: skip
        standing = counters.load(connection, node)
        conflicts.record(connection, node, standing, [dissent], "hq")
        counters.save(connection, standing)
