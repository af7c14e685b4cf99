"""What the rows of a report are: figures that are counted by the same thing share rows.

A day's report may count customers by their source and visits by who made them. A person has no sources and a source
makes no visits: each gets rows of its own, with the figures that say something about it and no others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from core.language.definition import RecordType
from core.language.expressions import holds
from core.language.report import Figure, Report, ReportRead
from core.model.errors import Text
from stores import rows
from stores.reads.reading import Reading
from stores.reads.records import LIMIT_MAX
from stores.reads.showing import display_names
from stores.reads.tally import Tally

ROWS_MAX = LIMIT_MAX
BUILT_IN = {"state": Text("State", "状态"), "store": Text("Store", "门店"), "number": Text("Number", "编号")}


@dataclass(frozen=True, slots=True)
class RowLine:
    """One row: its key, what people call it (None: the reader may not know), what it is, and its figures as values."""

    key: object
    name: object
    by: Text
    figures: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """One kind of rows: what people call it, and the figures that have a value there, in the report's order."""

    label: Text
    figures: tuple[str, ...]


def row_lines(
    reading: Reading, found: Tally, rules: Sequence[ReportRead], hidden: Collection[str]
) -> tuple[list[RowLine], bool]:
    """Return a line per row the reader may see, kind after kind, and whether there are more than a page holds."""
    told, more = list[RowLine](), False
    for each in breakdowns(found.report, reading.node.catalog.records, hidden):
        keys = _subjects(reading, found, rules) if found.report.subject else _open_keys(reading, found, each)
        lines = _greatest_first(found.report, each, [(key, _of_row(found, each, key)) for key in keys])
        lines, more = lines[:ROWS_MAX], more or len(lines) > ROWS_MAX
        names = _row_names(reading, found.report, each, [key for key, _ in lines])
        told += [RowLine(key, names.get(str(key)), each.label, line) for key, line in lines]
    return told, more


def _greatest_first(
    report: Report, by: Breakdown, lines: list[tuple[object, dict[str, Any]]]
) -> list[tuple[object, dict[str, Any]]]:
    lines.sort(key=lambda line: (line[0] is None, str(line[0])))
    first = next((name for name in by.figures if report.figures[name].group is not None), None)
    if first is None:
        return lines
    return sorted(lines, key=lambda line: (line[1][first] is not None, line[1][first] or 0), reverse=True)


def breakdowns(report: Report, records: Mapping[str, RecordType], hidden: Collection[str] = ()) -> list[Breakdown]:
    """Return the kinds of rows of a report, in the order of its figures.

    What is worked out from other figures stands where at least one of them does and none is counted by something else.
    With rows for a record type (``for``), these are all the rows there are.
    """
    found: dict[object, list[Figure]] = {}
    for figure in report.figures.values():
        if figure.group is not None and figure.name not in hidden:
            found.setdefault(_thing(figure), []).append(figure)
    if report.subject is not None:
        found = {report.subject: found.get(report.subject, [])}
    return [
        Breakdown(_label(records, key, figures[0] if figures else None), _with_worked_out(report, figures, hidden))
        for key, figures in found.items()
    ]


def _thing(figure: Figure) -> object:
    """Return what a figure is counted by: a record type, a set of options, else the field of that name."""
    assert figure.group is not None
    kind = figure.group.kind
    return kind.record or kind.options or (figure.group.text.rpartition(".")[2], kind.name)


def _with_worked_out(report: Report, counted: Collection[Figure], hidden: Collection[str]) -> tuple[str, ...]:
    here = {figure.name for figure in counted}
    elsewhere = {name for name, figure in report.figures.items() if figure.query is not None} - here

    def stands(name: str, figure: Figure) -> bool:
        return name in here or bool(figure.parts & here and not figure.parts & elsewhere)

    return tuple(name for name, figure in report.figures.items() if stands(name, figure) and name not in hidden)


