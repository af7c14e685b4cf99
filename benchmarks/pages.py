"""What the pages weigh and how soon they can be used, in a real browser, also with its processor slowed four times.

The goals are figures (40 KB, 600 ms, 1.5 s, 200 ms, 80 MB), and a machine of its own has figures of its own: so each
stands beside the share of its goal that it takes, and beside an empty page of the same node in the same run.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import psutil

from app.bootstrap import Surroundings
from app.signin.passwords import PasswordRules, Passwords
from benchmarks import served, workbench
from stores import rows
from stores.actor import Actor
from stores.acts.act import act
from stores.acts.calls import Call
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.storage import people

TIMES = 7
PEOPLE = 30
ROOMS, BOOKINGS = 20, 60
GOALS = {"bytes": 40_000, "plain": 600, "slowed": 1_500, "drag": 200, "memory": 80}
PLUGIN = """
plugin: rooms
version: 1.0.0
label: {en: Rooms, zh: 包房}
roles: {clerk: {label: {en: Clerk, zh: 员工}}}
records:
  room:
    label: {en: Room, zh: 包房}
    fields: {name: {type: text, required: true, label: {en: Name, zh: 房号}}}
    by: clerk
    actions: {add: {from: new, ask: [name], label: {en: Add, zh: 新增}}}
    sync: {scope: store, home: store}
  stay:
    label: {en: Stay, zh: 订房}
    fields:
      room:    {type: ref, to: room, label: {en: Room, zh: 包房}}
      guest:   {type: text, required: true, label: {en: Guest, zh: 客人}}
      from_at: {type: datetime, label: {en: From, zh: 从}}
      to_at:   {type: datetime, label: {en: Until, zh: 至}}
    states: {held: {en: Held, zh: 保留}, over: {en: Over, zh: 结束}}
    by: clerk
    actions:
      hold: {from: new, to: held, ask: [room, guest, from_at, to_at], label: {en: Hold, zh: 保留}}
      move: {from: held, ask: [room], label: {en: Move, zh: 换房}}
      end:  {from: held, to: over, label: {en: End, zh: 结束}}
    sync: {scope: store, home: store}
views:
  night: {kind: timeline, of: stay, rows: room, span: [from_at, to_at], card: [guest], label: {en: Night, zh: 房态}}
"""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")


@dataclass
class Opened:
    """One opening of a page: what came over the wire, and when it could be used (milliseconds)."""

    bytes: int
    ready_ms: float


@dataclass
class Visitor:
    """A browser signed in at a node."""

    page: Any
    wire: Any
    url: str
    weight: list[int] = field(default_factory=list)

    def open(self, address: str, slowed: int) -> Opened:
        """Open a page with nothing in the browser's store, and its processor slowed so many times."""
        self.wire.send("Network.clearBrowserCache")
        self.wire.send("Emulation.setCPUThrottlingRate", {"rate": slowed})
        self.weight.clear()
        self.page.goto(f"{self.url}{address}", wait_until="load")
        ready = self.page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
        self.wire.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        return Opened(sum(self.weight), float(ready))


