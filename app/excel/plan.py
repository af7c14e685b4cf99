"""What a file of an import looks like: its columns, made from what the action asks, and the template with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from app.excel.cells import EMPTIED, NOT_IN_A_CELL, head_of
from app.excel.workbook import Head, write_template
from app.pages.actions.action import action_of
from app.pages.actions.buttons import beginnings, editings
from app.pages.actions.choices import few
from app.pages.frame.desk import Desk
from app.pages.frame.words import WORDS
from app.pages.showing.values import parts_of
from core.language.definition import Action, Ask, RecordType
from core.model.errors import Forbidden, Text
from core.model.fields import FieldSpec
from core.model.scope import HEADQUARTERS
from stores.reads.showing import name_fields

REASON, HAPPENED, STORE = "reason", "at", "store"  # what every action takes beside what it asks
KEY = "record"  # the column that says which record a row changes


@dataclass(frozen=True, slots=True)
class Entry:
    """One column. ``ask`` is what it is the answer to; without one it is the reason, the moment or the store."""

    name: str
    label: str
    spec: FieldSpec
    ask: Ask | None = None
    must: bool = False
    also: tuple[str, ...] = ()  # other headings by which it is known: the other language, the name in the plugin


@dataclass(frozen=True, slots=True)
class Plan:
    """The columns of an import, and what keeps the action from being done by file at all.

    ``elsewhere`` are inputs that do not fit into a cell: photos and files. An action that makes no record changes those
    that the first column names.
    """

    record: RecordType
    action: Action
    entries: list[Entry]
    unfit: list[str]
    elsewhere: list[Entry]
    naming: str = ""  # the input that names a record, where records have no numbers

    @property
    def edits(self) -> bool:
        """Whether the rows change records that are there."""
        return not self.action.new

    @property
    def key(self) -> str:
        """What an import under way goes by; a person has one per action."""
        return f"excel:{self.record.key}:{self.action.name}"


def plan_of(desk: Desk, record: RecordType, name: str) -> Plan:
    """Return the columns of an import; raises NotFound or Forbidden like the action's own form."""
    action = action_of(record, name)
    allowed = beginnings(desk, record) if action.new else editings(desk, record)
    if name not in {each.name for each in allowed}:
        raise Forbidden.of("import-refused", "your roles may not do this by file", "您的岗位无权导入")
    fitting = [_entry(desk, record, action, ask) for ask in action.ask if _fits(ask.spec)]
    others = [_entry(desk, record, action, ask) for ask in action.ask if not _fits(ask.spec)]
    key = [] if action.new else [_key(desk, record)]
    unfit = [each.label for each in others if each.must]
    naming = "" if record.number else next(iter(name_fields(record)), "")
    return Plan(record, action, [*key, *fitting, *_own(desk, record, action)], unfit, others, naming)


def heads_of(desk: Desk, plan: Plan) -> list[Head]:
    """Return the headings, each told apart from others of its label by its name."""
    labels = Counter(each.label for each in plan.entries)
    return [
        head_of(
            each.label if labels[each.label] == 1 else f"{each.label} ({each.name})",
            each.spec,
            options=tuple(_choices(desk, each.spec)),
            must=each.must,
        )
        for each in plan.entries
    ]


def template(desk: Desk, plan: Plan) -> bytes:
    """Return the empty file to fill in; its second sheet says of each column what may stand in it."""
    w = desk.words
    heads = heads_of(desk, plan)
    notes: list[Sequence[str]] = [(w.excel_column, w.required, w.excel_what, w.excel_example)]
    notes += [
        (head.label, w.yes if each.must else "", _meaning(desk, each.spec), _example(desk, each.spec))
        for head, each in zip(heads, plan.entries, strict=True)
    ]
    if plan.edits:
        notes += [("", "", w.excel_left, ""), ("", "", w.of("excel_emptied", desk.say(EMPTIED)), desk.say(EMPTIED))]
    title = f"{desk.say(plan.record.label)} {desk.say(plan.action.label)}"
    return write_template(title, heads, w.excel_notes, notes)


def _fits(spec: FieldSpec) -> bool:
    """Whether a value can stand in one cell."""
    return spec.type not in NOT_IN_A_CELL and not parts_of(spec) and not (spec.item and spec.item.type in NOT_IN_A_CELL)


def _must(record: RecordType, action: Action, ask: Ask) -> bool:
    """Whether a cell must be filled in. Where a record is changed, an empty one leaves its field as it is."""
    own = record.fields.get(ask.field or "")
    if own is not None and (own.default is not None or not action.new):
        return False
    return ask.spec.required or (own is not None and own.spec.required)


def _entry(desk: Desk, record: RecordType, action: Action, ask: Ask) -> Entry:
    label = ask.label
    return Entry(
        ask.name, desk.say(label), ask.spec, ask, _must(record, action, ask), (label.zh, label.en, ask.name)
    )  # fmt: skip


def _key(desk: Desk, record: RecordType) -> Entry:
    """Return the column that names the record: by its number, or by what it is called."""
    label = WORDS["number"] if record.number else record.label
    return Entry(KEY, desk.say(label), FieldSpec("ref", to=record.key), None, True, (label.zh, label.en, KEY))


def _own(desk: Desk, record: RecordType, action: Action) -> list[Entry]:
    w = desk.words
    found = []
    if any(check.level == "warn" for check in action.checks):
        found.append(Entry(REASON, w.reason_to_go_on, FieldSpec("text"), also=("reason",)))
    if action.backdate is not None:
        found.append(Entry(HAPPENED, w.happened_at, FieldSpec("datetime"), also=("at",)))
    if action.new and desk.actor.store == HEADQUARTERS and record.sync.home != "hq":
        found.append(Entry(STORE, w.store, FieldSpec("text"), also=("store", "门店")))
    return found


def _choices(desk: Desk, spec: FieldSpec) -> list[str]:
    if spec.type == "enum":
        return [desk.say(label) for label in (spec.options or {}).values()]
    if spec.type == "bool":
        return [desk.words.yes, desk.words.no]
    if spec.type == "ref" and spec.to:
        return [each.label for each in few(desk, spec.to) or ()]
    return []


def _meaning(desk: Desk, spec: FieldSpec) -> str:
    w = desk.words
    if spec.type == "list" and spec.item is not None:
        return w.of("excel_several", _meaning(desk, spec.item))
    if spec.type == "ref":
        record = desk.catalog.records.get(spec.to or "")
        return w.of("excel_refers", desk.say(record.label) if record else "")
    choices = _choices(desk, spec)
    if choices:
        return w.of("excel_one_of", w.between.join(choices))
    return desk.say(_MEANINGS.get(spec.type, Text("text", "文字")))


def _example(desk: Desk, spec: FieldSpec) -> str:
    choices = _choices(desk, spec)
    return choices[0] if choices else _EXAMPLES.get(spec.type, "")


_MEANINGS = {
    "int": Text("whole number", "整数"),
    "decimal": Text("number", "数字"),
    "money": Text("amount in yuan", "金额（元）"),
    "date": Text("day", "日期"),
    "time": Text("time of day", "时刻"),
    "datetime": Text("day and time of the store", "日期和时间（门店当地时间）"),
    "duration": Text("a time span", "时长"),
    "phone": Text("telephone number", "电话号码"),
}
_EXAMPLES = {
    "int": "8", "decimal": "1.5", "money": "1280.00", "date": "2026-03-07", "time": "20:45",
    "datetime": "2026-03-07 20:45", "duration": "20m", "phone": "13800001111",
}  # fmt: skip
