"""People at the desk, in a real browser: the evening of the demo done by hand, by keyboard alone, live, and after a restart."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.demo.chain import running
from app.demo.clock import StoryClock
from app.demo.script import read_script
from tests.journeys.hands import HandStage

HOUSE = Path(__file__).parents[2]
pytestmark = pytest.mark.journey
HOSTILE = "\"><img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"


@contextmanager
def stage_of(folder: Path, browser: Any, by_hand: set[str], *, keyboard: bool = False) -> Iterator[HandStage]:
    """The demo's chain with nobody having done anything yet."""
    script = read_script(HOUSE / "config" / "chain.yaml")
    clock = StoryClock(script.start, time.monotonic)
    with running(script.members, folder, HOUSE / "plugins", clock, 0, "zh") as chain:
        stage = HandStage(
            chain,
            script.start,
            ZoneInfo("Asia/Shanghai"),
            "zh",
            lambda *_: None,
            lambda _: None,
            browser=browser,
            by_hand=frozenset(by_hand),
            keyboard=keyboard,
        )
        yield stage
        for page in stage.desks.values():
            page.context.close()
        assert stage.complaints == []


def steps_at(*nodes: str) -> list[Any]:
    script = read_script(HOUSE / "config" / "chain.yaml")
    return [step for step in script.steps if step.node in nodes and step.do and not step.provisional]


def test_the_evening_of_the_whole_chain_goes_by_hand_as_it_goes_by_program(tmp_path: Path, browser: Any) -> None:
    """The booking desk, the dispatch from customer to confirmation, the agreements: every step on the pages."""
    script = read_script(HOUSE / "config" / "chain.yaml")

    with stage_of(tmp_path, browser, {"club", "renovation", "accounts"}) as stage:
        stage.play(script.steps)

        assert stage.done >= 30


