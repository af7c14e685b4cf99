"""Ledgers, scorecards, dispatch orders and reports: figures, each with what is behind it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.web import reports
from stores.acts import firing
from tests.app.pages.conftest import words

MORE = """
dispatch:
  turn:
    of: staff
    label: {en: Whose turn, zh: 轮到谁}
    eligible: {counter: {rule: '"counter" in staff.roles', message: {en: Not at the counter, zh: 不在前台}}}
    prefer: [{key: '=waiting_since(staff, "turn")', label: {en: Longest without one, zh: 最久未轮到}}]
scorecards:
  month:
    label: {en: Month, zh: 月度}
    every: {month: {for: staff, where: '"counter" in staff.roles'}}
    items:
      out: {weight: 100, target: 10, value: {count: rental, where: rental.handed_by == staff}, label: {en: Handed out, zh: 租出}}
    bands: {good: 50, fail: 0}
    band_labels: {good: {en: Well done, zh: 良好}, fail: {en: Not enough, zh: 不合格}}
    read: {counter: {where: self.subject == me}, boss: {}}
reports:
  daily:
    label: {en: Daily, zh: 日报}
    every: day
    figures: {out: {count: rental, where: 'rental.state == "late"', label: {en: Late, zh: 超时}}}
    read: {boss: {}}
