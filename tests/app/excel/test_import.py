"""Files as actions: looked at first, a reason per row, nothing half done, nothing done twice, nobody beyond his rights."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from app.excel import pages
from tests.app.excel.sheets import made, rows_of
from tests.app.pages.conftest import words

ADD = "/records/bicycle_rental/bicycle/import/add"
HAND_OUT = "/records/bicycle_rental/rental/import/hand_out"
API = "/api/bicycle_rental/bicycle/actions/add/import"


def send(browser: Any, address: str, raw: bytes, **more: Any) -> Any:
    files = {"file": ("bicycles.xlsx", raw, "application/octet-stream")}
    return browser.client.post(address, data={"_form": browser.proof(), **more}, files=files)


def finish(browser: Any, address: str) -> Any:
    """Press the button that goes on until there is none, as the page's script does."""
    page = browser.open(address)
    while "data-goes-on" in page.text:
        step = re.search(r'action="[^"]+/(check|go)"', page.text)
        assert step is not None
        page = browser.send(f"{address}/{step[1]}")
    return page


def frames(shop: Any) -> list[str]:
    rows = shop.as_("li").get("/api/bicycle_rental/bicycle?sort=frame").json()["rows"]
    return [row["frame"] for row in rows]


def states(page: Any) -> list[str]:
    return re.findall(r'<span class="pill is-\w+">([^<]+)', page.text)


def test_the_template_has_a_column_per_input_and_can_be_sent_back(shop: Any, browse: Any) -> None:
    browser = browse("li", "zh")

    (head,) = rows_of(browser.open(f"{ADD}/template").content)

    assert head == ["车架号 *", "颜色", "门店"]  # headquarters says for which store
    send(browser, ADD, made(head, ["F-1", "绿"]))
    finish(browser, ADD)
    finish_page = browser.send(f"{ADD}/go")
    assert "导入完成：1 行" in finish_page.text
    assert frames(shop) == ["F-1"]


def test_a_file_is_looked_at_first_and_each_row_says_why_not(shop: Any, browse: Any) -> None:
    browser = browse("li")
    shop.as_("li").post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-0"}})
    raw = made(
        ["Frame number", "Colour", "Remarks"], ["F-1", "red"], ["F-0", "red"], ["F-2", "blue"], ["F-1"], [None, "red"]
    )

    send(browser, ADD, raw)
    page = finish(browser, ADD)

    said = words(page.text)
    assert frames(shop) == ["F-0"]
    assert sorted(states(page)) == ["can be imported", "refused", "refused", "refused", "refused"]
    assert "Frame number: Frame number is already taken" in said
    assert "Colour: `blue` is not one of the choices; write one of Red, Green" in said
    assert "the same as in row 2" in said
    assert "Frame number is required" in said
    assert "Columns not used: Remarks" in said
    assert "Import 1 row" in said


def test_only_what_holds_is_carried_out_and_the_rest_comes_back_as_a_file(shop: Any, browse: Any) -> None:
    browser = browse("li")
    send(browser, ADD, made(["Frame number", "Colour"], ["F-1", "red"], ["F-2", "blue"]))
    finish(browser, ADD)

    page = browser.send(f"{ADD}/go")

    assert frames(shop) == ["F-1"]
    assert sorted(states(page)) == ["imported", "refused"]
    head, row = rows_of(browser.open(f"{ADD}/refused").content)
    assert head[:2] == ["Row", "Reason"]
    assert row[0] == 3
    assert "blue" in row[1]
    assert row[2:4] == ["F-2", "blue"]


def test_what_was_refused_comes_back_whole_under_its_own_headings_and_goes_in_once_mended(
    shop: Any, browse: Any
) -> None:
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    more = [f"part{number}" for number in range(7)]
    fields = "".join(f"      {name}: {{type: date, label: {{en: {name}, zh: {name}}}}}\n" for name in more)
    text = file.read_text(encoding="utf-8").replace("      scrapped:", f"{fields}      scrapped:")
    file.write_text(
        text.replace("ask: [frame, color, photo, papers]", f"ask: [frame, color, {', '.join(more)}]"), "utf-8"
    )
    shop.service.node.host.reload()
    browser, day = browse("li"), datetime(2026, 3, 1)  # noqa: DTZ001 - as a sheet has it
    send(browser, ADD, made([*reversed(more), "Colour", "Frame number"], [day] * 7 + ["blue", "F-2"]))
    finish(browser, ADD)

    head, row = rows_of(browser.open(f"{ADD}/refused").content)
    told = dict(zip(head, row, strict=True))
    assert (told["Frame number *"], told["Colour"]) == ("F-2", "blue")
    assert {told[name] for name in more} == {"2026-03-01"}
    send(browser, ADD, made(head, [*(("green" if cell == "blue" else cell) for cell in row)]))
    assert "Columns not used" not in finish(browser, ADD).text

    browser.send(f"{ADD}/go")
    assert frames(shop) == ["F-2"]


