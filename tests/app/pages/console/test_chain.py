"""The chain at a glance: who is on the line, who is silent, what waits; for those who look after it and nobody else."""

from __future__ import annotations

import re
from typing import Any

import pytest

from stores.storage import credentials
from sync import keys
from tests.app.pages.conftest import words

PAGES = ("/chain", "/chain/bund", "/quarantine")


def rows(page: str) -> list[str]:
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in table.split("</tr>")]


@pytest.mark.parametrize("address", PAGES)
def test_only_who_looks_after_the_chain_sees_it(branch: Any, browse: Any, address: str) -> None:
    assert browse("wu").open(address).status_code == 200
    for login in ("li", "an", "no"):
        browser = browse(login)
        assert browser.open(address).status_code == 403
        assert f'href="{address}"' not in browser.open("/").text
    assert branch.shop.as_("li").get("/api/chain").status_code == 403


def test_a_branch_is_online_with_its_business_and_versions(branch: Any, browse: Any) -> None:
    page = browse("wu").open("/chain").text

    assert any("bund" in row and "Bicycle rental" in row and "online" in row for row in rows(page))
    told = branch.shop.as_("wu").get("/api/chain").json()["branches"]
    assert [(each["store"], each["state"], each["waiting"]) for each in told] == [("bund", "online", 0)]
    assert told[0]["nodes"][0]["versions"]["bicycle_rental"] == {"there": "1.0.0", "here": "1.0.0"}


def test_one_that_does_not_call_any_more_is_silent_since_then(branch: Any, browse: Any) -> None:
    branch.shop.clock.pass_(minutes=5)

    page = browse("wu", "zh").open("/chain?care=1").text

    assert "10:00 起失联" in page
    branch.sync()
    assert "起失联" not in browse("wu", "zh").open("/chain").text
    assert "Nothing was found" in browse("wu").texts("/chain?care=1")


def test_what_waits_there_and_what_is_wrong_stands_beside_its_name(branch: Any, browse: Any) -> None:
    made = branch.dispute()
    branch.forge(made)
    branch.shop.clock.pass_(minutes=1)
    branch.do(branch.node, branch.chen, "bicycle_rental.rental.remark", {"note": "spät"}, made)
    branch.link.before = lambda call, question: question if call == "hello" else 1 / 0
    with pytest.raises(ZeroDivisionError):
        branch.sync()

    row = next(row for row in rows(browse("wu").open("/chain").text) if "bund" in row)

    assert re.search(r"online 1 since 10:0\d 1 1 ", row), row


def test_a_branch_has_a_name_and_a_region_once_somebody_writes_them_down(branch: Any, browse: Any) -> None:
    wu = browse("wu")
    assert "/records/core/branch/actions/add?code=bund" in wu.open("/chain/bund").text

    wu.send("/records/core/branch/actions/add", code="bund", name="外滩店", name_en="The Bund", region="East")

    page = wu.open("/chain").text
    assert "The Bund" in page
    assert ">East<" in page
    assert "外滩店" in browse("wu", "zh").open("/chain/bund").text
    nowhere = wu.open("/chain/nowhere")
    assert nowhere.status_code == 404
    assert "<h1>There is nothing here</h1>" in nowhere.text


def test_on_the_map_each_branch_is_a_stop_and_what_is_wrong_stands_beside_it(branch: Any, browse: Any) -> None:
    wu = browse("wu")
    wu.send("/records/core/branch/actions/add", code="bund", name="外滩店", name_en="The Bund", region="East")

    def stop() -> str:
        return re.search(r'class="track">.*?</div>', wu.open("/chain").text, re.DOTALL)[0]  # type: ignore[index]

    assert re.search(r'<h2>East</h2><ul><li class="is-good">.*href="/chain/bund">The Bund</a></li>', stop())
    branch.dispute()
    branch.shop.clock.pass_(minutes=5)
    assert re.search(r'<li class="is-warn care">.*<small>silent since 10:00 · Conflicts 1</small>', stop())


def test_a_chain_in_which_nobody_has_joined_is_not_called_well(shop: Any, browse: Any) -> None:
    wu = browse("wu")
    wu.send("/records/core/branch/actions/add", code="bund", name="外滩店")

    for address in ("/", "/chain"):
        assert "Every line is up" not in wu.texts(address)
    assert 'href="/console/joining"' in wu.open("/").text.partition("<main")[2]


def test_a_branch_whose_plugin_has_a_fault_is_not_like_headquarters(branch: Any, browse: Any) -> None:
    (branch.shop.plugins / "bicycle_rental" / "plugin.yaml").write_text("plugin: [", encoding="utf-8")
    branch.node.host.reload()
    branch.sync()
    wu = browse("wu")

    row = next(row for row in rows(wu.open("/chain").text) if "bund" in row)

    assert "plugin faults there: 1" in row, row
    assert "Plugins plugin faults there: 1" in words(wu.open("/chain/bund").text)


