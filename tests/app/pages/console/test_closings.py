"""Which days of which store are closed, signed and proved, at headquarters; which are not, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.pages.console.closings import last_day
from app.pages.frame.desk import Desk
from stores.storage import closings
from sync.closing import close_due
from tests.app.pages.conftest import words
from tests.app.pages.console.test_chain import rows

PAGE = "/closings"


def close(branch: Any, days: int = 1) -> None:
    branch.shop.clock.pass_(hours=24 * days)
    branch.sync()
    close_due(branch.node, branch.link, timedelta(hours=6))


def test_only_who_looks_after_the_chain_sees_the_days_of_all_stores(branch: Any, browse: Any) -> None:
    close(branch)

    assert browse("wu").open(PAGE).status_code == browse("wu").open(f"{PAGE}/bund").status_code == 200
    for address in (PAGE, f"{PAGE}/bund"):
        assert browse("li").open(address).status_code == 403
    assert browse("wu").open(f"{PAGE}/nowhere").status_code == 404
    assert f'href="{PAGE}"' not in browse("li").open("/").text


def test_a_closed_day_says_how_many_records_it_had_and_one_that_is_missing_says_so(branch: Any, browse: Any) -> None:
    branch.rental()
    close(branch)

    (row,) = (row for row in rows(browse("wu").open(PAGE).text) if "bund" in row)
    assert row.startswith("bund closed online")
    assert row.endswith(" 3"), row  # Chen, the bicycle, the rental
    branch.shop.clock.pass_(hours=48)
    late = browse("wu", "zh").open(f"{PAGE}?show=open").text
    assert "2 天未结" in late
    assert late.count(">未结</span>") == 2


def test_a_store_on_time_is_not_among_those_that_are_open(branch: Any, browse: Any) -> None:
    assert "bund joined today" in browse("wu").texts(PAGE)
    close(branch)

    assert "Every day that has ended is closed" in browse("wu").texts(f"{PAGE}?show=open")


def test_the_days_of_a_store_are_proved_by_signature_and_log(branch: Any, browse: Any) -> None:
    branch.rental()
    close(branch)
    wu = browse("wu")
    assert "Day 2026-03-13 closed" in wu.texts(f"{PAGE}/bund")
    assert "signature and log agree" in wu.texts(f"{PAGE}/bund")
    hub = branch.shop.service.node

    with hub.database.write() as connection:
        (kept,) = closings.latest(connection)
        closings.keep(connection, replace(kept, records=kept.records + 1))

    assert "does not match the log" in wu.texts(f"{PAGE}/bund")


def test_days_come_a_month_to_a_page(branch: Any, browse: Any) -> None:
    branch.rental()
    close(branch)
    hub, wu = branch.shop.service.node, browse("wu")
    with hub.database.write() as connection:
        (kept,) = closings.latest(connection)
        for back in range(1, 40):
            closings.keep(connection, replace(kept, day=f"2025-{12 - back // 28:02}-{28 - back % 28:02}"))

    first = wu.open(f"{PAGE}/bund")

    assert first.text.count('<td class="short" data-label="Day">') == 31
    following = wu.open(first.text.partition('rel="next" href="')[2].partition('"')[0])
    assert following.text.count('<td class="short" data-label="Day">') == 9


@pytest.fixture
def counter(branch: Any) -> Desk:
    """Chen's desk at the branch itself."""
    service = replace(branch.shop.service, node=branch.node, worker=None)
    return Desk(service, branch.node.catalog, "en", "127.0.0.1", None, None, None)  # type: ignore[arg-type]


def test_the_branch_is_told_in_one_sentence(branch: Any, counter: Desk) -> None:
    assert last_day(counter, "bund") == ("No day has been closed yet", "quiet")
    branch.rental()
    close(branch)

    assert last_day(counter, "bund")[1] == "good"
    assert last_day(counter, "bund")[0].startswith("Day 2026-03-13 closed: ")
    branch.shop.clock.pass_(hours=24)
    branch.do(branch.node, branch.chen, "bicycle_rental.bicycle.add", {"frame": "B-2"})
    assert last_day(counter, "bund") == ("days not closed: 1, closed up to 2026-03-13, 1 to send", "warn")


def test_the_page_of_a_branch_leads_to_its_days(branch: Any, browse: Any) -> None:
    close(branch)

    page = browse("wu").open("/chain/bund").text

    assert f'href="{PAGE}/bund"' in page
    assert "Day 2026-03-13 closed" in words(page)