def run(records: int) -> Iterator[tuple[str, str]]:
    """Open a list of ``records`` and a night of rooms, drag a bar, and let thirty people in."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only this measurement needs a browser

    with workbench.folder() as path:
        (path / "plugins" / "rooms").mkdir()
        (path / "plugins" / "rooms" / "plugin.yaml").write_text(PLUGIN, encoding="utf-8")
        _fill(path, records)
        with served.serving(served.write_settings(path, "hq")) as url, sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=_browser(), args=["--no-sandbox"])
            visitor = _signed_in(browser, url)
            yield from _openings(visitor, "list page", "/records/parcels/parcel")
            yield from _openings(visitor, f"{ROOMS} rooms, {BOOKINGS} bookings", "/views/rooms/night")
            yield from _drag(visitor)
            yield from _crowd(url)
            browser.close()


def _openings(visitor: Visitor, name: str, address: str) -> Iterator[tuple[str, str]]:
    least = median(visitor.open("/records/rooms/room?q=nothing", 1).ready_ms for _ in range(TIMES))
    for slowed, goal in ((1, "plain"), (4, "slowed")):
        seen = [visitor.open(address, slowed) for _ in range(TIMES)]
        ready = median(each.ready_ms for each in seen)
        if slowed == 1:
            weight = int(median(each.bytes for each in seen))
            yield (
                f"{name}: bytes over the wire, everything it needs",
                _share(weight / 1000, GOALS["bytes"] / 1000, "KB"),
            )
        label = f"{name}: can be used after, processor {'as it is' if slowed == 1 else f'slowed {slowed} times'}"
        yield label, _share(ready, GOALS[goal], "ms")
        yield f"{name}: the same, against an empty list with the processor as it is", f"{ready / least:.2f}"


def _drag(visitor: Visitor) -> Iterator[tuple[str, str]]:
    """Drag a bar to the next free room; answered is when the bar stands in its new row."""
    page = visitor.page
    page.goto(f"{visitor.url}/views/rooms/night", wait_until="load")
    page.wait_for_timeout(1_000)  # the stream of changes never ends, so the network is never idle
    spent = []
    for _ in range(TIMES):
        id, target = page.evaluate(FREE_MOVE)
        bar, row = page.locator(f'.slot[data-id="{id}"] rect').first, page.locator(f'tr[data-lane="{target}"]')
        a, b = bar.bounding_box(), row.bounding_box()
        page.mouse.move(a["x"] + 4, a["y"] + a["height"] / 2)
        page.mouse.down()
        page.mouse.move(a["x"] + 14, b["y"] + b["height"] / 2, steps=4)
        page.evaluate(WATCH, [id, target])
        page.mouse.up()
        spent.append(float(page.evaluate("window.answered")))
    yield "a bar dragged to another room: stands there after", _share(median(spent), GOALS["drag"], "ms")


def _crowd(url: str) -> Iterator[tuple[str, str]]:
    """Let thirty people sign in, open the list and listen for changes; what the node then holds more."""
    node = next(p for p in psutil.process_iter() if p.ppid() == os.getpid() and "serve" in " ".join(p.cmdline()))
    before = node.memory_info().rss
    people_in = [
        httpx.Client(base_url=url, follow_redirects=True, headers={"Accept": "text/html"}) for _ in range(PEOPLE)
    ]
    streams = []
    for client in people_in:
        client.post("/sign-in", data={"login": "clerk", "password": served.PASSWORD}).raise_for_status()
        client.get("/records/parcels/parcel").raise_for_status()
        client.get("/views/rooms/night").raise_for_status()
        stream = client.stream("GET", "/live")
        stream.__enter__()
        streams.append(stream)
    time.sleep(1)
    more = (node.memory_info().rss - before) / 1_000_000
    yield f"memory for {PEOPLE} people at one node, each listening", _share(more, GOALS["memory"], "MB")
    for stream, client in zip(streams, people_in, strict=True):
        stream.__exit__(None, None, None)
        client.close()


def _share(value: float, goal: float, unit: str) -> str:
    return f"{value:.1f} {unit} ({value / goal:.0%})"


def _signed_in(browser: Any, url: str) -> Visitor:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(f"{url}/sign-in")
    page.fill("#login", "clerk")
    page.fill("#password", served.PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(f"{url}/")
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    visitor = Visitor(page, wire, url)
    wire.on("Network.loadingFinished", lambda told: visitor.weight.append(int(told["encodedDataLength"])))
    return visitor


def _browser() -> str:
    named = os.environ.get("BRANCHLINE_BROWSER")
    found = named or next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise SystemExit("no browser: Debian: apt install chromium fonts-noto-cjk; or name one in BRANCHLINE_BROWSER")
    return found


def _fill(path: Path, records: int) -> None:
    node = workbench.open_node(path, "hq", None)
    boss = Actor("boss", "hq", frozenset({"hq_admin"}), "boss")
    asked = {"name": "柜台", "badge": "1", "roles": ["clerk"]}
    staff = act(node, Call(node.catalog.records["core.staff"], "hire", boss, ask=asked)).id
    hashed = Passwords(PasswordRules(10, None)).hash(served.PASSWORD)
    with node.database.write() as connection:
        people.create_account(connection, staff, "clerk", hashed, Surroundings().now())
    _put(node, "parcels", "parcel", [{**workbench.parcel(n), "state": "waiting"} for n in range(records)])
    named = _put(node, "rooms", "room", [{"name": f"{200 + n}"} for n in range(ROOMS)])
    begins = node.now().astimezone(node.zone).replace(hour=12, minute=0, second=0, microsecond=0)
    stays: list[dict[str, object]] = []
    for n in range(BOOKINGS):  # the first room is free, so that there is somewhere to move to
        start = begins + timedelta(hours=2 * (n // (ROOMS - 1)))
        times = {"from_at": start.isoformat(), "to_at": (start + timedelta(minutes=80)).isoformat()}
        stays.append({"guest": f"客人{n}", "room": named[1 + n % (ROOMS - 1)], "state": "held", **times})
    _put(node, "rooms", "stay", stays)
    node.database.close()


def _put(node: Node, plugin: str, name: str, made: list[dict[str, object]]) -> list[str]:
    record = node.catalog.record(plugin, name)
    edits = []
    for values in made:
        parsed = {k: record.fields[k].spec.parse(v, node.zone) if k in record.fields else v for k, v in values.items()}
        edits.append(Edit(record, node.new_id(), "hq", "create", rows.to_cells(record, parsed)))
    for start in range(0, len(edits), 1_000):
        with node.database.write() as connection:
            commit(
                connection,
                node,
                Deed(node.new_id(), f"{record.key}.add", "boss", node.now()),
                edits[start : start + 1_000],
            )
    return [edit.id for edit in edits]


# A bar that can be moved and a row that is free for it, as the page itself decides it.
FREE_MOVE = """() => {
  const lanes = [...document.querySelectorAll('tr[data-lane]')].filter(l => l.dataset.lane);
  for (const slot of document.querySelectorAll('.slot[data-move]:not([data-move=""])')) {
    const x = Number(slot.dataset.x), end = x + Number(slot.dataset.width), r = slot.getBoundingClientRect();
    if (r.top < 60 || r.bottom > innerHeight - 40 || r.left < 0 || r.left > innerWidth - 40) continue;
    for (const lane of lanes) {
      const box = lane.getBoundingClientRect();
      if (lane === slot.closest('tr') || box.top < 60 || box.bottom > innerHeight - 20) continue;
      const meets = o => x < Number(o.dataset.x) + Number(o.dataset.width) && Number(o.dataset.x) < end;
      const taken = [...lane.querySelectorAll('.slot')].some(meets);
      if (!taken) return [slot.dataset.id, lane.dataset.lane];
    }
  }
  throw new Error('no bar can be moved');
}"""
WATCH = """([id, lane]) => { window.answered = new Promise(done => {
  document.addEventListener('pointerup', () => { const start = performance.now(); (function look() {
    const slot = document.querySelector('.slot[data-id="' + id + '"]');
    const there = slot && slot.closest('tr').dataset.lane === lane && !slot.classList.contains('waiting');
    if (there) done(performance.now() - start); else requestAnimationFrame(look);
  })(); }, { once: true, capture: true }); }); }"""
