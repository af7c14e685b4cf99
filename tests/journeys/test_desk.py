"""A desk in a real browser: files, paper, drags, two tabs, two people, a node that stops in between; axe looks over all of it."""

from __future__ import annotations

import re
import socket
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from app.bootstrap import Surroundings
from app.service import open_service
from app.signin.passwords import Passwords
from app.web.server import create_app, server_for
from tests.app.conftest import PASSWORD, opened_shop
from tests.app.excel.sheets import made
from tests.app.pages.views.test_declared import VIEWS
from tests.journeys.conftest import eventually

pytestmark = pytest.mark.journey
PLUGIN_MORE = """
  rental_form:
    kind: form
    of: rental
    label: {en: Rental, zh: 租赁}
    sections:
      - {label: {en: Guest, zh: 客人}, fields: [bicycle, guest, phone]}
      - {label: {en: No phone, zh: 未留电话}, fields: [note], when: not has(self.phone)}
  slip: {kind: print, of: rental, sections: [{fields: [guest, phone, note]}], sign: [{en: Guest, zh: 客人}], label: {en: Slip, zh: 租车单}}
"""
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
WHEELS, RENTALS = "/records/bicycle_rental/bicycle", "/records/bicycle_rental/rental"
SERIOUS = {"serious", "critical"}


# What no page of a branch shows: ids, words of the rules, values as programs write them; and nothing sticks out.
RAW = r"""() => {
  const root = document.documentElement, faults = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const raw = /[0-9a-f]{8}-[0-9a-f]{4}-|[{}]|\bNone\b|<bound|\b[a-z]+_[a-z_]+\b|\d{4}-\d\d-\d\dT/;
  if (root.scrollWidth > root.clientWidth + 1) faults.push('wider than the screen by ' + (root.scrollWidth - root.clientWidth));
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent.trim(), at = walk.currentNode.parentElement;
    if (raw.test(text) && !at.closest('.code, script, #menu')) faults.push('raw: ' + text.slice(0, 60));
  }
  return faults;
}"""


@contextmanager
def served(app: Any, port: int) -> Iterator[str]:
    """Serve an application to real browsers on this machine until the end of the block."""
    server = server_for(app, "127.0.0.1", port)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 20
    while not server.started and time.monotonic() < end:
        time.sleep(0.02)
    assert server.started
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, browser: Any) -> Iterator[Any]:
    """The bicycle shop with views, served; three wheels, two of them out."""
    with opened_shop(tmp_path_factory.mktemp("desk")) as shop:
        file = shop.plugins / "bicycle_rental" / "plugin.yaml"
        swap = """      swap: {from: [out, late], ask: [bicycle], label: {en: Swap, zh: 换车}}
      sign: {from: [out, late], ask: [{sig: {type: signature, required: true, label: {en: Signature, zh: 签字}}}], label: {en: Sign, zh: 签字}}
      overdue:"""
        file.write_text(
            file.read_text(encoding="utf-8").replace("      overdue:", swap) + VIEWS + PLUGIN_MORE, encoding="utf-8"
        )
        shop.service.node.host.reload()
        assert shop.service.node.catalog.faults == ()
        li = shop.as_("li")
        for frame, guest in (("F-1", "Chen"), ("F-2", "Sun"), ("F-3", None)):
            wheel = li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": frame}}).json()["id"]
            ask = {"bicycle": wheel, "guest": guest, "phone": "13800001111"}
            if guest:
                li.post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": ask})
        with served(shop.client().app, free_port()) as shop.address:
            yield shop


def person(browser: Any, address: str, login: str = "li", language: str = "zh", width: int = 1280) -> Any:
    """Return a page of somebody who is signed in, in a browser of his own."""
    context = browser.new_context(viewport={"width": width, "height": 844})
    context.add_cookies([{"name": "branchline_language", "value": language, "url": address}])
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(f"{address}/sign-in")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(f"{address}/")
    return page