def test_the_same_file_a_second_time_makes_nothing_twice_and_a_mended_row_is_made(shop: Any, browse: Any) -> None:
    browser = browse("li")
    for second in ("blue", "green"):
        send(browser, ADD, made(["Frame number", "Colour"], ["F-1", "red"], ["F-2", second]))
        finish(browser, ADD)
        page = browser.send(f"{ADD}/go")

    assert frames(shop) == ["F-1", "F-2"]
    assert sorted(states(page)) == ["imported", "imported earlier"]


def test_two_equal_rows_are_two_and_stay_two(shop: Any) -> None:
    li = shop.as_("li")
    li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-1"}})
    (shop.plugins / "bicycle_rental" / "plugin.yaml").write_text(
        (shop.plugins / "bicycle_rental" / "plugin.yaml").read_text(encoding="utf-8").replace("unique: true, ", ""),
        encoding="utf-8",
    )
    shop.service.node.host.reload()
    raw = made(["frame"], ["F-9"], ["F-9"])

    for expected in (["made", "made"], ["there", "there"]):
        told = li.post(f"{API}?commit=1", content=raw).json()
        assert [row["state"] for row in told["rows"]] == expected

    assert frames(shop) == ["F-1", "F-9", "F-9"]


def test_trying_out_leaves_no_trace_in_the_log(shop: Any) -> None:
    li, node = shop.as_("li"), shop.service.node
    with node.database.read() as connection:
        before = connection.exec_driver_sql("SELECT count(*), max(seq) FROM log").all()

    told = li.post(API, content=made(["frame"], ["F-1"], ["F-2"])).json()

    assert [row["state"] for row in told["rows"]] == ["good", "good"]
    with node.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*), max(seq) FROM log").all() == before
    assert frames(shop) == []


def test_references_are_found_by_name_a_telephone_that_is_a_number_is_one_and_a_warning_wants_its_reason(
    shop: Any, browse: Any
) -> None:
    li = shop.as_("li")
    for frame in ("F-1", "F-2"):
        li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": frame}})
    browser = browse("li", "zh")
    head = ["自行车", "客人", "电话", "继续执行的原因（将留痕）"]
    raw = made(
        head,
        ["F-1", "陈先生", 13800001111, None],
        ["F-2", "孙小姐", None, None],
        ["F-2", "吴女士", None, "熟客"],
        ["F-7", "周先生"],
    )

    send(browser, HAND_OUT, raw)
    page = finish(browser, HAND_OUT)

    assert states(page) == ["未通过", "未通过", "可导入", "可导入"]
    assert "未登记电话" in page.text
    assert "没有找到“F-7”" in page.text
    browser.send(f"{HAND_OUT}/go")
    rows = li.get("/api/bicycle_rental/rental?sort=number").json()["rows"]
    assert [(row["guest"], row["phone"]) for row in rows] == [("陈先生", "13800001111"), ("吴女士", None)]


def test_a_long_file_is_looked_at_a_second_at_a_time_and_outlives_a_new_page(
    shop: Any, browse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "STEP_MS", -1)  # so long that not even one row fits: then nothing is done
    browser = browse("li")

    page = send(browser, ADD, made(["frame"], *([f"F-{n}"] for n in range(5))))
    assert '<progress id="far" max="5" value="0">' in browser.send(f"{ADD}/check").text
    monkeypatch.setattr(pages, "STEP_MS", 60_000)

    assert "data-goes-on" in page.text
    assert "Import 5 rows" in words(finish(browser, ADD).text)
    assert "Import 5 rows" in words(browser.open(ADD).text)
    browser.send(f"{ADD}/drop")
    assert "Choose the file" in words(browser.open(ADD).text)


