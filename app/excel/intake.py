"""The file of an import, understood: each row is one action, or says what is wrong with it (``turns`` does them)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, time
from hashlib import blake2b
from typing import Any, Literal

from app.excel import cells
from app.excel.plan import KEY, REASON, STORE, Entry, Plan
from app.excel.workbook import Line, read
from app.pages.actions.choices import Choice, named
from app.pages.frame.desk import Desk
from core.model.errors import NodeError, Problem, Text, suggest
from core.model.fields import BadValue
from core.model.values import canonical_json

# new: not tried out yet; bad: refused, with the reasons; good: it would be carried out;
# there: it was carried out by an earlier import; made: carried out by this one; same: the record is so already.
State = Literal["new", "bad", "good", "there", "made", "same"]
Find = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Said:
    """One thing to say of a row: a problem, or (``warn``) a warning. ``column``: its heading."""

    en: str
    zh: str
    column: str = ""
    warn: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row on its way: its number in the file, its cells as texts, the action in it, and how it stands.

    ``cells`` stand as the template has them, whatever the order of the file: what was refused goes back whole.
    ``id`` is the record: the one it has made, or the one it changes. ``changes`` are what it changes there: heading,
    what stands, what is to stand.
    """

    row: int
    cells: tuple[str, ...]
    body: Mapping[str, Any]
    key: str
    state: State = "new"
    said: tuple[Said, ...] = ()
    id: str | None = None
    changes: tuple[tuple[str, str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain data, for keeping it."""
        return asdict(self)


def row_of(told: Mapping[str, Any]) -> Row:
    """Return a row from what ``to_json`` gave."""
    said = tuple(Said(**each) for each in told["said"])
    changes = tuple(tuple(each) for each in told.get("changes", ()))
    return Row(**{**told, "cells": tuple(told["cells"]), "said": said, "changes": changes})


@dataclass
class Intake:
    """A file as it was understood: its rows, and the headings that nothing here is called by."""

    rows: list[Row] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)


def understood(desk: Desk, plan: Plan, raw: bytes) -> Intake:
    """Return the rows of a file, not tried out yet. Raises NodeError when it is no such file at all."""
    lines = read(raw)
    if len(lines) < 2:
        raise NodeError.of("file-empty", "the file has no rows", "文件中没有数据行", field="file")
    headings = [str(cell or "").strip() for cell in lines[0].cells]
    places, unused = _places(plan, headings)
    elsewhere = _elsewhere(plan, headings)
    find = _finder(desk)
    seen: Counter[str] = Counter()
    rows = [_with_files(_row(desk, plan, places, line, find, seen), line, elsewhere) for line in lines[1:]]
    ours = {desk.words.excel_row, desk.words.reason}  # of the file of what was refused
    told = [each for each in unused if each not in {*ours, *(headings[index] for index in elsewhere)}]
    return Intake(_told_apart(plan, rows), told)


def spoken(plan: Plan, problems: Iterable[Problem]) -> tuple[Said, ...]:
    """Return what problems say, each with the heading of its column."""
    labels = {each.name: each.label for each in plan.entries}
    return tuple(
        Said(_whole(p, "en"), _whole(p, "zh"), labels.get(p.field or "", ""), p.level == "warn") for p in problems
    )


def _whole(problem: Problem, language: Literal["zh", "en"]) -> str:
    fix = problem.fix.say(language) if problem.fix else ""
    return f"{problem.what.say(language)}{('；' if language == 'zh' else '; ') if fix else ''}{fix}"


# --- from cells to actions --------------------------------------------------------------------------------------------


def _places(plan: Plan, headings: Sequence[str]) -> tuple[dict[int, Entry], list[str]]:
    """Return which column of the file is which of the plan, and the headings that are none."""
    known: dict[str, Entry] = {}
    for each in plan.entries:
        for word in (each.label, f"{each.label} ({each.name})", *each.also):
            known.setdefault(_folded(word), each)
    places: dict[int, Entry] = {}
    for index, heading in enumerate(headings):
        found = known.get(_folded(heading))
        if found is not None and found not in places.values():
            places[index] = found
    _name_instead(plan, places)
    missing = [each for each in plan.entries if each.must and each not in places.values()]
    if missing:
        raise NodeError(tuple(_no_column(each, headings) for each in missing))
    return places, [heading for index, heading in enumerate(headings) if heading and index not in places]


def _name_instead(plan: Plan, places: dict[int, Entry]) -> None:
    """Let the column of the name say which record a row is about, in a file that has no other for it: an exported list
    of records without numbers."""
    key = next((each for each in plan.entries if each.name == KEY), None)
    named = next((index for index, each in places.items() if plan.naming and each.name == plan.naming), None)
    if key is not None and named is not None and key not in places.values():
        places[named] = key


def _elsewhere(plan: Plan, headings: Sequence[str]) -> dict[int, Entry]:
    """Return the columns of photos and files, which no cell can hold."""
    known = {_folded(word): each for each in plan.elsewhere for word in (each.label, *each.also)}
    return {index: known[_folded(heading)] for index, heading in enumerate(headings) if _folded(heading) in known}


def _with_files(row: Row, line: Line, elsewhere: Mapping[int, Entry]) -> Row:
    """Refuse a row that has something in such a column: it would be lost without a word."""
    given = [each for index, each in elsewhere.items() if index < len(line.cells) and line.cells[index] is not None]
    said = tuple(
        Said(
            "photos and files do not come by file; empty the cell and add it on the record's page",
            "照片和文件不能通过表格导入；请清空该单元格，导入后在记录页面添加",
            each.label,
        )
        for each in given
    )
    return replace(row, state="bad", said=(*row.said, *said)) if said else row


def _folded(heading: str) -> str:
    return heading.rstrip("*＊ ").replace("（", "(").replace("）", ")").strip().casefold()


def _no_column(entry: Entry, headings: Sequence[str]) -> Problem:
    what = Text(f"the column `{entry.label}` is missing", f"缺少列“{entry.label}”")
    fix = suggest(entry.label, headings) or Text("use the headings of the template", "请使用模板的表头")
    return Problem("no-such-column", what, fix=fix, field="file")


def _row(desk: Desk, plan: Plan, places: Mapping[int, Entry], line: Line, find: Find, seen: Counter[str]) -> Row:
    body: dict[str, Any] = {}
    ask: dict[str, object] = {}
    said: list[Said] = []
    target: str | None = None
    for index, entry in places.items():
        raw = line.cells[index] if index < len(line.cells) else None
        if entry.ask is not None and cells.empties(raw):
            ask |= {entry.name: None} if plan.edits else {}
            continue
        try:
            value = cells.taken_in(desk, entry.spec, raw, find)
        except BadValue as bad:
            said += spoken(plan, [bad.problem(entry.name)])
            continue
        if entry.name == KEY:
            target = str(value or "") or None
            said += [] if value else [Said("say which record", "请填写是哪条记录", entry.label)]
        elif value is not None:
            (ask if entry.ask is not None else body)[entry.name] = value
    found = {entry.name: line.cells[index] for index, entry in places.items() if index < len(line.cells)}
    written = tuple(_written(found.get(entry.name)) for entry in plan.entries)
    body["ask"] = ask
    key = _key(desk, plan, body, seen, target)
    return Row(line.row, written, body, key, "bad" if said else "new", tuple(said), target)


def _key(desk: Desk, plan: Plan, body: Mapping[str, Any], seen: Counter[str], target: str | None = None) -> str:
    """Return what the row goes by for good: its store, its action, what stands in it, and which of its equals it is.

    Two equal rows of one file are two; the same file a second time is the same two. The reason for going on after a
    warning is not part of it.
    """
    told = {key: value for key, value in body.items() if key != REASON}
    where = target or str(body.get(STORE) or desk.actor.store)
    text = canonical_json([where, plan.record.key, plan.action.name, told])
    seen[text] += 1
    return blake2b(f"{seen[text]}{text}".encode(), digest_size=20).hexdigest()


def _told_apart(plan: Plan, rows: Sequence[Row]) -> list[Row]:
    """Say of rows that share what only one record may have: tried out one by one, each would hold."""
    asked = {each.ask.field: each for each in plan.entries if each.ask is not None and each.ask.field}
    unique = [asked[name] for name, one in plan.record.fields.items() if one.unique and name in asked]
    first: dict[tuple[str, str], int] = {}
    apart = [_apart_from(row, unique, first) for row in rows]
    return [_once(row, first) for row in apart] if plan.edits else apart


def _once(row: Row, first: dict[tuple[str, str], int]) -> Row:
    """Refuse a second row about one record: which of the two is meant is not for us to guess."""
    other = first.setdefault((KEY, row.id or f"row {row.row}"), row.row)
    if other == row.row:
        return row
    said = Said(f"the same record as in row {other}", f"与第 {other} 行为同一记录")
    return replace(row, state="bad", said=(*row.said, said))


def _apart_from(row: Row, unique: Sequence[Entry], first: dict[tuple[str, str], int]) -> Row:
    said = []
    for entry in unique:
        value = row.body["ask"].get(entry.name)
        other = first.setdefault((entry.name, str(value)), row.row)
        if value is not None and other != row.row:
            said.append(Said(f"the same as in row {other}", f"与第 {other} 行相同", entry.label))
    return replace(row, state="bad", said=(*row.said, *said)) if said else row


def _written(cell: object) -> str:
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()  # a sheet has no plain days
    return "" if cell is None else str(cell)


def _finder(desk: Desk) -> Find:
    """Return how references are found by name or number; each name is looked up once."""
    known: dict[tuple[str, str], list[Choice]] = {}

    def find(key: str, text: str) -> str:
        if (key, text) not in known:
            known[key, text] = named(desk, key, text)
        return _one_of(text, known[key, text])

    return find


def _one_of(text: str, found: Sequence[Choice]) -> str:
    if len(found) == 1:
        return found[0].key
    if not found:
        raise BadValue(
            Text(f"nothing is called `{text}`", f"没有找到“{text}”"),
            Text("write its name or number", "请填写名称或编号"),
        )
    raise BadValue(
        Text(f"several are called `{text}`", f"有多条名为“{text}”"), Text("write its number instead", "请改填编号")
    )
