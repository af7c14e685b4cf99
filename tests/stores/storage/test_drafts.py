"""Drafts: kept per person and form, found again, given up in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.model.clock import iso
from stores.storage import drafts
from stores.storage.system import SYSTEM


@pytest.fixture
def connection(database: Any) -> Iterator[Any]:
    with database.write() as connection:
        SYSTEM.create_all(connection)
        yield connection


NOW = datetime(2026, 3, 13, 12, 0, tzinfo=UTC)


def test_a_draft_is_kept_replaced_and_dropped(connection: Any) -> None:
    drafts.keep(connection, "li", "a:1:edit", [("name", "陈"), ("name", "孙")], NOW)
    drafts.keep(connection, "li", "a:1:edit", [("name", "陈先生")], NOW + timedelta(minutes=2))
    drafts.keep(connection, "wu", "a:1:edit", [], NOW)

    found = drafts.load(connection, "li", "a:1:edit")
    assert found is not None
    assert (found.pairs, found.began_at, found.at) == ((("name", "陈先生"),), NOW, NOW + timedelta(minutes=2))
    drafts.drop(connection, "li", "a:1:edit")
    assert drafts.load(connection, "li", "a:1:edit") is None
    assert drafts.load(connection, "wu", "a:1:edit") is not None


def test_a_form_that_was_sent_does_not_come_back_from_a_page_that_was_open_then(connection: Any) -> None:
    before, sent, after = NOW, NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)
    drafts.keep(connection, "li", "a:1:edit", [("name", "陈")], before, opened=iso(before))
    drafts.sent(connection, "li", "a:1:edit", sent)

    drafts.keep(connection, "li", "a:1:edit", [("name", "陈")], after, opened=iso(before))
    assert drafts.load(connection, "li", "a:1:edit") is None
    assert drafts.busy(connection, "a:1:edit", before) == []
    drafts.keep(connection, "li", "a:1:edit", [("name", "孙")], after, opened=iso(after))

    again = drafts.load(connection, "li", "a:1:edit")
    assert again is not None
    assert (again.pairs, again.began_at) == ((("name", "孙"),), after)


def test_who_has_typed_lately_is_busy(connection: Any) -> None:
    drafts.keep(connection, "li", "a:1:edit", [], NOW)
    drafts.keep(connection, "wu", "a:1:edit", [], NOW + timedelta(minutes=10))

    assert [each.staff_id for each in drafts.busy(connection, "a:1:edit", NOW + timedelta(minutes=5))] == ["wu"]


def test_what_nobody_goes_on_with_is_given_up(connection: Any) -> None:
    drafts.keep(connection, "li", "a:1:edit", [], NOW)

    drafts.keep(connection, "wu", "a:2:edit", [], NOW + timedelta(days=8))

    assert drafts.load(connection, "li", "a:1:edit") is None