def test_an_afternoon_by_keyboard_alone(tmp_path: Path, browser: Any) -> None:
    with stage_of(tmp_path, browser, {"renovation"}, keyboard=True) as stage:
        stage.play([step for step in steps_at("renovation") if not step.has][:8])

        assert stage.done >= 7
        page = stage.desk("renovation", "ke")
        page.goto(f"{stage.chain.members['renovation'].address}/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_the_desk_feels_what_others_do_and_what_is_typed_stays(tmp_path: Path, browser: Any) -> None:
    with stage_of(tmp_path, browser, set()) as stage:
        club = stage.chain.members["club"]
        page = stage.desk("club", "lin")
        unit, ask = "nightclub_booking.unit", {"name": "208", "capacity": 8}
        page.goto(f"{club.address}/records/nightclub_booking/unit")
        page.wait_for_timeout(500)  # until the stream is up
        page.fill("#q", "half a wo")

        club.people["lin"].act(unit, "add", ask)

        page.wait_for_selector("#rows >> text=208", timeout=3_000)
        assert page.input_value("#q") == "half a wo"

        # a form: typed, node restarted in spirit (a new tab), still there
        page.goto(f"{club.address}/records/nightclub_booking/unit/actions/add")
        page.fill("#in-name", "305")
        page.locator("[data-state]").filter(has_text="已暂存").wait_for()
        other = page.context.new_page()
        page.close()
        other.goto(f"{club.address}/records/nightclub_booking/unit/actions/add")
        assert other.input_value("#in-name") == "305"

        # a mistake: told beside the input, by the node, without losing anything
        other.fill("#in-name", "208")
        other.click("#sheet .formfoot button.main")
        other.wait_for_selector("main .problems")
        assert other.input_value("#in-name") == "208"

        # sent in the moment after the last key, by a hand that clicks again and again: done once, and nothing of it is
        # left for the next form
        other.fill("#in-name", "306")
        other.fill("#in-capacity", "6")
        clicks = "for (let t = 0; t < 400; t += 10) setTimeout(() => document.querySelector('.formfoot button.main')?.click(), t)"
        other.evaluate(clicks)
        other.wait_for_url("**done=add*")
        other.wait_for_timeout(800)
        other.goto(f"{club.address}/records/nightclub_booking/unit/actions/add")
        assert (other.input_value("#in-name"), other.input_value("#in-capacity")) == ("", "")
        other.goto(f"{club.address}/records/nightclub_booking/unit")
        assert other.locator("#rows >> text=306").count() == 1


def test_hostile_names_stay_names_in_a_real_browser(tmp_path: Path, browser: Any) -> None:
    with stage_of(tmp_path, browser, set()) as stage:
        club = stage.chain.members["club"]
        made = club.people["lin"].act("nightclub_booking.unit", "add", {"name": HOSTILE, "capacity": 8})
        page = stage.desk("club", "lin")

        for address in ("", f"/{made['id']}", f"/{made['id']}/actions/change", "?q=%22%3E%3Cscript%3E"):
            page.goto(f"{club.address}/records/nightclub_booking/unit{address}")
            assert page.title() != "broken"
            assert page.locator("main img[src='x']").count() == 0
            assert page.locator("main script").count() == 0


def test_every_page_fits_is_labelled_and_can_be_read(tmp_path: Path, browser: Any) -> None:
    """Wide and narrow, light and dark: nothing sticks out, every input has a name, words stand out from their ground."""
    with stage_of(tmp_path, browser, set()) as stage:
        stage.play(steps_at("club")[:8])
        club = stage.chain.members["club"]
        page = stage.desk("club", "lin")
        record = f"/records/nightclub_booking/booking/{stage.named['early']}"
        pages = ["/", "/records/nightclub_booking/booking", record, "/board/nightclub_booking/booking"]
        pages += ["/records/nightclub_booking/booking/actions/request", "/calendar/nightclub_booking/booking"]
        pages += re.findall(r'href="(/(?:views|ledgers|turns|scores)/[^"]+)"', page.content())[:8]
        faults = []
        for width, theme in ((1280, "light"), (390, "dark")):
            page.set_viewport_size({"width": width, "height": 844})
            page.goto(f"{club.address}/theme/{theme}")
            for address in pages:
                page.goto(f"{club.address}{address}")
                told = json.loads(page.evaluate(LOOK))
                faults += [f"{address} at {width}, {theme}: {each}" for each in told]
        assert faults == []


LOOK = """() => {
  const faults = [], root = document.documentElement;
  if (root.scrollWidth > root.clientWidth + 1) faults.push('wider than the screen by ' + (root.scrollWidth - root.clientWidth));
  document.querySelectorAll('input:not([type=hidden]), select, textarea').forEach(e => {
    if (!(e.labels && e.labels.length) && !e.getAttribute('aria-label')) faults.push('no label: ' + e.outerHTML.slice(0, 90)); });
  document.querySelectorAll('a, button, summary').forEach(e => {
    if (!(e.textContent.trim() || e.getAttribute('aria-label'))) faults.push('no words: ' + e.outerHTML.slice(0, 90)); });
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id), twice = ids.filter((id, n) => ids.indexOf(id) !== n);
  if (twice.length) faults.push('ids twice: ' + twice.join(' '));
  if (document.querySelectorAll('h1').length !== 1) faults.push('not one h1');
  if (!root.lang) faults.push('no language');
  const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= .03928 ? v / 12.92 : Math.pow((v + .055) / 1.055, 2.4); }); return .2126 * r + .7152 * g + .0722 * b; };
  const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > .5) return c; } return [255, 255, 255]; };
  document.querySelectorAll('main *, header *').forEach(e => {
    if (!e.firstChild || ![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.offsetParent || e.closest('svg, [aria-disabled], td.other')) return;
    const a = light(rgb(getComputedStyle(e).color)), b = light(ground(e)), contrast = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (contrast < 4.5) faults.push('hard to read (' + contrast.toFixed(2) + '): ' + e.textContent.trim().slice(0, 30)); });
  return JSON.stringify([...new Set(faults)]);
}"""
