"""Two writes side by side, and the decision: one click, a new value, or somebody else's to take."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from app.signin.passwords import Passwords
from app.signin.staffing import NewPerson, add_person
from stores.changes import conflicts, log
from stores.changes.commit import Deed, Edit, commit
from stores.changes.merging import Dissent
from stores.storage import counters
from tests.app.pages.conftest import PASSWORD, words
from tests.app.pages.console.conftest import RENTAL


def only(browser: Any) -> str:
    found = re.findall(r'<a class="button" href="(/conflicts/[^"]+)"', browser.open("/conflicts").text)
    assert len(found) == 1
    return str(found[0])


def test_both_values_stand_side_by_side_with_who_wrote_them_where(branch: Any, browse: Any) -> None:
    branch.dispute()

    page = words(browse("wu").open("/conflicts").text)

    assert re.search(
        r"Before both 白天 Written at headquarters first stands now 总部备注 Li · \S+ · Headquarters", page
    )
    assert re.search(r"Came in 门店备注 Chen · \S+ · bund", page)
    assert "Settled by: the later edit" in page


def test_one_click_takes_the_other_value_and_it_reaches_the_branch(branch: Any, browse: Any) -> None:
    made, wu = branch.dispute(), browse("wu")

    said = wu.send(only(wu), keep="other")

    assert "Decided" in said.text
    assert branch.note(branch.shop.service.node, made) == ("门店备注", True)
    branch.sync()
    assert branch.note(branch.node, made) == ("门店备注", True)
    history = words(wu.open("/conflicts?state=resolved").text)
    assert "The other value · Wu" in history
    assert re.search(r"Came in stands now 门店备注", history), "what was decided stands, not what stood until then"


def test_a_new_value_is_entered_as_the_field_wants_it(branch: Any, browse: Any) -> None:
    made, wu = branch.dispute(), browse("wu")
    address = only(wu)

    nothing = wu.send(address)
    assert nothing.status_code == 422
    assert "say what is to stand" in nothing.text
    wu.send(address, keep="value", value="两边都对")

    assert branch.note(branch.shop.service.node, made) == ("两边都对", True)
    assert re.search("Decision: A new value: 两边都对 · Wu", wu.texts(address)), "what was entered stays to be read"


def test_it_is_given_to_somebody_until_a_moment(branch: Any, browse: Any) -> None:
    branch.dispute()
    wu = browse("wu")
    address = only(wu)

    wu.send(f"{address}/assign", assignee=branch.shop.staff["wu"], due="2026-03-13T09:00")

    page = wu.open("/conflicts?mine=1").text
    assert "Assign to Wu" in page
    assert '<span class="tone-bad">due 09:00' in page


def test_those_ticked_are_decided_together_and_one_that_is_gone_says_so(branch: Any, browse: Any) -> None:
    made, wu = branch.dispute(), browse("wu")
    one = only(wu).rpartition("/")[2]

    done = wu.send("/conflicts", id=[one, "no-such-id"], deed="other")

    assert done.status_code == 422
    assert "2 chosen; some could not be done" in done.text
    assert branch.note(branch.shop.service.node, made) == ("门店备注", True)


def test_with_nothing_ticked_nothing_is_said_to_be_done(branch: Any, browse: Any) -> None:
    branch.dispute()

    done = browse("wu", "zh").send("/conflicts", deed="other")

    assert done.status_code == 422
    assert "尚未勾选冲突" in done.text
    assert "部分未能处理" not in done.text


def test_it_is_given_to_administrators_of_its_store_and_of_headquarters_only(branch: Any, browse: Any) -> None:
    hub, passwords = branch.shop.service.node, Passwords.quick()
    for name, store in (("Bo", "bund"), ("Ji", "jing")):
        person = NewPerson(name, name.lower(), PASSWORD, ("store_admin",), store=store)
        add_person(hub, passwords, person)
    branch.dispute()
    wu = browse("wu")

    for page in (wu.open(only(wu)).text, wu.open("/conflicts?store=bund").text):
        offered = page.partition('name="assignee"')[2].partition("</select>")[0]
        assert re.findall(r">([^<]+)</option>", offered) == ["—", "Wu", "Bo"]


def test_who_decides_nothing_sees_only_what_concerns_him_and_no_button(branch: Any, browse: Any) -> None:
    branch.dispute()
    address = only(browse("wu"))

    assert "No open conflicts" in browse("li").texts("/conflicts")
    assert browse("li").open(address).status_code == 404
    assert browse("li").send(address, keep="other").status_code == 404


def test_links_to_a_conflict_lead_to_its_own_page(branch: Any, browse: Any) -> None:
    branch.dispute()

    page = browse("wu").open("/").text

    assert 'href="/conflicts"' in page
    assert "/records/core/conflict" not in page


def test_of_two_records_with_one_number_both_stand_and_one_gets_another(branch: Any, browse: Any) -> None:
    hub, wu = branch.shop.service.node, browse("wu")
    ours = branch.do(hub, branch.shop.staff["li"], "bicycle_rental.bicycle.add", {"frame": "F-9"})
    theirs = branch.do(branch.node, branch.chen, "bicycle_rental.bicycle.add", {"frame": "F-9"})
    branch.sync()

    inbox = wu.open("/conflicts").text
    assert "The same stands in: Bicycle F-9" in words(inbox)
    assert f'href="/records/bicycle_rental/bicycle/{ours}"' in inbox
    assert ours not in words(inbox), "an id is nothing to read"
    assert "Take the other</button>" not in inbox
    page = wu.open(only(wu)).text
    assert "Both records are kept" in page

    wu.send(only(wu), keep="value", value="F-10")

    assert "F-10" in words(browse("li").open(f"/records/bicycle_rental/bicycle/{theirs}").text)
    assert "F-10" not in words(browse("li").open(f"/records/bicycle_rental/bicycle/{ours}").text)


@pytest.fixture
def broken(branch: Any) -> Any:
    """Write down that two edits broke a rule together, as a merge would: of a check, or of a field's limits."""

    def write(field: str | None, detail: str | None) -> str:
        made, node = branch.rental(), branch.shop.service.node
        branch.sync()
        with node.database.write() as connection:
            line = log.latest(connection, "bund-01.1", 1)[0]
            dissent = Dissent(
                "broken", line.type, made, "bund", field, None, None, None, None, line,
                policy="check" if detail else "limit", outcome="both", detail=detail,
            )  # fmt: skip
            standing = counters.load(connection, node)
            conflicts.record(connection, node, standing, [dissent], "bund")
            counters.save(connection, standing)
        return str(made)

    return write


