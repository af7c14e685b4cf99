"""A list page with more and more behind it, as headquarters asks for it: first, deep and last page, filters, searches.

What is measured is the whole page as a browser gets it, in processor time of the node; the ratio to the small list says
what the size costs, whatever the machine. Records are put down in bulk: how they came is measured elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from statistics import median

from fastapi.testclient import TestClient

from app.bootstrap import Surroundings
from app.service import Service, open_service
from app.settings import Settings
from app.signin.passwords import Passwords
from app.signin.staffing import NewPerson, add_person
from app.web.server import create_app
from benchmarks import served, workbench
from stores.reads.filters import Columns
from stores.reads.paging import to_cursor
from stores.reads.reading import Reading
from stores.staff import person
from stores.storage import bulk, words

TIMES = 7
SIZES = (5_000, 1_000_000)
STORES = 20
BATCH = 20_000
PLUGIN = """
plugin: letters
version: 1.0.0
label: {en: Letters, zh: 信函}
roles: {clerk: {label: {en: Clerk, zh: 员工}}}
records:
  letter:
    label: {en: Letter, zh: 信函}
    number: "{store}-{seq:7}"
    fields:
      name:  {type: text, required: true, label: {en: Name, zh: 姓名}}
      phone: {type: phone, mask: last4, label: {en: Phone, zh: 电话}}
      kind:  {type: enum, of: {plain: {en: Plain, zh: 平信}, express: {en: Express, zh: 快件}, legal: {en: Legal, zh: 公函}}, label: {en: Kind, zh: 类别}}
      day:   {type: date, label: {en: Day, zh: 日期}}
      price: {type: money, label: {en: Price, zh: 价格}}
    states: {waiting: {en: Waiting, zh: 待取}, taken: {en: Taken, zh: 已取}, lost: {en: Lost, zh: 遗失}}
    by: clerk
    actions:
      receive: {from: new, to: waiting, ask: [name, phone, kind, day, price], label: {en: Receive, zh: 接收}}
      take:    {from: waiting, to: taken, label: {en: Take, zh: 取走}}
      lose:    {from: waiting, to: lost, label: {en: Lose, zh: 遗失}}
    sync: {scope: store, home: store}
"""  # noqa: E501 - YAML
LIST = "/records/letters/letter"


def run(sizes: list[int]) -> Iterator[tuple[str, str]]:
    """Open the same pages of the same list at every size, and yield each with its ratio to the smallest."""
    first: dict[str, float] = {}
    with workbench.folder() as path:
        (path / "plugins" / "letters").mkdir()
        (path / "plugins" / "letters" / "plugin.yaml").write_text(PLUGIN, encoding="utf-8")
        service = _open(path)
        client = _signed_in(service)
        held = 0
        for size in sorted(sizes):
            _fill(service, held, size)
            held = size
            for label, address in _questions(service):
                took = median(_cpu_seconds(lambda address=address: _opened(client, address)) for _ in range(TIMES))  # type: ignore[misc]
                ratio = took / first.setdefault(label, took)
                yield f"{label}, {held:,} records", f"{took * 1000:.1f} ms  x{ratio:.1f}"
        service.node.database.close()


def _questions(service: Service) -> Iterator[tuple[str, str]]:
    yield "the first page, newest first, with its total", LIST
    yield "the last page", f"{LIST}?cursor={_last(service, [])}"
    yield "ordered by day: the first page", f"{LIST}?sort=day"
    yield "ordered by name: the first page", f"{LIST}?sort=name"
    yield "one state in ten thousand", f"{LIST}?state=lost"
    yield "one kind in ten thousand", f"{LIST}?kind=legal"
    yield "one branch", f"{LIST}?store=s007"
    yield "the days of one week", f"{LIST}?day.ge=2026-01-05&day.le=2026-01-11"
    yield "a search for one record's number", f"{LIST}?q=s003-0000203"
    yield "a search for the end of a phone", f"{LIST}?q=4321"
    yield "a search for a name that 5,000 share", f"{LIST}?q=收件人77"
    yield "a search for what nobody is called", f"{LIST}?q=欧阳"


def _opened(client: TestClient, address: str) -> None:
    answer = client.get(address)
    answer.raise_for_status()
    assert "<table" in answer.text or "nothing" in answer.text, "the list is not there"


def _cpu_seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _open(path: Path) -> Service:
    settings = Settings.model_validate(
        {"node": "hq", "data": path, "plugins": {"folders": [path / "plugins"], "installed": False, "watch": False}}
    )
    service = open_service(settings, Surroundings(), Passwords.quick())
    add_person(service.node, service.passwords, NewPerson("柜台", "clerk", served.PASSWORD, ("clerk", "hq_admin"), "1"))
    return service


def _signed_in(service: Service) -> TestClient:
    client = TestClient(create_app(service, run_service=False))
    client.headers["Accept"] = "text/html"
    client.post("/sign-in", data={"login": "clerk", "password": served.PASSWORD}).raise_for_status()
    return client


def _last(service: Service, sort: list[str]) -> str:
    """Return where the last page begins: fifty records before the end."""
    node, record = service.node, service.node.catalog.record("letters", "letter")
    with node.database.read() as connection:
        (staff,) = bulk.run(connection, "SELECT id FROM core_staff")[0]
        reading = Reading(connection, node, person(connection, node, staff))
        keys = Columns(node.table(record), reading.sight_of(record), node.zone).sort_keys(sort)
        rows = bulk.run(connection, f"SELECT id FROM {record.table} ORDER BY id LIMIT 1 OFFSET 50")
    return to_cursor(keys, (rows[0][0],))


def _fill(service: Service, begin: int, end: int) -> None:
    """Put letters down as they stand after years, and read them into the index of words as quiet moments would."""
    node, record = service.node, service.node.catalog.record("letters", "letter")
    table = node.table(record)
    columns = ("id", "_store", "_hs", "_life", "_at", "_by", "_m", "number", "state", *record.stored)
    for start in range(begin, end, BATCH):
        rows = [_letter(node.new_id(), n) for n in range(start, min(start + BATCH, end))]
        with node.database.write() as connection:
            bulk.insert(connection, table, columns, rows)
        while True:
            with node.database.write() as connection:
                if not words.read_in(connection, node.tables):
                    break


def _letter(id_: str, n: int) -> tuple[object, ...]:
    store, at = f"s{n % STORES:03}", "2026-01-01T00:00:00.000Z"
    state = "lost" if n % 10_000 == 7 else "waiting" if n % 20 == 0 else "taken"
    kind = "legal" if n % 10_000 == 9 else "express" if n % 3 else "plain"
    day = (date(2026, 3, 1) - timedelta(days=n % 2_000)).isoformat()
    phone = f"138{n % 100_000_000:08}"
    return (
        id_, store, n + 1, 1, at, "system", "{}", f"{store}-{n // STORES:07}", state,
        f"收件人{n % 200}", phone, kind, day, n % 300 * 100,
    )  # fmt: skip
