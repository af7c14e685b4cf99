"""Sections: forms and pages under the headings of the plugin, and sections that are there only while something holds."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.app.pages.actions.test_action import HAND_OUT, bicycle

VIEW = """
views:
  rental_form:
    kind: form
    of: rental
    label: {en: Rental, zh: 租赁}
    sections:
      - {label: {en: Which, zh: 车辆}, fields: [bicycle]}
      - {label: {en: Who, zh: 客人}, fields: [guest, phone]}
      - {label: {en: Why no phone, zh: 未留电话}, fields: [note], when: not has(self.phone)}
"""


@pytest.fixture
def sectioned(shop: Any) -> Any:
    with (shop.plugins / "bicycle_rental" / "plugin.yaml").open("a", encoding="utf-8") as file:
        file.write(VIEW)
    shop.service.node.host.reload()
    assert "rental_form" in shop.service.node.catalog.plugin("bicycle_rental").views
    return shop


def test_a_form_stands_under_its_headings_and_says_which_are_there(sectioned: Any, browse: Any) -> None:
    browser = browse("li")

    form = browser.open(HAND_OUT).text

    assert re.findall(r"<legend>([^<]+)", form) == ["Which", "Who", "Why no phone"]
    assert "data-sections" in form
    key = {"_key": "bicycle_rental.rental::hand_out"}
    assert browser.send("/sections", **key, phone="").json() == [True, True, True]
    assert browser.send("/sections", **key, phone="13800001111").json() == [True, True, False]
    assert browser.send("/sections", **key, phone="1380").json() == [True, True, True]  # half typed: as if empty
    assert len(re.findall(r"data-section data-off", browser.open(f"{HAND_OUT}?phone=13800001111").text)) == 1


def test_a_section_that_is_not_there_is_not_on_the_page_of_the_record_either(sectioned: Any, browse: Any) -> None:
    li = sectioned.as_("li")
    pages = []
    for frame, phone in (("F-1", "13800001111"), ("F-2", None)):
        ask = {"bicycle": bicycle(sectioned, frame), "guest": "Chen", "note": "by the door", "phone": phone}
        made = li.post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": ask, "reason": "known"}).json()
        pages.append(browse("li").open(f"/records/bicycle_rental/rental/{made['id']}").text)

    assert ["Why no phone" in page for page in pages] == [False, True]
    assert all(re.search(r"<h2>Which</h2>", page) for page in pages)
    action = f"/records/bicycle_rental/rental/{made['id']}/actions/remark"
    assert re.findall(r"<legend>([^<]+)", browse("li").open(action).text) == ["Who", "Why no phone"]


def test_nobody_is_told_of_a_form_he_may_not_fill_in(sectioned: Any, browse: Any) -> None:
    assert browse("an").send("/sections", _key="bicycle_rental.rental::hand_out").status_code == 403
    assert browse("li").send("/sections", _key="bicycle_rental.rental:nobody:remark").status_code == 404
    assert browse("li").send("/sections", _key="bicycle_rental.rental::nothing").status_code == 404