def test_axe_finds_nothing_serious_on_any_kind_of_page(desk: Any, browser: Any) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="the `dev` extra is not installed: no axe"
    )
    page = person(browser, desk.address, "wu")
    rental = desk.as_("li").get("/api/bicycle_rental/rental").json()["rows"][0]["id"]
    bases = re.findall(
        r'href="(/(?:views|ledgers|reports|chain|console|conflicts|quarantine|people|plugins)[^"?]*)"', page.content()
    )
    pages = [
        "/",
        WHEELS,
        RENTALS,
        f"{RENTALS}/{rental}",
        f"{RENTALS}/actions/hand_out",
        f"{RENTALS}/{rental}/actions/remark",
    ]
    pages += [
        f"{WHEELS}/import/add",
        f"{RENTALS}/print",
        f"/views/bicycle_rental/slip/print/{rental}",
        f"{WHEELS}?q=nothing",
        "/records/core/notice",
        "/records/core/pick",
    ]
    pages += ["/board/bicycle_rental/rental", "/calendar/bicycle_rental/rental", *list(dict.fromkeys(bases))[:10]]
    faults = []
    for number, address in enumerate(pages):
        page.set_viewport_size({"width": (1280, 390)[number % 2], "height": 844})
        page.goto(f"{desk.address}/theme/{('light', 'dark')[number // 2 % 2]}?next={address}")
        page.goto(f"{desk.address}{address}")
        if not address.startswith("/console"):  # who looks after plugins knows them by the names of their folders
            faults += [f"{address}: {each}" for each in page.evaluate(RAW)]
        found = axe.Axe().run(page).response["violations"]
        faults += [
            f"{address}: {each['id']}: {each['nodes'][0]['html'][:120]}" for each in found if each["impact"] in SERIOUS
        ]
    page.context.close()
    assert faults == []


def test_a_bar_is_dragged_to_a_free_row_and_cannot_be_dropped_on_a_taken_one(desk: Any, browser: Any) -> None:
    page = person(browser, desk.address)
    page.goto(f"{desk.address}/views/bicycle_rental/wheels")

    def lane_of(guest: str) -> str:
        return str(
            page.locator(f'.slot:has-text("{guest}")').first.evaluate(
                "s => s.closest('tr').querySelector('th').textContent"
            )
        )

    def drag(guest: str, lane: str) -> None:
        a = page.locator(f'.slot:has-text("{guest}") rect').first.bounding_box()
        b = page.locator(f'tr[data-lane]:has(th:text-is("{lane}"))').bounding_box()
        page.mouse.move(a["x"] + 8, a["y"] + a["height"] / 2)
        page.mouse.down()
        page.mouse.move(a["x"] + 20, b["y"] + b["height"] / 2, steps=5)
        page.mouse.up()

    assert (lane_of("Chen"), lane_of("Sun")) == ("F-1", "F-2")
    drag("Chen", "F-2")
    page.locator("#said").filter(has_text="已占用").wait_for()
    assert lane_of("Chen") == "F-1"
    drag("Chen", "F-3")
    page.wait_for_selector('tr[data-lane]:has(th:text-is("F-3")) .slot:has-text("Chen")')
    rows = desk.as_("li").get("/api/bicycle_rental/rental?guest=Chen").json()["rows"]
    assert rows[0]["_refs"][rows[0]["bicycle"]] == "F-3"
    page.locator('.slot:has-text("Chen")').first.focus()  # and back, with the keyboard alone
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_selector('tr[data-lane]:has(th:text-is("F-1")) .slot:has-text("Chen")')
    page.context.close()


def test_two_tabs_share_one_stream_and_both_see_what_another_desk_does(desk: Any, browser: Any) -> None:
    page = person(browser, desk.address)
    listeners = desk.client().app.state.live
    page.goto(f"{desk.address}{WHEELS}")
    other = page.context.new_page()
    other.goto(f"{desk.address}{WHEELS}")
    eventually(lambda: len(listeners._ears) == 1, "one stream for both tabs, when those of pages left have ended")

    desk.as_("li").post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-live"}})

    for tab in (page, other):
        tab.wait_for_selector("#rows >> text=F-live", timeout=5_000)
    page.context.close()


