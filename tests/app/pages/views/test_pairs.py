"""Two records side by side: what differs, what is taken over, who may decide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.app.conftest import opened_shop
from tests.app.pages.conftest import opened, words

PLUGIN = """
plugin: guest_book
version: 1.0.0
label: {en: Guest book, zh: 访客簿}
roles: {counter: {label: {en: Counter, zh: 前台}}, boss: {label: {en: Boss, zh: 店主}}, viewer: {label: {en: Viewer, zh: 查看}}}
records:
  guest:
    label: {en: Guest, zh: 访客}
    fields:
      name: {type: text, required: true, unique: true, label: {en: Name, zh: 姓名}}
      note: {type: text, label: {en: Note, zh: 备注}}
    states: {known: {en: Known, zh: 已知}}
    by: [counter, boss]
    actions: {add: {from: new, to: known, ask: [name, note], label: {en: Add, zh: 新增}}}
    read: {counter: {}, boss: {}}
  again:
    label: {en: Second entry, zh: 再次登记}
    fields:
      guest: {type: ref, to: guest, required: true, label: {en: Guest, zh: 访客}}
      name:  {type: text, mask: first1, label: {en: Name, zh: 姓名}}
      note:  {type: text, label: {en: Note, zh: 备注}}
      taken: {type: list, of: {type: enum, of: {note: {en: Note, zh: 备注}}}, label: {en: Taken, zh: 采用}}
      why:   {type: text, label: {en: Why, zh: 说明}}
    states: {open: {en: Open, zh: 待处理}, merged: {en: Merged, zh: 已合并}, kept: {en: Kept, zh: 保留}}
    by: boss
    actions:
      propose: {from: new, to: open, by: counter, ask: [guest, name, note], label: {en: Propose, zh: 提出}}
      merge:
        from: open
        to: merged
        ask: [taken, why]
        update: {guest: {where: 'guest == self.guest and "note" in self.taken', set: {note: =self.note}}}
        label: {en: Same guest, zh: 同一访客}
      keep:
        from: open
        to: kept
        ask: [why]
        checks: {said: {rule: has(self.why), message: {en: Say why, zh: 请说明}}}
        label: {en: Two guests, zh: 两位访客}
    read: {counter: {}, boss: {}, viewer: {mask: [name]}}
views:
  twice: {kind: pairs, of: again, where: 'self.state == "open"', against: guest, compare: {name: name, note: note}, take: taken, label: {en: Twice, zh: 重复}}
"""
VIEW = "/views/guest_book/twice"


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Any]:
    folder = tmp_path / "plugins" / "guest_book"
    folder.mkdir(parents=True)
    (folder / "plugin.yaml").write_text(PLUGIN, encoding="utf-8")
    with opened_shop(tmp_path) as shop:
        yield shop


@pytest.fixture
def pair(book: Any) -> str:
    """Chen, known as a smoker, is entered again as a non-smoker; return the id of the proposal."""
    li = book.as_("li")
    guest = li.post("/api/guest_book/guest/actions/add", json={"ask": {"name": "Chen", "note": "smokes"}}).json()["id"]
    ask = {"guest": guest, "name": "Chen", "note": "smokes no more"}
    return str(li.post("/api/guest_book/again/actions/propose", json={"ask": ask}).json()["id"])


def note(book: Any) -> str:
    return str(book.as_("li").get("/api/guest_book/guest").json()["rows"][0]["note"])


def test_both_stand_side_by_side_and_what_differs_is_marked(book: Any, pair: str) -> None:
    page = opened(book, "wu").open(VIEW).text

    assert re.search(r"Name Chen Chen Note smokes smokes no more ≠", words(page))
    assert f'href="/pairs/guest_book/twice/{pair}"' in page


def test_what_is_ticked_is_taken_over_by_the_ordinary_action(book: Any, pair: str) -> None:
    wu = opened(book, "wu")
    page = wu.open(f"/pairs/guest_book/twice/{pair}").text
    assert 'name="taken" value="note"' in page
    assert 'value="name"' not in page, "the same on both sides: nothing to take"

    done = wu.send(f"/records/guest_book/again/{pair}/actions/merge", taken=["", "note"], why="phoned", _next=VIEW)

    assert "Done: Same guest" in done.text
    assert "Nothing waits to be compared" in done.text
    assert note(book) == "smokes no more"


def test_a_decision_that_is_refused_says_why_beside_its_input(book: Any, pair: str) -> None:
    wu = opened(book, "wu")

    refused = wu.send(f"/records/guest_book/again/{pair}/actions/keep", why="", _next=VIEW)

    assert refused.status_code == 422
    assert "Say why" in refused.text
    assert "Two guests" in wu.open(f"/pairs/guest_book/twice/{pair}").text
    wu.send(f"/records/guest_book/again/{pair}/actions/keep", why="two brothers", _next=VIEW)
    assert note(book) == "smokes"


def test_who_may_not_decide_sees_no_button_and_what_is_masked_is_not_told_apart(book: Any, pair: str) -> None:
    page = opened(book, "an").open(f"/pairs/guest_book/twice/{pair}").text

    assert "Chen" not in page, "the known guest is not hers to read, and the name is masked"
    assert "≠" not in page
    assert "actions/merge" not in page
    assert opened(book, "no").open(f"/pairs/guest_book/twice/{pair}").status_code in (403, 404)
    assert opened(book, "wu").open("/pairs/guest_book/nothing/x").status_code == 404


def test_a_form_goes_on_to_pages_of_this_node_only(book: Any, pair: str) -> None:
    done = opened(book, "wu").send(
        f"/records/guest_book/again/{pair}/actions/merge", taken="", follow=False, _next="https://elsewhere.example/"
    )

    assert done.headers["location"].startswith(f"/records/guest_book/again/{pair}")


def test_the_inbox_has_the_pairs_of_every_business(book: Any, pair: str) -> None:
    assert "smokes no more" in opened(book, "wu").texts("/duplicates")
    assert "Nothing waits to be compared" in opened(book, "no").texts("/duplicates")
