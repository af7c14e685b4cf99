"""Lists and single records, as each person of the club and of headquarters sees them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, text

from core.model.errors import Forbidden, NodeError, NotFound
from stores.actor import SYSTEM_ACTOR, Actor
from stores.reads import records
from stores.reads.reading import Reading

LI = Actor("li", "0755", frozenset({"hostess"}), "Li")
WANG = Actor("wang", "0755", frozenset({"booker"}), "Wang")
HU = Actor("hu", "0755", frozenset({"manager"}), "Hu")
AUDITOR = Actor("qin", "hq", frozenset({"auditor"}), "Qin")


@pytest.fixture
def tonight(club: Any) -> Any:
    """Two rooms, two people, three bookings here and one in the other store."""
    club.put("staff", "wang", name="Wang", badge="S17", roles=["booker"])
    club.put("staff", "chen", name="Chen", badge="S18", roles=["booker"])
    club.put("room", "v8", name="V8", seats=12)
    club.put("room", "v1", store="hq", name="V1 (chain)")
    night: dict[str, Any] = {"night": "2026-03-07", "state": "held", "private": False}
    club.put("booking", "b1", **night, number="0755-260307-001", guest_name="陈先生", guest_phone="13800001111",
             booker="wang", room="v8", deposit="500", note="靠窗 50%")  # fmt: skip
    club.put("booking", "b2", **night, number="0755-260307-002", guest_name="Li Ming", booker="chen", deposit="1200.50")
    later = {**night, "night": "2026-03-08", "private": True}
    club.put(
        "booking",
        "b3",
        **later,
        number="0755-260308-001",
        guest_name="王女士",
        guest_phone="13900002222",
        booker="wang",
    )
    club.put("booking", "b4", store="0756", **night, number="0756-260307-001", guest_name="别店", booker="zhao")
    return club


def listed(club: Any, actor: Actor, record: str = "booking", **how: Any) -> list[str]:
    return [row["id"] for row in records.query(club.node, actor, club.record(record), **how).rows]


def test_a_record_comes_out_as_a_page_shows_it(tonight: Any) -> None:
    shown = records.fetch(tonight.node, LI, tonight.record("booking"), "b1")

    assert shown == {
        "id": "b1", "store": "0755", "number": "0755-260307-001", "state": "held", "version": 0,
        "updated_at": "2026-03-07T20:30:00+08:00", "updated_by": "li",
        "night": "2026-03-07", "guest_name": "陈先生", "guest_phone": "13800001111", "booker": "wang", "room": "v8",
        "deposit": "500.00", "private": False, "note": "靠窗 50%",
        "card": "陈先生 13800001111", "complete": True, "others": 2,
        "_refs": {"wang": "Wang", "v8": "V8"},
    }  # fmt: skip


def test_the_newest_comes_first_and_only_the_own_store_s(tonight: Any) -> None:
    assert listed(tonight, LI) == ["b3", "b2", "b1"]


def test_a_store_also_sees_what_headquarters_owns_in_one_order(tonight: Any) -> None:
    assert listed(tonight, LI, "room", sort=["name"]) == ["v1", "v8"]
    assert listed(tonight, LI, "room", sort=["-name"], limit=1) == ["v8"]


def test_headquarters_sees_every_store_and_can_look_at_one(tonight: Any) -> None:
    assert listed(tonight, AUDITOR) == ["b4", "b3", "b2", "b1"]
    assert listed(tonight, AUDITOR, where=[("store", "eq", "0756")]) == ["b4"]


def test_a_booker_sees_his_own_bookings_with_the_phone_masked_and_no_deposit(tonight: Any) -> None:
    page = records.query(tonight.node, WANG, tonight.record("booking"))

    assert [row["id"] for row in page.rows] == ["b3", "b1"]
    assert [row["guest_phone"] for row in page.rows] == ["•••••••2222", "•••••••1111"]
    assert page.rows[0]["_masked"] == ["guest_phone", "card"]
    assert page.rows[0]["card"] == "***"
    assert "deposit" not in page.rows[0]


def test_a_condition_masks_on_some_records_only(tonight: Any) -> None:
    phones = {row["id"]: row["guest_phone"] for row in records.query(tonight.node, HU, tonight.record("booking")).rows}

    assert phones == {"b3": "•••••••2222", "b2": None, "b1": "13800001111"}


def test_somebody_else_s_record_looks_as_if_it_were_not_there(tonight: Any) -> None:
    for actor, id in ((WANG, "b2"), (LI, "b4"), (LI, "nothing"), (Actor("x", "0755", frozenset(), "X"), "b1")):
        with pytest.raises(NotFound):
            records.fetch(tonight.node, actor, tonight.record("booking"), id)


def test_a_role_without_read_rules_is_told_so_and_gets_no_empty_list(tonight: Any) -> None:
    with pytest.raises(Forbidden) as refusal:
        records.query(tonight.node, Actor("x", "0755", frozenset({"store_admin"}), "X"), tonight.record("booking"))

    assert refusal.value.problems[0].code == "no-read-role"


def test_filters_find_what_they_say(tonight: Any) -> None:
    filters = {
        ("night", "eq", "2026-03-07"): ["b2", "b1"],
        ("night", "gt", "2026-03-07"): ["b3"],
        ("deposit", "ge", "500"): ["b2", "b1"],
        ("deposit", "ne", "500.00"): ["b3", "b2"],
        ("deposit", "empty", True): ["b3"],
        ("deposit", "empty", "false"): ["b2", "b1"],
        ("private", "eq", "true"): ["b3"],
        ("guest_name", "contains", "li"): ["b2"],
        ("guest_name", "startswith", "陈"): ["b1"],
        ("note", "contains", "50%"): ["b1"],
        ("note", "contains", "5_%"): [],
        ("booker", "in", "wang,zhao"): ["b3", "b1"],
        ("booker", "in", ("chen",)): ["b2"],
        ("state", "eq", "held"): ["b3", "b2", "b1"],
        ("number", "startswith", "0755-260308"): ["b3"],
        ("updated_at", "lt", "2026-03-07 20:30"): [],
        ("updated_at", "le", "2026-03-07 20:30"): ["b3", "b2", "b1"],
    }

    assert {asked: listed(tonight, LI, where=[asked]) for asked in filters} == filters


def test_all_filters_must_hold(tonight: Any) -> None:
    assert listed(tonight, LI, where=[("night", "eq", "2026-03-07"), ("booker", "eq", "wang")]) == ["b1"]


def test_a_list_of_texts_is_filtered_by_whole_items(tonight: Any) -> None:
    tonight.put("staff", "bo", name="Bo", roles=["book"])

    assert listed(tonight, LI, "staff", where=[("roles", "contains", "book")]) == ["bo"]


def test_a_filter_that_cannot_be_is_refused_in_words(tonight: Any) -> None:
    refused: dict[tuple[str, str, object], str] = {
        ("guest", "eq", "x"): "no-such-field",
        ("night", "like", "x"): "no-such-operator",
        ("night", "eq", "tomorrowish"): "bad-date",
        ("others", "eq", "3"): "field-computed",
        ("booker", "in", "x," * 200): "too-many-values",
        ("note", "contains", "a\0b"): "bad-text",
        ("note", "eq", "\ud800"): "bad-text",
        ("version", "eq", "9" * 30): "bad-int",
    }

    for asked, code in refused.items():
        with pytest.raises(NodeError) as refusal:
            listed(tonight, LI, where=[asked])
        assert (refusal.value.problems[0].code, refusal.value.problems[0].field) == (code, asked[0])


def test_what_is_masked_can_neither_be_filtered_nor_sorted_nor_searched_by(tonight: Any) -> None:
    for how in ({"where": [("guest_phone", "eq", "13800001111")]}, {"sort": ["guest_phone"]}):
        with pytest.raises(Forbidden):
            listed(tonight, WANG, **how)
    with pytest.raises(NodeError, match="no field"):  # the hidden one does not even exist
        listed(tonight, WANG, where=[("deposit", "gt", "1")])
    assert listed(tonight, WANG, search="13800001111") == []
    assert listed(tonight, LI, search="13800001111") == ["b1"]


def test_what_no_database_can_keep_is_not_found_and_breaks_nothing(tonight: Any) -> None:
    for id in ("a\0b", "\ud800"):
        with pytest.raises(NotFound):
            records.fetch(tonight.node, LI, tonight.record("booking"), id)
    with pytest.raises(NodeError):
        listed(tonight, LI, search="a\0b")


def test_every_word_of_a_search_must_be_found_somewhere(tonight: Any) -> None:
    assert listed(tonight, LI, search="陈") == ["b1"]
    assert listed(tonight, LI, search="LI 260307") == ["b2"]
    assert listed(tonight, LI, search="Li 陈") == []
    assert listed(tonight, LI, search="  ") == ["b3", "b2", "b1"]


def test_sorting_puts_what_is_empty_below_everything(tonight: Any) -> None:
    assert listed(tonight, LI, sort=["deposit"]) == ["b3", "b1", "b2"]
    assert listed(tonight, LI, sort=["-deposit"]) == ["b2", "b1", "b3"]
    assert listed(tonight, LI, sort=["night", "-guest_name"]) == ["b1", "b2", "b3"]


def test_pages_follow_each_other_without_gap_or_repeat(tonight: Any) -> None:
    orders: list[tuple[Actor, list[str]]] = [
        (LI, []), (LI, ["deposit"]), (LI, ["-night"]), (LI, ["booker", "-guest_name"]), (LI, ["id"]),
        (AUDITOR, []), (AUDITOR, ["-deposit"]), (WANG, ["night"]),
    ]  # fmt: skip

    for actor, sort in orders:
        whole = listed(tonight, actor, sort=sort)
        found: list[str] = []
        cursor = None
        for _ in whole:
            page = records.query(tonight.node, actor, tonight.record("booking"), sort=sort, limit=1, cursor=cursor)
            found += [row["id"] for row in page.rows]
            cursor = page.next
        assert (found, cursor) == (whole, None)


def test_a_new_booking_does_not_shift_the_pages_behind_it(tonight: Any) -> None:
    first = records.query(tonight.node, LI, tonight.record("booking"), limit=2)
    tonight.put("booking", "b9", night="2026-03-07")

    assert listed(tonight, LI, limit=2, cursor=first.next) == ["b1"]


def test_a_total_is_counted_only_when_asked_and_bounded(tonight: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def count(actor: Actor) -> tuple[int | None, bool]:
        page = records.query(tonight.node, actor, tonight.record("booking"), limit=1, total=True)
        return page.total, page.more

    assert records.query(tonight.node, LI, tonight.record("booking")).total is None
    assert (count(LI), count(AUDITOR), count(WANG)) == ((3, False), (4, False), (2, False))
    monkeypatch.setattr(records, "TOTAL_MAX", 2)
    assert (count(LI), count(WANG)) == ((2, True), (2, False))


def test_a_list_counts_nothing_unless_asked(tonight: Any) -> None:
    plain = records.query(tonight.node, LI, tonight.record("booking")).rows[0]
    asked = records.query(tonight.node, LI, tonight.record("booking"), fields=["others", "night"]).rows[0]

    assert "others" not in plain
    assert "complete" in plain
    assert (asked["others"], asked["night"], "guest_name" in asked) == (1, "2026-03-08", False)


def test_an_unknown_column_is_refused_with_the_nearest_name(tonight: Any) -> None:
    with pytest.raises(NodeError) as refusal:
        records.query(tonight.node, LI, tonight.record("booking"), fields=["guest_nam"])

    assert refusal.value.problems[0].fix
    assert "guest_name" in refusal.value.problems[0].fix.en


def test_a_page_has_a_bounded_size(tonight: Any) -> None:
    for limit in (0, 501, -1):
        with pytest.raises(NodeError, match="1 to 500"):
            listed(tonight, LI, limit=limit)


def test_names_of_references_cost_one_query_per_type_and_page(tonight: Any) -> None:
    said: list[str] = []
    event.listen(tonight.node.database._reader, "before_cursor_execute", lambda *call: said.append(call[2]))

    rows = records.query(tonight.node, SYSTEM_ACTOR, tonight.record("booking"), fields=["booker", "room"]).rows

    assert [row.get("_refs") for row in rows] == [
        None,
        {"wang": "Wang"},
        {"chen": "Chen"},
        {"wang": "Wang", "v8": "V8"},
    ]
    queries = [statement for statement in said if statement.startswith("SELECT")]
    assert len([statement for statement in queries if "FROM core_staff" in statement]) == 1
    assert len([statement for statement in queries if "FROM club_room" in statement]) == 1
    assert len([statement for statement in queries if "FROM club_booking" in statement]) == 1


def test_a_name_is_not_told_to_somebody_who_may_not_see_the_record(tonight: Any) -> None:
    # The staff of another store are not on file for this one
    tonight.put("staff", "zhao", store="0756", name="Zhao")
    tonight.put("booking", "b5", booker="zhao")

    shown = records.fetch(tonight.node, LI, tonight.record("booking"), "b5")

    assert (shown["booker"], shown.get("_refs")) == ("zhao", None)


def test_a_deleted_record_is_on_the_list_of_deleted_ones_and_says_so(tonight: Any) -> None:
    tonight.put("booking", "b7", guest_name="Gone", _life=2)

    assert "b7" not in listed(tonight, LI)
    assert listed(tonight, LI, deleted=True) == ["b7"]
    assert records.fetch(tonight.node, LI, tonight.record("booking"), "b7")["_deleted"] is True


def test_looking_behind_a_mask_is_logged_where_the_record_is_at_home(tonight: Any) -> None:
    phone = records.reveal(tonight.node, AUDITOR, tonight.record("booking"), "b1", "guest_phone", " complaint 17 ")

    assert phone == "13800001111"
    with tonight.node.database.read() as connection:
        row = connection.execute(text("SELECT * FROM core_access")).mappings().one()
        lines = connection.execute(text("SELECT type, action, actor FROM log")).all()
    seen = {name: row[name] for name in ("who", "record_type", "record_id", "field", "reason", "_store")}
    assert seen == {
        "who": "qin", "record_type": "club.booking", "record_id": "b1", "field": "guest_phone",
        "reason": "complaint 17", "_store": "0755",
    }  # fmt: skip
    assert [tuple(line) for line in lines] == [("core.access", "core.access.log", "qin")]


def test_nobody_looks_behind_a_mask_without_the_right_and_a_reason(tonight: Any) -> None:
    refused: list[tuple[Actor, str, str, type[NodeError]]] = [
        (WANG, "guest_phone", "curious", Forbidden),
        (WANG, "deposit", "curious", Forbidden),
        (AUDITOR, "nothing", "audit", Forbidden),
        (AUDITOR, "guest_phone", "  ", NodeError),
    ]

    for actor, field, reason, refusal in refused:
        with pytest.raises(refusal):
            records.reveal(tonight.node, actor, tonight.record("booking"), "b1", field, reason)

    with tonight.node.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM core_access")).scalar() == 0


def test_a_list_and_a_look_up_read_no_whole_table(club: Any) -> None:
    if club.node.database.dialect != "sqlite":
        return  # PostgreSQL reads a table this small from end to end, and is right to
    statements: list[tuple[str, Any]] = []
    event.listen(
        club.node.database._reader, "before_cursor_execute", lambda *call: statements.append((call[2], call[3]))
    )

    for how in ({}, {"where": [("night", "eq", "2026-03-07")]}, {"sort": ["-night"]}, {"total": True}):
        page: dict[str, Any] = how
        records.query(club.node, LI, club.record("booking"), **page)
        records.query(club.node, WANG, club.record("booking"), **page)
    records.query(club.node, AUDITOR, club.record("booking"))
    with pytest.raises(NotFound):
        records.fetch(club.node, LI, club.record("booking"), "b1")

    with club.node.database.read() as connection:
        asked = [(sql, values) for sql, values in statements if "FROM club_booking" in sql]
        plans = [
            row[3] for sql, values in asked for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
        ]
    assert len(asked) >= 10
    scans = {plan for plan in plans if plan.startswith("SCAN") and "club_booking" in plan}
    # Headquarters reads its list in the order of the key and stops after a page
    assert scans <= {"SCAN club_booking USING INDEX sqlite_autoindex_club_booking_1"}


def test_a_reading_of_one_request_asks_the_hooks_once_per_type(club: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        type(club.node.host), "read_filters", lambda _host, _reader, _roles, record: asked.append(record.key) or ()
    )

    with club.node.database.read() as connection:
        reading = Reading(connection, club.node, LI)
        reading.conditions(club.record("booking"))
        reading.conditions(club.record("booking"))

    assert asked == ["club.booking"]


def test_records_of_the_store_and_of_headquarters_come_in_one_order_over_all_pages(tonight: Any) -> None:
    tonight.put("booking", "b6", store="hq", deposit="900", night="2026-03-09")
    tonight.put("booking", "b0", store="hq", night="2026-03-09")

    for sort, wanted in (
        (["deposit"], ["b0", "b3", "b1", "b6", "b2"]),
        (["-deposit"], ["b2", "b6", "b1", "b3", "b0"]),
        ([], ["b6", "b3", "b2", "b1", "b0"]),
    ):
        first = records.query(tonight.node, LI, tonight.record("booking"), sort=sort, limit=2)
        second = listed(tonight, LI, sort=sort, limit=3, cursor=first.next)
        assert [row["id"] for row in first.rows] + second == wanted


def test_a_view_shows_what_its_own_condition_lets_through(tonight: Any) -> None:
    mine = tonight.record("booking").read["booker"].where
    wang_at_the_desk = Actor("wang", "0755", frozenset({"hostess"}), "Wang")

    assert listed(tonight, wang_at_the_desk, only=mine) == ["b3", "b1"]


VISITS = """
records:
  visit:
    label: {en: Visit, zh: 拜访}
    fields:
      owner: {type: ref, to: staff, label: {en: Owner, zh: 专员}}
      day:   {type: date, label: {en: Day, zh: 日期}}
      same:  {type: int, value: {count: visit, where: visit.owner == self.owner and visit.day <= self.day}, label: {en: So far, zh: 累计次数}}
    states: {done: {en: Done, zh: 完成}}
    by: desk
    actions: {enter: {from: new, to: done, ask: [owner, day], label: {en: Enter, zh: 登记}}}
    sync: {scope: store, home: store}
