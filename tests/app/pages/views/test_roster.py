"""The roster of a week: ticked and saved, as last week, with who is away; for those who may plan."""

from __future__ import annotations

import re
from typing import Any

HOURS = {"starts": "18:00", "ends": "02:00"}
WEEK, NEXT = "2026-03-09", "2026-03-16"  # the shop's clock stands on Friday the 13th


def boxes(page: str) -> dict[str, bool]:
    """Return the boxes of a roster by what they are called, and whether they are ticked."""
    found = re.findall(r'name="on" value="[^"]*"( checked)?><span class="unseen">([^<]+)</span>', page)
    return {name: bool(ticked) for ticked, name in found}


def tick(shop: Any, login: str, day: str, like: str = "") -> str:
    return f"{shop.staff[login]}@{day}|{like}"


def had(page: str) -> list[str]:
    return re.findall(r'name="had" value="([^"]+)"', page)


def planned(shop: Any) -> list[tuple[str, str, str]]:
    rows = shop.as_("wu").get("/api/core/duty?state=planned&sort=starts_at").json()["rows"]
    return [(row["day"], row["starts_at"][:16], row["ends_at"][:16]) for row in rows]


def test_a_week_is_planned_by_ticking_and_what_is_unticked_is_taken_off(shop: Any, browse: Any) -> None:
    boss = browse("wu")
    days = boxes(boss.open(f"/roster?week={WEEK}").text)
    assert ("Li 2026-03-12" in days, days["Li 2026-03-13"]) == (False, False), "what is past is not planned any more"

    done = boss.send("/roster", week=NEXT, **HOURS, on=[tick(shop, "li", NEXT), tick(shop, "an", "2026-03-17")])

    assert "The roster is saved" in done.text
    assert planned(shop) == [
        ("2026-03-16", "2026-03-16T18:00", "2026-03-17T02:00"),
        ("2026-03-17", "2026-03-17T18:00", "2026-03-18T02:00"),
    ]
    shown = boxes(done.text)
    assert [name for name, ticked in shown.items() if ticked] == ["An 2026-03-17", "Li 2026-03-16"]
    boss.send("/roster", week=NEXT, **HOURS, on=[tick(shop, "li", NEXT)], had=had(done.text))
    assert [day for day, *_ in planned(shop)] == ["2026-03-16"]


def test_a_week_is_ticked_as_the_last_one_with_everybodys_own_hours(shop: Any, browse: Any) -> None:
    boss = browse("wu")
    boss.send("/roster", week=NEXT, **HOURS, on=[tick(shop, "li", NEXT), tick(shop, "an", NEXT, "09:00-17:00")])

    page = boss.open("/roster?week=2026-03-23&like=last").text
    boss.send("/roster", week="2026-03-23", **HOURS, on=re.findall(r'name="on" value="([^"]*)" checked', page))

    assert [day for day, ticked in boxes(page).items() if ticked] == ["An 2026-03-23", "Li 2026-03-23"]
    assert ("2026-03-23", "2026-03-23T09:00", "2026-03-23T17:00") in planned(shop)
    assert ("2026-03-23", "2026-03-23T18:00", "2026-03-24T02:00") in planned(shop)


def test_a_day_that_cannot_be_planned_is_named_and_the_others_are_saved(shop: Any, browse: Any) -> None:
    boss = browse("wu")

    told = boss.send(
        "/roster", week=NEXT, starts="", ends="", on=[tick(shop, "li", NEXT), tick(shop, "an", NEXT, "09:00-17:00")]
    )

    assert told.status_code == 422
    assert "Li 2026-03-16: A shift has a beginning and an end" in " ".join(re.sub(r"<[^>]+>", " ", told.text).split())
    assert len(planned(shop)) == 1


def test_who_is_away_is_marked_and_who_is_there_today_is_pressed(shop: Any, browse: Any) -> None:
    boss = browse("wu")
    away = {"staff": shop.staff["an"], "kind": "annual", "from_at": "2026-03-17 00:00", "to_at": "2026-03-18 00:00"}
    asked = shop.as_("wu").post("/api/core/time_off/actions/enter", json={"ask": away}).json()["id"]
    shop.as_("wu").post(f"/api/core/time_off/{asked}/actions/grant", json={})
    assert boss.open(f"/roster?week={NEXT}").text.count("away</span>") == 1

    page = boss.send("/roster", week=WEEK, **HOURS, on=[tick(shop, "li", "2026-03-13")]).text
    press = re.search(r'formaction="([^"]+/actions/arrive)"', page)
    assert press is not None
    there = boss.send(press[1], _next="/roster")

    assert there.url.path == "/roster"
    assert "/actions/sign_out" in there.text
    assert "Present" in there.text
    assert "Li 2026-03-13" not in boxes(there.text)


def test_who_may_not_plan_reads_the_roster_and_changes_nothing(shop: Any, browse: Any) -> None:
    browse("wu").send("/roster", week=NEXT, **HOURS, on=[tick(shop, "li", NEXT)])
    li = browse("li")

    page = li.open(f"/roster?week={NEXT}").text
    refused = li.send("/roster", week=NEXT, **HOURS, on=[], had=had(page))

    assert "18:00–02:00" in page
    assert boxes(page) == {}
    assert refused.status_code == 422
    assert len(planned(shop)) == 1


def test_hours_and_person_of_one_shift_are_changed(shop: Any, browse: Any) -> None:
    browse("wu").send("/roster", week=NEXT, **HOURS, on=[tick(shop, "li", NEXT)])
    wu = shop.as_("wu")
    duty = wu.get("/api/core/duty?state=planned").json()["rows"][0]["id"]

    wu.post(
        f"/api/core/duty/{duty}/actions/change",
        json={"ask": {"staff": shop.staff["an"], "ends_at": "2026-03-16 23:00"}},
    )
    backwards = wu.post(f"/api/core/duty/{duty}/actions/change", json={"ask": {"ends_at": "2026-03-16 17:00"}})

    now = wu.get(f"/api/core/duty/{duty}").json()
    assert (now["staff"], now["ends_at"][11:16]) == (shop.staff["an"], "23:00")
    assert backwards.status_code == 422
