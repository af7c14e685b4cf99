"""Record numbers: one gapless-enough sequence per record type, store and prefix, given out at the record's home."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table

from core.language.definition import NumberFormat, RecordType
from stores.storage import bulk
from stores.storage.system import SEQUENCE

Given = dict[tuple[str, str, str], int]  # type, store and series -> the last number given out in a transaction

_DATE_PARTS = {"yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M"}
_DATE_PART = re.compile("|".join(_DATE_PARTS))
_TODAY_PARTS = frozenset({"yyyy", "yy", "MM", "dd"})  # of the business day, when no field is named


def next_number(
    connection: Connection,
    record: RecordType,
    table: Table,
    store: str,
    values: Mapping[str, object],
    *,
    today: date,
    zone: ZoneInfo,
    given: Given | None = None,
) -> str:
    """Return the next number of ``record`` in ``store``; call it in the write transaction that creates the record.

    ``{seq:3}`` counts from 1 and restarts where the other parts change; ``{store}``, any field with a date format,
    and ``{yy}``-like parts of the business day ``today`` make the prefix. A number that was rolled back is given
    out again; one that exists already (the sequence came from an old backup, or a new PC took a dead one's place)
    is stepped over. With ``given`` it is noted there alone, and the caller remembers it (``remember``): a batch gives
    out the numbers of a series without a look at the database for each.
    """
    assert record.number is not None, f"{record.key} has no number"
    before, width, after = _around_sequence(record.number, store, values, today, zone)
    series = (record.key, store, f"{before}#{after}")
    known = given is not None and series in given
    n = 1 + (given[series] if given is not None and known else _last(connection, series))
    if not known or len(f"{n:0{width}d}") > len(f"{n - 1:0{width}d}"):  # none as long as the last is above it
        while (taken := _highest_taken(connection, table, store, before, n, width, after)) is not None:
            n = taken + 1
    if given is None:
        remember(connection, {series: n})
    else:
        given[series] = n
    return f"{before}{n:0{width}d}{after}"


def remember(connection: Connection, given: Given) -> None:
    """Keep what was given out, in the write transaction that did."""
    rows = [(*series, last) for series, last in given.items()]
    bulk.upsert(connection, SEQUENCE, ("type", "store", "prefix", "last"), rows)


def _around_sequence(
    number: NumberFormat, store: str, values: Mapping[str, object], today: date, zone: ZoneInfo
) -> tuple[str, int, str]:
    """Return what stands before the sequence, its width, and what stands after it."""
    texts, width = ["", ""], 0
    for part in number.parts:
        if isinstance(part, str):
            texts[width > 0] += part
        elif part[0] == "seq":
            width = int(part[1] or 1)
        else:
            texts[width > 0] += _part(part[0], part[1], store, values, today, zone)
    assert width, f"the number `{number.text}` has no sequence"
    return texts[0], width, texts[1]


def _part(name: str, form: str, store: str, values: Mapping[str, object], today: date, zone: ZoneInfo) -> str:
    if name == "store":
        return store
    if not form and name in _TODAY_PARTS:
        return today.strftime(_DATE_PARTS[name])
    value = today if name == "today" else values.get(name)
    if isinstance(value, datetime):
        value = value.astimezone(zone)
    if isinstance(value, date) and form:
        return value.strftime(_DATE_PART.sub(lambda found: _DATE_PARTS[found.group()], form.replace("%", "%%")))
    return "" if value is None else str(value)


def _last(connection: Connection, series: tuple[str, str, str]) -> int:
    kept = bulk.by_key(connection, SEQUENCE.name, ("last",), ("type", "store", "prefix"), *series)
    return int(kept[0][0]) if kept else 0


def _highest_taken(
    connection: Connection, table: Table, store: str, before: str, n: int, width: int, after: str
) -> int | None:
    """Return the highest sequence from ``n`` up, of the same length, that a record of the store has already.

    Numbers of one length sort like their sequences, so one look-up in the index on the number answers.
    """
    digits = f"{n:0{width}d}"
    behind = len(before) + len(digits)
    sql = (
        f"SELECT max(number) FROM {bulk.quoted(table.name)} WHERE _store = ? AND number >= ? AND number <= ? "  # noqa: S608 - a name of our own
        "AND length(number) = ? AND substr(number, ?) = ?"
    )
    first, last = f"{before}{digits}{after}", f"{before}{'9' * len(digits)}{after}"
    ((highest,),) = bulk.run(connection, sql, store, first, last, behind + len(after), behind + 1, after)
    if highest is None:
        return None
    sequence = highest[len(before) : len(before) + len(digits)]
    return int(sequence) if sequence.isdecimal() else None
