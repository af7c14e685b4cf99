"""People with their posts over the whole chain, and what was done in it."""

from __future__ import annotations

import re
from typing import Any

import pytest


@pytest.mark.parametrize("address", ["/console/people", "/console/audit", "/console/joining", "/console/plugins"])
def test_it_is_for_those_who_look_after_the_chain(branch: Any, browse: Any, address: str) -> None:
    assert browse("wu").open(address).status_code == 200
    assert f'href="{address}"' in browse("wu").open("/").text
    assert browse("li").open(address).status_code == 403


def test_people_are_found_by_store_and_by_post(branch: Any, browse: Any) -> None:
    wu = browse("wu")

    def names(address: str) -> list[str]:
        body = wu.open(address).text.partition('id="people"')[2].partition("<details")[0]
        return re.findall(r'<a href="/records/core/staff/[^"]+">([^<]+)</a>', body)

    assert names("/console/people") == ["Chen", "An", "Li", "No", "Wu"]
    assert names("/console/people?store=bund") == ["Chen"]
    assert names("/console/people?role=bicycle_rental.counter") == ["Chen", "Li"]
    assert names("/console/people?role=core.hq_admin") == ["Wu"]
    assert names("/console/people?q=Wu") == ["Wu"]


def test_posts_say_who_gives_them_and_how_many_hold_them(branch: Any, browse: Any) -> None:
    page = browse("wu").texts("/console/people")

    assert "Headquarters administrator — headquarters only 1" in page
    assert "Counter — the store 2" in page


def test_the_log_of_each_node_is_told_in_words_and_only_of_what_one_reads(branch: Any, browse: Any) -> None:
    made = branch.rental()

    page = browse("wu").open("/console/audit?log=bund-01.1").text

    assert re.search(
        rf'>Chen</td>\s*<td[^>]*><span>Hand out</span></td>\s*<td[^>]*><a href="/records/bicycle_rental/rental/{made}"',
        page,
    )
    assert "3 lines, head" in page or "4 lines, head" in page
    assert "Chen" not in browse("wu").open("/console/audit?log=bund-01.1&before=1").text.partition("<tbody>")[2]


def test_a_post_given_for_a_period_stands_beside_the_others_and_is_found(branch: Any, browse: Any) -> None:
    wu = browse("wu")
    wu.send("/records/core/assignment/actions/give", staff=branch.chen, role="hq_audit", _store="hq")
    wu.send("/records/core/assignment/actions/give", staff=branch.shop.staff["li"], role="hq_audit", _store="hq")

    assert re.search(r"Li l?i? ?.* Counter, Headquarters audit for a period", wu.texts("/console/people"))
    page = wu.open("/console/people?role=core.hq_audit").text
    assert re.search(r'class="note">for a period: <a href="/records/core/staff/[^"]+">Li</a></p>', page)
