"""Who may act: by post, in the record's store, as a deputy, and only on what one may see."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.host.hookspecs import hookimpl
from core.host.host import Host
from core.model.errors import Forbidden, NotFound
from stores.actor import SYSTEM_ACTOR, Actor
from stores.reads import records
from tests.stores.shop import HEAD, Shop

PLUGIN = """
records:
  guest:
    label: {en: Guest, zh: 客人}
    fields: {name: {type: text, required: true, label: {en: Name, zh: 姓名}}}
    by: [desk, hq_admin]
    actions: {add: {from: new, ask: [name], label: {en: Add, zh: 新增}}, edit: {ask: [name], label: {en: Edit, zh: 修改}}}
    sync: {scope: all, home: store}
  file:
    label: {en: File, zh: 档案}
    fields: {owner: {type: ref, to: staff, default: =me, label: {en: Owner, zh: 负责人}}, note: {type: text, label: {en: Note, zh: 备注}}}
    by: [desk, boss]
    actions:
      open: {from: new, ask: [note], label: {en: Open, zh: 建档}}
      edit: {ask: [note], label: {en: Edit, zh: 修改}}
      stamp: {by: audit, ask: [note], label: {en: Stamp, zh: 盖章}}
      sign: {by: [store_admin, system], ask: [note], label: {en: Sign, zh: 签字}}
      sweep: {by: system, ask: [note], label: {en: Sweep, zh: 清理}}
      own: {by: everyone, ask: [note], label: {en: Note, zh: 记录}}
    read:
      desk: {where: self.owner == me}
      boss: {}