def test_a_file_that_cannot_be_understood_says_so_and_keeps_nothing(shop: Any, browse: Any) -> None:
    browser = browse("li")

    for raw, said in (
        (b"frame\nF-1", "this is not an Excel file"),
        (made(["Colour"], ["red"]), "the column `Frame number` is missing"),
        (made(["Frame number"]), "the file has no rows"),
    ):
        page = send(browser, ADD, raw)
        assert page.status_code == 422
        assert said in words(page.text)
    assert "Choose the file" in words(browser.open(ADD).text)


def test_nobody_does_by_file_what_he_may_not_do_by_hand(shop: Any, browse: Any) -> None:
    auditor = browse("an")

    for answer in (auditor.open(ADD), auditor.open(f"{ADD}/template"), send(auditor, ADD, made(["frame"], ["F-1"]))):
        assert answer.status_code == 403
    assert shop.as_("an").post(f"{API}?commit=1", content=made(["frame"], ["F-1"])).status_code == 403
    assert ADD not in auditor.open("/records/bicycle_rental/bicycle").text
    assert ADD in browse("li").open("/records/bicycle_rental/bicycle").text


def test_a_file_from_a_foreign_page_is_refused(shop: Any, browse: Any) -> None:
    browser = browse("li")
    files = {"file": ("x.xlsx", made(["frame"], ["F-1"]), "application/octet-stream")}

    assert browser.client.post(ADD, data={"_form": "0" * 32}, files=files).status_code == 403
    assert browser.client.post(ADD, data={"_form": browser.proof()}).status_code == 415
    assert browser.client.post(ADD, content=b"x", headers={"Content-Type": "multipart/form-data"}).status_code == 400