"""


@pytest.fixture
def busy(shop: Any) -> Any:
    """One rental that came back late, and one that is late still."""
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    text = file.read_text(encoding="utf-8")
    text = text.replace(
        "      remark:",
        "      assign: {by: counter, pick: {handed_by: turn}, label: {en: Assign, zh: 派}}\n      remark:",
    )
    file.write_text(text + MORE, encoding="utf-8")
    shop.service.node.host.reload()
    assert shop.service.node.catalog.faults == ()
    li, made = shop.as_("li"), []
    for frame in ("F-1", "F-2"):
        wheel = li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": frame}}).json()["id"]
        ask = {"bicycle": wheel, "guest": frame, "phone": "13800001111"}
        made.append(li.post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": ask}).json()["id"])
    shop.clock.pass_(hours=3)
    firing.fire_due(shop.service.node)
    li.post(f"/api/bicycle_rental/rental/{made[0]}/actions/take_back", json={})
    return shop


def test_a_ledger_shows_what_each_account_comes_to_and_opens_its_entries(busy: Any, browse: Any) -> None:
    browser = browse("li")

    page = browser.open("/ledgers/bicycle_rental/fees").text
    assert re.search(r'<b><a href="/records/bicycle_rental/fees\?account=[^"]+">¥20.00</a></b>', page)
    entries = re.search(r'href="(/records/bicycle_rental/fees\?account=[^"]+)"', page)
    assert entries is not None
    assert "Late" in browser.open(entries[1].replace("&amp;", "&")).text
    assert browser.open("/ledgers/bicycle_rental/nothing").status_code == 404


def test_a_line_of_a_scorecard_opens_the_records_it_counts_and_no_others(busy: Any, browse: Any) -> None:
    wu = busy.as_("wu")
    wu.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-9"}})
    hand = {"bicycle": wu.get("/api/bicycle_rental/bicycle?frame=F-9").json()["rows"][0]["id"], "guest": "by-another"}
    file = busy.plugins / "bicycle_rental" / "plugin.yaml"
    told = file.read_text(encoding="utf-8").replace(
        "      hand_out:\n", "      hand_out:\n        by: [counter, boss]\n"
    )
    file.write_text(told, encoding="utf-8")
    busy.service.node.host.reload()
    made = wu.post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": hand, "reason": "known"})
    assert made.status_code == 200, made.text
    browser = browse("li")

    page = browser.open("/scores/bicycle_rental/month").text
    address = re.search(r'href="(/scores/bicycle_rental/month/[^"/]+/out)"', page)
    assert address is not None
    behind = browser.open(address[1]).text

    assert "F-1" in behind
    assert "F-2" in behind
    assert "by-another" not in behind
    assert "2 records" in behind
    card = address[1].split("/")[-2]
    assert browse("an").open(address[1]).status_code in {403, 404}
    assert browser.open(f"/scores/bicycle_rental/month/{card}/nothing").status_code == 404
    assert browser.open(f"/scores/bicycle_rental/month/{card}/out?part=target").status_code == 404
    assert browser.open(f"/scores/bicycle_rental/nothing/{card}/out").status_code == 404


def test_a_scorecard_shows_the_cards_of_the_month_to_those_who_may_see_them(busy: Any, browse: Any) -> None:
    boss, li = (
        browse("wu").open("/scores/bicycle_rental/month").text,
        browse("li").open("/scores/bicycle_rental/month").text,
    )

    for page in (boss, li):
        assert "Li</a>" in page
        assert re.search(r"Handed out</td>.*?>100<.*?>10<.*?>2<.*?>20", page, re.DOTALL)
        assert "Band Not enough" in words(page)
    assert "/records/bicycle_rental/rental" in boss


def test_weights_that_are_empty_in_the_store_of_a_card_are_named_with_the_way_to_them(busy: Any, browse: Any) -> None:
    file = busy.plugins / "bicycle_rental" / "plugin.yaml"
    text = file.read_text(encoding="utf-8").replace("out: {weight: 100,", "out: {weight: =settings.share,")
    share = "  share: {type: int, default: null, min: 0, max: 100, label: {en: Share of rentals, zh: 租车权重}}\n"
    file.write_text(text.replace("settings:\n", f"settings:\n{share}", 1), encoding="utf-8")
    busy.service.node.host.reload()
    assert busy.service.node.catalog.faults == ()
    page = "/scores/bicycle_rental/month"

    told = browse("wu").open(page).text
    assert "once these weights are set, 100 together: Share of rentals." in words(told)
    assert 'href="/settings?plugin=bicycle_rental&amp;store=hq"' in told
    assert "合计 100" in browse("wu", "zh").open(page).text
    assert 'href="/settings?plugin=bicycle_rental"' in browse("li").open(page).text
    browse("wu").send("/settings/bicycle_rental/share", value="60")
    told = browse("wu").open(page).text
    assert re.search(r"Handed out</td>.*?>60<.*?>10<.*?>2<", told, re.DOTALL), "a weight that is set is shown"
    assert "do not add up to 100" in words(told)
    assert "once these weights" not in words(told)


def test_cards_of_many_people_come_in_pages(busy: Any, browse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "CARDS_MAX", 1)
    browse("wu").send("/records/core/staff/actions/hire", name="Ma", roles=["", "counter"])
    busy.clock.pass_(days=31)
    firing.fire_due(busy.service.node)
    boss, seen, page = browse("wu"), list[str](), "/scores/bicycle_rental/month"
    while page:
        html = boss.open(page).text
        seen += re.findall(r'<h2><a href="[^"]+">([^<]+)</a>', html)
        following = re.search(r'rel="next" href="([^"]+)"', html)
        page = following[1].replace("&amp;", "&") if following else ""
    assert sorted(seen) == ["Li", "Ma"]


def test_a_ranking_says_who_is_first_and_why_the_others_are_out(busy: Any, browse: Any) -> None:
    page = browse("li").open("/turns/bicycle_rental/turn").text

    assert re.search(r'<td class="num">1</td><td><a href="[^"]+">Li</a></td>\s*<td>never yet</td>', page)
    assert "Not at the counter" in page
    assert browse("an").open("/turns/bicycle_rental/turn").status_code == 403
    assert "/turns/" not in browse("an").open("/").text


def test_a_form_offers_the_candidates_first_and_says_why_and_takes_nobody_away(busy: Any, browse: Any) -> None:
    file = busy.plugins / "bicycle_rental" / "plugin.yaml"
    text = file.read_text(encoding="utf-8").replace("ask: [note, phone]", "ask: [note, phone, handed_by]")
    file.write_text(text, encoding="utf-8")
    busy.service.node.host.reload()
    rental = busy.as_("li").get("/api/bicycle_rental/rental").json()["rows"][0]["id"]

    form = browse("li").open(f"/records/bicycle_rental/rental/{rental}/actions/remark").text

    chosen = re.search(r'<select id="in-handed_by".*?</select>', form, re.DOTALL)
    assert chosen is not None
    first, others = chosen[0].split('<optgroup label="Others">')
    assert re.search(r'<optgroup label="Whose turn"><option [^>]*>1\. Li ', first)
    assert "Wu" in others
    assert "Li" not in others
    assert "Not at the counter" in form, "below, the ranking with its reasons"


def test_a_report_shows_its_figures_and_the_records_behind_each(busy: Any, browse: Any) -> None:
    boss = browse("wu")

    assert "Daily" in boss.open("/reports/bicycle_rental").text
    page = boss.open("/reports/bicycle_rental/daily?store=hq").text
    behind = re.search(r'href="(/reports/bicycle_rental/daily/out\?[^"]+)"><b>1</b>Late', page)
    assert behind is not None
    assert "hq-R0002" in boss.open(behind[1].replace("&amp;", "&")).text
    assert browse("li").open("/reports/bicycle_rental/daily").status_code == 403


def test_a_report_that_is_due_is_told_to_those_who_answer_for_it_and_opens(shop: Any, browse: Any) -> None:
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    more = MORE.replace("    every: day\n", "    every: day\n    due: '=end_of(period.end)'\n    tell: [counter]\n")
    more = more.replace("    read: {boss: {}}\n", "    read: {boss: {}, counter: {}}\n")
    text = file.read_text(encoding="utf-8")
    text = text.replace("      remark:", "      assign: {by: counter, pick: {handed_by: turn}, label: {en: Assign, zh: 派}}\n      remark:")  # fmt: skip
    file.write_text(text + more, encoding="utf-8")
    shop.service.node.host.reload()
    assert shop.service.node.catalog.faults == ()
    day = shop.clock().astimezone(shop.service.node.zone).date().isoformat()
    shop.clock.pass_(hours=24)

    firing.fire_due(shop.service.node)

    page = browse("li").open("/").text
    assert f"Daily, {day}: due now; look it over and hand it on" in page
    link = f"/reports/bicycle_rental/daily?day={day}"
    assert f'href="{link}"' in page
    assert browse("li").open(link).status_code == 200
    assert "look it over" not in browse("an").open("/").text
    listed = browse("li").open("/records/core/notice").text
    assert ">Daily<" in listed or "Daily, " in listed
    assert "bicycle_rental.reports" not in words(listed)


def test_an_order_that_depends_on_a_record_asks_for_which_and_then_shows_it(busy: Any, browse: Any) -> None:
    file = busy.plugins / "bicycle_rental" / "plugin.yaml"
    text = file.read_text(encoding="utf-8").replace(
        "    prefer: [{key: '=waiting_since",
        "    prefer: [{key: '=self.guest', label: {en: For, zh: 对象}}, {key: '=waiting_since",
    )
    text = text.replace("      assign: {by: counter,", "      assign: {from: late, by: counter,")
    file.write_text(text, encoding="utf-8")
    busy.service.node.host.reload()
    assert busy.service.node.catalog.faults == ()
    li = browse("li")

    page = li.open("/turns/bicycle_rental/turn").text
    asked = re.findall(r'<li><a href="(/turns/bicycle_rental/turn\?for=[^"]+)"><b>([^<]+)</b>', page)
    assert [name for _, name in asked] == ["hq-R0002"], "the one that is back waits for nobody"
    assert "Choose the Rental: the order depends on it" in words(page)
    assert "F-2" in words(page)
    assert "ranking" not in page
    chosen = li.open(asked[0][0]).text
    assert re.search(r'<td class="num">1</td><td><a href="[^"]+">Li</a></td>\s*<td>F-2</td>', chosen)
    assert "For: hq-R0002" in words(chosen)

    refused = busy.as_("li").get("/api/bicycle_rental/rankings/turn")
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "item-needed")


def test_an_order_for_which_nothing_waits_says_so(shop: Any, busy: Any, browse: Any) -> None:
    file = busy.plugins / "bicycle_rental" / "plugin.yaml"
    text = file.read_text(encoding="utf-8").replace('=waiting_since(staff, "turn")', "=self.guest")
    file.write_text(
        text.replace("      assign: {by: counter,", "      assign: {from: out, by: counter,"), encoding="utf-8"
    )
    busy.service.node.host.reload()

    assert "没有待安排的租赁" in browse("li", "zh").texts("/turns/bicycle_rental/turn")


def test_what_is_counted_by_different_things_stands_in_tables_of_its_own(busy: Any, browse: Any) -> None:
    file = busy.plugins / "bicycle_rental" / "plugin.yaml"
    text = file.read_text(encoding="utf-8").replace(
        "    figures: {out: {count: rental, where: 'rental.state == \"late\"', label: {en: Late, zh: 超时}}}",
        """    figures:
      handed: {count: rental, by: handed_by, label: {en: Handed out, zh: 租出}}
      colours: {count: bicycle, by: color, label: {en: Bicycles, zh: 自行车数}}""",
    )
    file.write_text(text, encoding="utf-8")
    busy.service.node.host.reload()
    assert busy.service.node.catalog.faults == ()

    page = browse("wu").open("/reports/bicycle_rental/daily?store=hq").text

    assert re.search(
        r'<th>Staff</th><th class="num">Handed out</th></tr></thead><tbody><tr><th scope="row">Li</th>', page
    )
    assert re.search(
        r'<th>Colour</th><th class="num">Bicycles</th></tr></thead><tbody><tr><th scope="row">Red</th>', page
    )
    assert page.count('<th scope="row">') == 2