def test_how_far_a_clock_is_off_is_told_in_the_largest_unit_that_says_enough(branch: Any, browse: Any) -> None:
    branch.sync()
    told = {
        40_000: "40 seconds ahead",
        -90_000: "90 seconds behind",
        720_000: "12 minutes ahead",
        22_527_148_000: "260 days ahead",
    }
    for ms, said in told.items():
        with branch.shop.service.node.database.write() as connection:
            connection.exec_driver_sql("UPDATE peer SET ahead_ms = ?", (ms,))
        assert f"clock {said}" in browse("wu").texts("/chain/bund")


def test_the_page_of_a_branch_leads_down_to_its_records(branch: Any, browse: Any) -> None:
    made = branch.rental()

    page = browse("wu").open("/chain/bund").text

    assert f'href="/records/bicycle_rental/rental/{made}"' in page
    assert 'href="/records/bicycle_rental/rental?store=bund"' in page
    assert re.search(r">Chen</td>\s*<td[^>]*><span>Hand out<", page)


def test_the_first_page_of_headquarters_shows_the_branches_that_need_care(branch: Any, browse: Any) -> None:
    assert "Every line is up" in browse("wu").texts("/")
    branch.dispute()

    page = browse("wu").open("/").text

    assert 'href="/conflicts?store=bund">1</a>' in page
    assert 'href="/chain"' not in browse("li").open("/").text


def test_lists_of_all_branches_are_narrowed_by_branch_and_by_region_and_say_their_names(
    branch: Any, browse: Any
) -> None:
    branch.rental()
    wu = browse("wu")
    wu.send("/records/core/branch/actions/add", code="bund", name="外滩店", name_en="The Bund", region="East")
    wu.send("/records/core/branch/actions/add", code="jing", name="静安店", region="West")
    listing = "/records/bicycle_rental/rental"

    page = wu.open(listing).text

    assert ">The Bund</span>" in page
    assert '<option value="bund">The Bund</option>' in page
    assert '<option value="jing">West</option>' in page
    assert "陈先生" in wu.open(f"{listing}?store.in=bund").text
    assert "陈先生" not in wu.open(f"{listing}?store.in=jing").text
    assert "陈先生" not in wu.open(f"{listing}?store=jing").text


def test_a_store_without_a_name_whose_last_node_was_shut_out_stays_and_says_what_to_do(
    branch: Any, browse: Any
) -> None:
    made = branch.rental()
    branch.shop.clock.pass_(minutes=1)
    branch.do(branch.node, branch.chen, "bicycle_rental.rental.remark", {"note": "spät"}, made)
    branch.link.before = lambda call, question: question if call == "hello" else 1 / 0
    with pytest.raises(ZeroDivisionError):
        branch.sync()
    wu = browse("wu")

    wu.send("/console/joining/revoke", node="bund-01", reason="stolen")

    stop = re.search(r"<li class=.*</li>", wu.open("/chain").text)
    assert stop is not None
    assert re.fullmatch(
        r'<li class="is-bad care">.*>bund</a><small>shut out 10:0\d · To send 1</small></li>', stop[0]
    ), stop[0]
    assert "bund" in wu.texts("/chain?care=1")
    page = wu.open("/chain/bund").text
    assert "To bring it back, make a new code" in page
    assert "1 change that it did not send" in page
    assert 'href="/console/joining?store=bund"' in page
    assert 'value="bund"' in wu.open("/console/joining?store=bund").text
    assert "没有可用节点" in browse("wu", "zh").open("/chain/bund").text
    assert browse("wu").texts("/closings").count("Not closed") == 1, "the tab alone: nobody is there to close a day"
    told = branch.shop.as_("wu").get("/api/chain").json()["branches"]
    assert [(each["store"], each["state"]) for each in told] == [("bund", "shut")]


def test_a_store_with_another_node_says_nothing_of_the_one_that_was_shut_out(branch: Any, browse: Any) -> None:
    hub = branch.shop.service.node
    with hub.database.write() as connection:
        credentials.add_credential(connection, keys.hashed("old"), "bund-00", "bund", hub.now())
    wu = browse("wu")

    wu.send("/console/joining/revoke", node="bund-00", reason="replaced")

    assert "bund-00" not in wu.open("/chain/bund").text
    assert 'class="is-good"' in wu.open("/chain").text


def test_a_store_that_is_closed_for_good_is_silent_without_needing_care(branch: Any, browse: Any) -> None:
    wu = browse("wu")
    made = wu.send("/records/core/branch/actions/add", code="bund", name="外滩店").url.path.rpartition("/")[2]
    wu.send(f"/records/core/branch/{made}/actions/edit", name="外滩店", closed_on="2026-03-12")
    assert "online" in wu.open("/chain").text, "it still calls"

    branch.shop.clock.pass_(minutes=5)

    assert "closed for good 2026-03-12" in wu.open("/chain").text
    assert "Nothing was found" in wu.texts("/chain?care=1")
    assert "2026-03-12 停业" in browse("wu", "zh").open("/closings").text