def _label(records: Mapping[str, RecordType], key: object, figure: Figure | None) -> Text:
    if isinstance(key, str):
        return records[key].label
    assert figure is not None
    assert figure.query is not None
    assert figure.group is not None
    record, names = records[figure.query.record], figure.group.text.split(".")[1:]
    for name in names[:-1]:
        to = record.fields[name].spec.to if name in record.fields else None
        record = records.get(to or "", record)
    last = names[-1] if names else figure.group.text
    return record.fields[last].label if last in record.fields else BUILT_IN.get(last, Text(last, last))


def _of_row(found: Tally, by: Breakdown, key: object) -> dict[str, object]:
    """Return the figures of one row. Where rows are only those that occur, one has nothing where it cannot occur."""
    line = found.line(found.stores, key, of_row=True, figures=by.figures)
    if found.report.subject is not None:
        return line
    counted = [name for name in by.figures if found.report.figures[name].group is not None]
    return line | {name: None for name in counted if not found.occurs(name, key)}


def _subjects(reading: Reading, found: Tally, rules: Sequence[ReportRead]) -> list[object]:
    """Return the ids of those who have a row: of the stores asked, meeting the report's and a reader's ``where``."""
    report = found.report
    assert report.subject is not None
    record = reading.node.catalog.records[report.subject]
    table = reading.node.table(record)
    query_ = select(table).where(table.c._life % 2 == 1, table.c._store.in_(found.stores)).order_by(table.c.id)
    own, kept = record.name, list[object]()
    for cells in reading.connection.execute(query_).mappings():
        row = rows.from_cells(record, dict(cells))
        env = reading.env(found.world.plugin, str(row.values["store"])).having(period=found.period, **{own: row})
        if holds(report.where, env) and any(holds(rule.where, env) for rule in rules):
            kept.append(row.id)
    return kept


def _open_keys(reading: Reading, found: Tally, by: Breakdown) -> list[object]:
    """Return the rows of one kind, or none where they would show values that the reader sees masked in the records."""
    for figure in (found.report.figures[name] for name in by.figures):
        if figure.query is None or figure.group is None:
            continue
        first = figure.group.text.split(".")[1]
        sight = reading.sight_of(reading.node.catalog.records[figure.query.record])
        plain = figure.group.kind.name in ("record", "bool", "date") or figure.group.kind.options is not None
        if not (plain if sight.blind else first not in sight.record.fields or sight.is_open(first)):
            return []
    return found.rows(by.figures)


def _row_names(reading: Reading, report: Report, by: Breakdown, keys: Sequence[object]) -> Mapping[str, object]:
    """Return what people call the rows: names of records the reader may know, labels of options, plain values.

    Each figure may be counted by something else, so a row is whatever one of them calls it. A text that no figure
    calls anything is its own name only where none counts by records: an id is no name.
    """
    ids = {str(key) for key in keys if key is not None}
    figures = [report.figures[name] for name in by.figures]
    groups = [(one.query, one.group) for one in figures if one.group is not None]
    targets = {report.subject, *(group.kind.record for _, group in groups)} - {None}
    names: dict[str, object] = {str(key): str(key) for key in keys if _is_plain(key, among_records=bool(targets))}
    for counted, group in groups:
        if counted is not None and group.kind.record is None:
            names |= _option_labels(reading.node.catalog.records[counted.record], group.text.split(".")[-1])
    for target in targets:
        names |= display_names(reading, str(target), ids)
    return names


def _is_plain(key: object, *, among_records: bool) -> bool:
    """Whether a row's key can stand for its name: a number or a day always, a text where it cannot be an id."""
    if not isinstance(key, str) or not among_records:
        return key is not None and not isinstance(key, bool)
    try:
        return bool(date.fromisoformat(key))
    except ValueError:
        return False


def _option_labels(record: RecordType, field: str) -> Mapping[str, Text]:
    if field == "state":
        return record.states
    spec = record.fields[field].spec if field in record.fields else None
    return spec.options if spec is not None and spec.options else {}