def test_two_people_on_one_record_see_each_other_and_nobody_overwrites_the_other(desk: Any, browser: Any) -> None:
    rental = desk.as_("li").get("/api/bicycle_rental/rental?guest=Sun").json()["rows"][0]["id"]
    form = f"{desk.address}{RENTALS}/{rental}/actions/remark"
    li, also = person(browser, desk.address), person(browser, desk.address, "wu")
    for page, phone in ((li, "13811112222"), (also, "13833334444")):
        page.goto(form)
        page.fill("#in-phone", phone)
        page.locator("[data-state]").filter(has_text="已暂存").wait_for()
    li.press("#in-phone", "End")
    li.type("#in-phone", " ")  # whoever goes on typing is told, without loading anything again
    li.locator("#others .note").filter(has_text="也在填写此表").wait_for()

    li.click("#sheet .formfoot button.main")
    li.wait_for_url(re.compile("done=remark"))
    also.locator("#others .note").filter(has_text="已于").wait_for()  # told at once, without typing
    also.click("#sheet .formfoot button.main")

    also.locator("main .problems").wait_for()
    assert also.input_value("#in-phone").strip() == "13833334444"
    assert "13811112222" in also.inner_text("main")
    for page in (li, also):
        page.context.close()


def test_a_section_comes_and_goes_as_one_types_and_what_is_not_there_is_not_sent(desk: Any, browser: Any) -> None:
    page = person(browser, desk.address)
    page.goto(f"{desk.address}{RENTALS}/actions/hand_out")
    section = page.locator("fieldset:has(legend:text-is('未留电话'))")
    section.wait_for(state="visible")
    page.fill("#in-note", "said no")

    page.fill("#in-phone", "13900002222")
    section.wait_for(state="hidden")
    assert page.evaluate("new FormData(document.getElementById('sheet')).get('note')") is None
    page.fill("#in-phone", "")

    section.wait_for(state="visible")
    assert page.input_value("#in-note") == "said no"
    page.context.close()


def test_a_signature_is_drawn_with_the_mouse_or_typed(desk: Any, browser: Any) -> None:
    page = person(browser, desk.address)
    page.goto(f"{desk.address}{RENTALS}")
    page.locator(f'main a[href^="{RENTALS}/0"]').first.click()
    page.locator('a[href$="/actions/sign"]').first.click()
    box, typed = page.locator("canvas.pad"), page.locator("#in-sig")
    box.wait_for(state="visible")
    at = box.bounding_box()
    page.mouse.move(at["x"] + 20, at["y"] + 30)
    page.mouse.down()
    page.mouse.move(at["x"] + 120, at["y"] + 90)
    page.mouse.up()

    assert typed.input_value().startswith("data:image/png;base64,")
    assert not typed.is_visible(), "nobody reads a picture as letters"
    page.click("[data-clear]")
    assert typed.is_visible()
    typed.fill("陈先生")
    page.locator("#sheet button:has-text('签字')").click()
    page.wait_for_url(re.compile(rf"{RENTALS}/[0-9a-f-]+(\?|$)"))
    page.locator("main li:has-text('签字')").first.wait_for()
    page.context.close()


def test_a_desk_left_alone_locks_itself_and_each_finds_what_he_typed_and_no_other(desk: Any, browser: Any) -> None:
    page = person(browser, desk.address)
    page.clock.install()
    page.goto(f"{desk.address}{WHEELS}/actions/add")
    page.fill("#in-frame", "F-half")
    page.clock.run_for(1_000)
    page.locator("[data-state]").filter(has_text="已暂存").wait_for()

    page.clock.fast_forward("15:10")
    page.wait_for_url(re.compile(r"/sign-in\?next=[^&]*&locked=1$"))
    page.locator(".note", has_text="已自动锁定").wait_for()
    assert page.input_value("#login") == "li", "who was here most likely goes on"
    _come_in(page, "wu")
    assert page.input_value("#in-frame") == ""
    page.click(".person form.inline button")
    page.wait_for_selector("#password")
    _come_in(page, "li")

    assert page.input_value("#in-frame") == "F-half"
    page.context.close()


def _come_in(page: Any, login: str) -> None:
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_selector("#in-frame")