"""


@pytest.fixture
def shop(a_shop: Callable[..., Shop]) -> Shop:
    made: Shop = a_shop(PLUGIN)
    made.hire("chief", "boss")  # there is a boss, so nobody stands in for one
    return made


@pytest.fixture
def file(shop: Shop) -> str:
    return shop.put("file", "f1", owner="li")


def test_what_every_store_holds_is_read_in_every_store_and_the_rest_is_not(shop: Shop, file: str) -> None:
    shop.put("guest", "g1", name="Chen")
    stranger = Actor("zhao", "0756", frozenset({"desk", "boss"}), "Zhao")

    assert [row["id"] for row in records.query(shop.node, stranger, shop.record("guest")).rows] == ["g1"]
    assert records.fetch(shop.node, stranger, shop.record("guest"), "g1")["name"] == "Chen"
    assert records.query(shop.node, stranger, shop.record("file")).rows == []


def test_only_the_posts_of_the_action_may_do_it_and_they_are_named(shop: Shop, file: str) -> None:
    with pytest.raises(Forbidden, match="your role may not do `Stamp`") as refusal:
        shop.do("file.stamp", shop.hire("li", "desk"), file)

    fix = refusal.value.problems[0].fix
    assert fix
    assert (fix.en, fix.zh) == ("ask: Auditor", "请联系：稽核")


def test_posts_of_core_are_named_too(shop: Shop, file: str) -> None:
    with pytest.raises(Forbidden, match="ask: Store administrator"):
        shop.do("file.sign", shop.hire("li", "desk"), file)


def test_what_the_system_does_is_not_for_people(shop: Shop, file: str) -> None:
    with pytest.raises(Forbidden, match="is done by the system"):
        shop.do("file.sweep", shop.hire("li", "desk"), file)

    shop.do("file.sweep", SYSTEM_ACTOR, file, note="swept")
    assert shop.row("file", file)["note"] == "swept"


def test_everyone_with_a_post_may_do_what_is_for_everyone(shop: Shop, file: str) -> None:
    shop.do("file.own", shop.hire("li", "desk"), file, note="mine")

    with pytest.raises(Forbidden):
        shop.do("file.own", shop.hire("wu"), file, note="no post, no right")


def test_nobody_acts_on_what_he_may_not_see(shop: Shop, file: str) -> None:
    shop.do("file.edit", shop.hire("li", "desk"), file, note="mine")

    with pytest.raises(NotFound) as refusal:
        shop.do("file.edit", shop.hire("wu", "desk"), file, note="not mine")
    with pytest.raises(NotFound) as unknown:
        shop.do("file.edit", shop.hire("he", "desk"), "nothing", note="not there")

    assert str(refusal.value).replace(file, "nothing") == str(unknown.value)


def test_a_post_that_may_act_but_reads_nothing_borrows_the_eyes_of_the_others(shop: Shop, file: str) -> None:
    blind = shop.hire("qin", "audit")
    seeing = shop.hire("bo", "audit", "boss")

    shop.do("file.stamp", seeing, file, note="stamped")

    with pytest.raises(NotFound):
        shop.do("file.stamp", blind, file, note="unseen")


def test_a_deputy_acts_while_every_holder_is_away_and_sees_what_they_see(shop: Shop, file: str) -> None:
    deputy = shop.hire("wu", "desk")
    with pytest.raises(NotFound):
        shop.do("file.edit", deputy, file, note="too early")

    absence = shop.do("absence.report", shop.hire("admin", "store_admin"), staff="chief").id
    shop.do("file.edit", deputy, file, note="standing in")

    shop.do("absence.back", SYSTEM_ACTOR, absence)
    with pytest.raises(NotFound):
        shop.do("file.edit", deputy, file, note="too late")


def test_a_record_of_the_whole_chain_is_anybody_s_with_the_posts_of_his_own_store(shop: Shop) -> None:
    guest = shop.put("guest", "g1", name="Chen")

    shop.do("guest.edit", shop.hire("wu", "desk", store="0756"), guest, name="Chen Ming")

    assert shop.row("guest", guest)["name"] == "Chen Ming"


def test_a_record_of_headquarters_is_on_file_in_every_store_but_not_theirs_to_edit(shop: Shop) -> None:
    shop.put("file", "h1", store="hq", owner="qin")

    with pytest.raises(Forbidden):
        shop.do("file.edit", shop.hire("hu", "boss"), "h1", note="not here")


class Discreet:
    @hookimpl
    def read_filter(self, reader: str | None, record: Any) -> str | None:
        return 'self.note != "secret"' if record.name == "file" else None


def test_a_plugin_s_read_filter_also_keeps_from_acting_deputies_too(
    a_shop: Callable[..., Shop], tmp_path: Path
) -> None:
    (tmp_path / "club").mkdir()
    (tmp_path / "club" / "plugin.yaml").write_text(HEAD + PLUGIN, encoding="utf-8")
    host = Host([tmp_path], entry_points=False)
    host.register(Discreet(), "discreet")
    shop = a_shop(PLUGIN, host=host)
    shop.put("file", "f1", owner="li", note="secret")

    for person in (shop.hire("wu", "desk"), shop.hire("hu", "boss"), shop.hire("li", "desk")):
        with pytest.raises(NotFound):
            shop.do("file.edit", person, "f1", note="found out")


# --- what everybody may read of core's own records


def seen(shop: Shop, actor: Actor, record: str) -> list[str]:
    return sorted(row["id"] for row in records.query(shop.node, actor, shop.record(record)).rows)


@pytest.fixture
def office(a_shop: Callable[..., Shop], database_url: str) -> Shop:
    made: Shop = a_shop(PLUGIN, database_url)
    made.hire("chief", "boss")
    return made


def test_a_request_is_read_by_who_asked_and_who_is_to_sign(office: Shop) -> None:
    about = {"record_type": "club.file", "action": "edit", "made_at": office.now, "state": "waiting"}
    office.put("request", "q1", actor="li", needs=["boss"], **about)
    office.put("request", "q2", actor="wu", needs=[], **about)

    people = [
        office.hire("li", "desk"),
        office.hire("hu", "boss"),
        office.hire("he", "desk"),
        office.hire("ad", "store_admin"),
    ]

    assert [seen(office, actor, "request") for actor in people] == [["q1"], ["q1"], [], ["q1", "q2"]]


def test_a_conflict_is_read_by_who_decides_and_whose_work_did_not_come_through(office: Shop) -> None:
    office.put("file", "f1", owner="li")
    about = {"record_type": "club.file", "record_id": "f1", "field": "note"}
    office.put("conflict", "c1", kind="field", mine="secret", theirs="open", theirs_by="li", **about)
    office.put("conflict", "c2", kind="field", assignee="wu")
    li, wu, admin = office.hire("li", "desk"), office.hire("wu", "desk"), office.hire("ad", "store_admin")

    assert [seen(office, actor, "conflict") for actor in (li, wu, admin)] == [["c1"], ["c2"], ["c1", "c2"]]
    shown = records.fetch(office.node, li, office.record("conflict"), "c1")
    assert (shown["mine"], shown["theirs"]) == ("secret", "open"), "the file is his: he reads there what stands"


def test_who_is_away_is_known_to_all_and_why_is_not(office: Shop) -> None:
    office.put("absence", "a1", staff="hu", why="ill")

    shown = records.fetch(office.node, office.hire("li", "desk"), office.record("absence"), "a1")

    assert (shown["staff"], "why" in shown) == ("hu", False)
    assert records.fetch(office.node, office.hire("ad", "store_admin"), office.record("absence"), "a1")["why"] == "ill"


def test_a_dispatch_decision_is_read_by_the_one_chosen_and_by_audit(office: Shop) -> None:
    office.put("pick", "p1", policy="club.next", chosen="li", picked_at=office.now)

    people = [office.hire("li", "desk"), office.hire("wu", "desk"), office.hire("qin", "hq_audit", store="hq")]

    assert [seen(office, actor, "pick") for actor in people] == [["p1"], [], ["p1"]]