def test_a_rule_that_two_edits_broke_is_told_in_the_words_of_its_plugin(branch: Any, broken: Any, browse: Any) -> None:
    record = branch.shop.service.node.catalog.records[RENTAL]
    action = next(each for each in record.actions.values() if each.checks)
    broken(None, f"{action.name}.{action.checks[0].name}")
    wu = browse("wu")

    page = words(wu.open(only(wu)).text)

    assert "A rule that no longer holds" in page
    assert action.checks[0].message.en in page
    assert "act on the record itself" in page


def test_a_field_beyond_its_limits_is_mended_where_it_is_told(branch: Any, broken: Any, browse: Any) -> None:
    made, wu = broken("note", None), browse("wu")
    address = only(wu)

    page = words(wu.open(address).text)
    assert "beyond the limits of the field" in page
    assert "Take the other" not in page
    wu.send(address, keep="value", value="两边都对")

    assert branch.note(branch.shop.service.node, made) == ("两边都对", True)


def test_a_record_that_was_not_there_is_told_in_words(branch: Any, browse: Any) -> None:
    made, hub = branch.rental(), branch.shop.service.node
    told_of(hub, {"kind": "differs", "record_type": RENTAL, "record_id": made, "detail": "missing"})

    page = browse("wu").texts("/conflicts")

    assert "The record was not there; it was put back from the log" in page
    assert "missing" not in page


def test_a_record_that_was_lost_can_be_read_in_its_conflict(branch: Any, browse: Any) -> None:
    hub = branch.shop.service.node
    lost = {"kind": "create", "code": "bund", "name": "外滩店", "opened_on": "2026-03-01"}
    about = {"kind": "refilled", "record_type": "core.branch", "record_id": hub.new_id(), "theirs": json.dumps(lost)}
    told_of(hub, about)
    wu = browse("wu")

    page, one = words(wu.open("/conflicts").text), words(wu.open(only(wu)).text)

    for each in (page, one):
        assert "Branch 外滩店" in each, "what it was called, though it is not on file"
        assert "What does not stand, as it was kept Code bund Name 外滩店" in each
    assert "enter it anew" in one


def told_of(hub: Any, cells: dict[str, Any]) -> None:
    """Write a conflict of the Bund, as headquarters does about a whole record."""
    with hub.database.write() as connection:
        open_ = {**cells, "outcome": "current", "state": "open"}
        edit = Edit(hub.catalog.records["core.conflict"], hub.new_id(), "bund", "create", open_)
        commit(connection, hub, Deed(hub.new_id(), "core.conflict.open", "system", hub.now()), [edit])


def test_the_page_of_the_record_says_what_is_disputed_and_then_what_was_decided(branch: Any, browse: Any) -> None:
    made, wu = branch.dispute(), browse("wu")
    record = f"/records/bicycle_rental/rental/{made}"
    address = only(wu)

    page = wu.open(record).text
    assert "Note: written in two places at once, not decided yet" in words(page)
    assert f'<a href="{address}">Look at both</a>' in page
    wu.send(address, keep="other")

    page = wu.open(record).text
    assert re.search(r"Note: a conflict was decided \(The other value · Wu · [^)]+\)", words(page))
    assert "not decided yet" not in words(page)
    branch.shop.clock.pass_(hours=15 * 24)
    assert "a conflict was decided" not in words(wu.open(record).text)