def test_a_form_waits_for_the_photo_that_is_on_its_way_and_takes_no_text_for_one(
    desk: Any, browser: Any, tmp_path: Path
) -> None:
    page, held = person(browser, desk.address), list[Any]()
    page.goto(f"{desk.address}{WHEELS}/actions/add")
    page.fill("#in-frame", "F-photo")
    (tmp_path / "a.txt").write_text("no picture", encoding="utf-8")
    (tmp_path / "a.png").write_bytes(b64decode(PIXEL))
    page.set_input_files("#in-photo", tmp_path / "a.txt")
    page.locator("[data-photo] .tone-bad").filter(has_text="这不是照片").wait_for()
    assert page.locator("input[name=photo]").input_value() == ""

    page.route("**/api/files", lambda route: held.append(route))  # noqa: PLW0108 - a built-in cannot be marked as Playwright does
    page.set_input_files("#in-photo", tmp_path / "a.png")
    page.click("#sheet .formfoot button.main")
    page.locator("[data-state]").filter(has_text="正在上传").wait_for()
    assert page.url.endswith("/actions/add")
    held[0].continue_()

    page.wait_for_url(re.compile("done=add"))
    made = desk.as_("li").get("/api/bicycle_rental/bicycle?frame=F-photo").json()["rows"][0]
    assert str(made["photo"]).endswith("/a.png")
    page.context.close()


def test_a_file_is_looked_at_and_imported_and_a_list_goes_out_on_paper(desk: Any, browser: Any, tmp_path: Path) -> None:
    page = person(browser, desk.address)
    file = tmp_path / "车.xlsx"
    file.write_bytes(made(["车架号", "颜色"], ["N-1", "绿"], ["N-2", "蓝"], ["N-3", "红"]))
    page.goto(f"{desk.address}{WHEELS}")
    page.click("summary:text-is('Excel')")
    page.click("text=导入：新增")
    page.set_input_files("#in-file", str(file))
    page.click("text=检查文件")
    page.click("text=导入 2 行")

    page.wait_for_selector("text=导入完成：2 行")
    assert "“蓝”不在可选范围内" in page.inner_text("main")
    page.goto(f"{desk.address}{WHEELS}?color=green")
    page.click("main >> text=打印")
    assert "N-1" in page.inner_text("main")
    page.emulate_media(media="print")
    assert not page.is_visible(".paper-bar")
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    page.context.close()


def test_the_state_beside_the_name_of_a_record_follows_what_another_desk_does(desk: Any, browser: Any) -> None:
    wheel = (
        desk.as_("li").post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-state"}}).json()["id"]
    )
    ask = {"ask": {"bicycle": wheel, "guest": "Qian", "phone": "13800001111"}}
    rental = desk.as_("li").post("/api/bicycle_rental/rental/actions/hand_out", json=ask).json()["id"]
    page = person(browser, desk.address)
    page.goto(f"{desk.address}{RENTALS}/{rental}")
    page.locator(".head .pill", has_text="租出").wait_for()

    desk.as_("li").post(f"/api/bicycle_rental/rental/{rental}/actions/take_back", json={})

    page.locator(".head .pill", has_text="已归还").wait_for(timeout=5_000)
    page.context.close()


def test_a_node_that_stops_in_the_middle_of_a_form_takes_nothing_along(tmp_path: Path, browser: Any) -> None:
    port = free_port()
    with opened_shop(tmp_path) as shop:
        with served(shop.client().app, port) as address:
            page = person(browser, address)
            page.goto(f"{address}{WHEELS}/actions/add")
            page.fill("#in-frame", "half typed")
            page.locator("[data-state]").filter(has_text="已暂存").wait_for()
        page.fill("#in-frame", "half typed and more")  # while the node is away
        page.locator("#said").filter(has_text="本机服务无响应").wait_for()
        shop.service.node.database.close()
        again = open_service(shop.service.settings, Surroundings(now=shop.clock), Passwords.quick())
        with served(create_app(again, run_service=False), port):
            page.locator("#said").wait_for(state="hidden")  # it is there again, and so is what was typed
            other = page.context.new_page()

            def kept() -> bool:  # the page sends what it has every five seconds until it gets through
                other.goto(f"{address}{WHEELS}/actions/add")
                return bool(other.input_value("#in-frame") == "half typed and more")

            eventually(kept, "what was typed while the node was away")
            page.click("#sheet .formfoot button.main")
            page.wait_for_url(re.compile("done=add"))
            page.context.close()
        again.node.database.close()