def test_a_file_that_is_too_large_is_not_read_to_its_end(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.excel.upload.FILE_MAX", 100)

    assert shop.as_("li").post(API, content=made(["frame"], ["F-1"])).status_code == 413


def test_what_stands_in_a_file_is_escaped(shop: Any, browse: Any) -> None:
    browser = browse("li")

    send(browser, ADD, made(["frame", "<script>alert(1)</script>"], ["<img src=x onerror=alert(1)>"]))

    page = finish(browser, ADD).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page


REMARK = "/records/bicycle_rental/rental/import/remark"


def rental(shop: Any, frame: str = "F-1", **ask: str) -> dict[str, Any]:
    li = shop.as_("li")
    wheel = li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": frame}}).json()["id"]
    told = {"bicycle": wheel, "guest": "Chen", "phone": "13800001111", "note": "helmet", **ask}
    made_ = li.post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": told}).json()
    return dict(li.get(f"/api/bicycle_rental/rental/{made_['id']}").json())


def again(shop: Any, row: dict[str, Any]) -> dict[str, Any]:
    return dict(shop.as_("li").get(f"/api/bicycle_rental/rental/{row['id']}").json())


def test_rows_change_records_that_are_there_and_say_first_what_they_change(shop: Any, browse: Any) -> None:
    one, two = rental(shop), rental(shop, "F-2")
    browser = browse("li")
    (head,) = rows_of(browser.open(f"{REMARK}/template").content)
    assert head == ["Number *", "Note", "Phone"]
    raw = made(head, [one["number"], "two helmets"], [two["number"], "helmet"], ["R-9999", "x"], [None, "x"])

    send(browser, REMARK, raw)
    page = finish(browser, REMARK)

    assert states(page) == ["refused", "refused", "can be changed", "nothing to change"]
    assert "Note: helmet → two helmets" in words(page.text)
    assert "Number: nothing is called `R-9999`" in words(page.text)
    assert again(shop, one)["note"] == "helmet", "nothing is written before it is said"
    assert "Finished: 1 record changed" in browser.send(f"{REMARK}/go").text
    assert again(shop, one)["note"] == "two helmets"
    assert again(shop, one)["phone"] == "13800001111", "an empty cell leaves its field as it is"
    assert again(shop, two)["updated_at"] == two["updated_at"]


def test_a_cell_that_says_so_empties_its_field_and_never_one_that_must_be_filled_in(shop: Any, browse: Any) -> None:
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    text = file.read_text(encoding="utf-8").replace("remark: {ask: [note, phone]", "remark: {ask: [note, phone, guest]")
    file.write_text(text, encoding="utf-8")
    shop.service.node.host.reload()
    one, two = rental(shop), rental(shop, "F-2")
    browser = browse("li")
    template = browser.open(f"{REMARK}/template").content
    assert "To empty something, write (empty)" in str(rows_of(template, sheet=1))
    head = rows_of(template)[0]

    send(browser, REMARK, made(head, [one["number"], "（清空）"], [two["number"], None, "[Empty]", "(empty)"]))
    page = finish(browser, REMARK)

    assert states(page) == ["refused", "can be changed"]
    assert "Note: helmet → (empty)" in words(page.text)
    assert "Guest: Guest is required" in words(page.text)
    browser.send(f"{REMARK}/go")
    assert again(shop, one)["note"] is None
    assert again(shop, two)["phone"] == "13800001111"
    send(browser, REMARK, made(head, [one["number"], "(清空)"]))
    assert states(finish(browser, REMARK)) == ["nothing to change"]


def test_a_record_that_somebody_changed_meanwhile_is_not_overwritten(shop: Any, browse: Any) -> None:
    one, browser = rental(shop), browse("li")
    send(browser, REMARK, made(["Number", "Note"], [one["number"], "by file"], [one["number"], "twice"]))
    page = finish(browser, REMARK)
    assert "the same record as in row 2" in words(page.text)
    address = f"/api/bicycle_rental/rental/{one['id']}/actions/remark"
    assert shop.as_("li").post(address, json={"ask": {"note": "by hand"}}).status_code == 200

    done = browser.send(f"{REMARK}/go")

    assert "Li has changed it since you opened it" in words(done.text)
    assert again(shop, one)["note"] == "by hand"


def test_an_exported_list_that_is_sent_back_changes_nothing_and_a_mask_is_no_value(shop: Any, browse: Any) -> None:
    one = rental(shop)
    exported = browse("an").open("/records/bicycle_rental/rental/excel").content
    assert "1111" in str(rows_of(exported))
    assert one["phone"] not in str(rows_of(exported))

    told = shop.as_("li").post(API.replace("bicycle/actions/add", "rental/actions/remark"), content=exported).json()

    assert [row["state"] for row in told["rows"]] == ["bad"], "the mask is no telephone number"
    mine = browse("li").open("/records/bicycle_rental/rental/excel").content
    told = shop.as_("li").post(API.replace("bicycle/actions/add", "rental/actions/remark"), content=mine).json()
    assert [(row["state"], row["changes"]) for row in told["rows"]] == [("same", [])]


def test_who_may_not_do_it_by_form_may_not_by_file_and_a_state_is_not_moved_from_the_menu(
    shop: Any, browse: Any
) -> None:
    rental(shop)

    assert browse("an").open(REMARK).status_code == 403
    menu = browse("li").open("/records/bicycle_rental/rental").text
    assert f'href="{REMARK}"' in menu
    assert "/import/take_back" not in menu


def test_a_row_with_a_photo_is_refused_with_the_reason(shop: Any, browse: Any) -> None:
    browser = browse("li")
    send(browser, ADD, made(["Frame number", "Photo"], ["F-1", "front.jpg"], ["F-2", None]))
    page = finish(browser, ADD)

    assert sorted(states(page)) == ["can be imported", "refused"]
    assert "Photo: photos and files do not come by file" in words(page.text)
    assert "Columns not used" not in page.text


def test_records_without_numbers_are_found_by_their_names_in_an_exported_list(shop: Any, browse: Any) -> None:
    li = shop.as_("li")
    li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-1"}})
    exported = browse("li").open("/records/bicycle_rental/bicycle/excel").content
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    paint = "inspect: {ask: [damage]"
    more = "paint: {ask: [frame, color], label: {en: Paint, zh: 喷漆}}\n      " + paint
    file.write_text(file.read_text(encoding="utf-8").replace(paint, more), encoding="utf-8")
    shop.service.node.host.reload()
    head, *rows = rows_of(exported)
    rows[0][head.index("Colour")] = "Green"

    address = "/api/bicycle_rental/bicycle/actions/paint/import?commit=1"
    told = shop.as_("li").post(address, content=made(head, *rows)).json()["rows"]

    assert [(row["state"], row["changes"]) for row in told] == [
        ("made", [{"column": "Colour", "was": "Red", "is": "Green"}])
    ]