"""


def test_one_owner_s_records_by_day_are_read_no_further_than_the_page(a_shop: Callable[..., Any]) -> None:
    # Given visits of two people, those of one of them on file in the store and at headquarters
    shop = a_shop(VISITS)
    mine, other = shop.hire("li", "desk"), shop.hire("wang", "desk")
    for n in range(6):
        shop.put("visit", f"v{n}", store="hq" if n % 3 == 0 else None, owner=mine.id, day=date(2026, 3, 1 + n))
    shop.put("visit", "w", owner=other.id, day=date(2026, 3, 9))
    statements: list[tuple[str, Any]] = []
    event.listen(
        shop.node.database._reader, "before_cursor_execute", lambda *call: statements.append((call[2], call[3]))
    )

    # When they are listed by day, page after page
    how: dict[str, Any] = {"where": [("owner", "eq", mine.id)], "sort": ["-day"], "fields": ["day"], "limit": 4}
    first = records.query(shop.node, mine, shop.record("visit"), **how)
    second = records.query(shop.node, mine, shop.record("visit"), **how, cursor=first.next)

    # Then it is one query, in the order of the index of both
    assert [row["id"] for row in [*first.rows, *second.rows]] == ["v5", "v4", "v3", "v2", "v1", "v0"]
    (asked, values), _ = [each for each in statements if "FROM club_visit" in each[0] and "ORDER BY" in each[0]]
    with shop.node.database.read() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", values)]
    assert plan[0] == "SEARCH club_visit USING INDEX club_visit__owner__day (owner=?)"


def test_a_store_that_has_none_is_not_asked_for_a_page(tonight: Any) -> None:
    statements: list[str] = []
    event.listen(tonight.node.database._reader, "before_cursor_execute", lambda *call: statements.append(call[2]))

    assert listed(tonight, LI, sort=["night"]) == ["b1", "b2", "b3"]

    assert len([sql for sql in statements if "FROM club_booking" in sql and "ORDER BY" in sql]) == 1
