"""The one merge step: what becomes of a record when a change meets it.

``commit`` writes a change made here, headquarters merges one that comes up, a branch replays its own over what
comes down. All three change a record here and nowhere else, or nodes would drift apart on the first day.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Literal, NamedTuple

from core.language.definition import Field, RecordType
from core.model.change import Entry
from core.model.errors import Problem, Text
from core.model.fields import FieldSpec
from core.model.merge import FieldStamp, FieldState, Hook, Merged, MergePolicy, merge_field, seen
from core.model.stamps import pack_one
from core.model.values import LINE_CHARS_MAX, TEXT_CHARS_MAX, Cell, of_kind
from stores.changes.held import LIFE, Held

DECIDED = ("state", "number")  # what the record's home decides and nobody merges
_STANDING = frozenset(
    {MergePolicy.LATEST, MergePolicy.ASK, MergePolicy.HOOK}
)  # a value that saw the current one stands
_COMBINED = frozenset({MergePolicy.SUM, MergePolicy.UNION, MergePolicy.APPEND, MergePolicy.MAX, MergePolicy.MIN})
_INT_MAX = 2**63 - 1
_CORE = "core"
_FREE = frozenset({"text", "phone", "ref", "enum", "file", "image", "signature"})  # any text will do
_MOMENT = FieldSpec("datetime")

DissentKind = Literal["field", "refused", "unique", "exclusive", "deleted", "broken"]
Outcome = Literal["current", "incoming", "both"]
FieldHook = Callable[[RecordType, Field, Cell, Cell, Cell], Cell]  # base, ours, theirs -> kept, None = as ``latest``


class Dissent(NamedTuple):
    """Two writes that cannot both stand as they are: what a person is shown in the conflict inbox.

    ``mine`` is what this node held, written as ``mine_stamp`` says; ``theirs`` is what ``entry`` brought.
    """

    kind: DissentKind
    type: str
    id: str
    store: str
    field: str | None
    base: Cell
    mine: Cell
    mine_stamp: FieldStamp | None
    theirs: Cell
    entry: Entry
    policy: str
    outcome: Outcome
    detail: str | None = None
    rival: Held | None = None  # the other record, when two records clash


@dataclass(frozen=True, slots=True)
class Shape:
    """What the merge step needs to know about a record type, looked up once per batch."""

    record: RecordType
    policies: Mapping[str, MergePolicy]
    forms: Mapping[str, type]
    hook: FieldHook | None = None
    written: Mapping[str, FieldSpec] = field(default_factory=dict)  # fields whose text must read as a value
    limited: Mapping[str, FieldSpec] = field(default_factory=dict)  # fields with a least or a greatest value


class Unfit(Exception):
    """A change that cannot be merged as it is; it goes to quarantine with ``problem``."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem.what.en))
        self.problem = problem


def shape_of(record: RecordType, hook: FieldHook | None = None) -> Shape:
    """Return what the merge step needs to know about ``record``."""
    stored = {name: field for name, field in record.fields.items() if field.stored}
    policies = {name: field.merge for name, field in stored.items()} | dict.fromkeys(DECIDED, MergePolicy.HOME)
    forms: dict[str, type] = {name: int if f.spec.kind.column == "integer" else str for name, f in stored.items()}
    written = {name: f.spec for name, f in stored.items() if f.spec.kind.column == "text" and f.spec.type not in _FREE}
    limited = {name: f.spec for name, f in stored.items() if f.spec.min is not None or f.spec.max is not None}
    return Shape(record, policies, forms | dict.fromkeys(DECIDED, str) | {LIFE: int}, hook, written, limited)


def check_cells(shape: Shape, entry: Entry) -> None:
    """Raise ``Unfit`` for a cell that its column must not hold: a database may take it and fail to give it back.

    Nor may it hold what does not read as a value: one such record would break every list that it stands in.
    """
    if not is_moment(entry.at):
        raise Unfit(_bad_cell(Text("when it was done", "操作时间"), "it is no moment", "不是有效的时间"))
    for name, (_, new) in entry.body.items():
        check_column(shape, name, (new,))


def check_column(shape: Shape, name: str, column: Sequence[Cell]) -> None:
    """Raise ``Unfit`` when one of many cells of a field is such a cell."""
    kinds = set(map(type, column))
    for form in kinds - {NoneType, shape.forms.get(name)}:
        if name in shape.forms or form not in (str, int):
            raise Unfit(_bad_cell(_label(shape, name), *_NO_VALUE))
    if str in kinds:
        texts = of_kind(str, column, kinds)
        joined = "".join(texts)
        if "\0" in joined:
            raise Unfit(_bad_cell(_label(shape, name), "it contains a NUL", "含有 NUL 字符"))
        if len(joined) > TEXT_CHARS_MAX and max(map(len, texts)) > (most := _chars_max(shape, name)):
            raise Unfit(_bad_cell(_label(shape, name), f"it is longer than {most} characters", f"超过 {most} 个字符"))
        if name in shape.written:
            _check_written(shape, name, set(texts))
    if int in kinds:
        numbers = of_kind(int, column, kinds)
        if not -_INT_MAX <= min(numbers) <= max(numbers) <= _INT_MAX:
            raise Unfit(_bad_cell(_label(shape, name), "the number is too large", "数值过大"))


def _chars_max(shape: Shape, name: str) -> int:
    """Return how long a text of a field may be: as long as a node lets anybody enter it, so no honest one is longer.

    What grows by joining (notes, lists) is bounded by what one change may hold, as is what the node itself puts
    together, the messages and conflicts of core.
    """
    joined = shape.policies.get(name) in _COMBINED or name not in shape.policies
    return LINE_CHARS_MAX if joined or shape.record.plugin == _CORE else TEXT_CHARS_MAX


def is_moment(cell: Cell) -> bool:
    """Say whether a text is the cell of a moment."""
    return cell is not None and _MOMENT.reads(cell)


def _check_written(shape: Shape, name: str, texts: Collection[str]) -> None:
    if not all(map(shape.written[name].reads, texts)):
        raise Unfit(_bad_cell(_label(shape, name), *_NO_VALUE))


def write(held: Held, body: Mapping[str, tuple[Cell, Cell]], stamp: FieldStamp, known: Container[str]) -> None:
    """Put the new values of a change that saw everything there is, and their stamp, into the record."""
    for name, (_, new) in body.items():
        _put(held, name, new, name in known)
    if body:
        held.stamps = held.stamps.with_(body, stamp)


def write_new(held: Held, body: Mapping[str, tuple[Cell, Cell]], stamp: FieldStamp, known: Container[str]) -> None:
    """Put the values of a record that is made now into it; they share one stamp."""
    for name, (_, new) in body.items():
        _put(held, name, new, name in known)
    held.packed = pack_one(stamp)


def merge(held: Held, entry: Entry, shape: Shape, stamp: FieldStamp, *, is_home: bool) -> list[Dissent]:
    """Merge a change into the record at headquarters and return what could not both stand.

    ``stamp`` is what the change's values carry from now on. A record the author had last seen as it stands is not
    merged at all: the values just go on. ``is_home`` says whether the author's node decides about the record.
    """
    if held.hs <= entry.base_hs and held.alive and just_stands(entry.body, shape, is_home=is_home):
        write(held, entry.body, stamp, shape.policies)
        return []
    return [dissent for part in _parts(held, entry, shape, stamp, is_home) for dissent in part]


def replay(held: Held, entry: Entry, shape: Shape, stamp: FieldStamp, *, is_home: bool) -> None:
    """Put a change made here, which headquarters has not merged yet, over the state that came down.

    Sums, unions, notes and extremes combine as they will at headquarters. Everything else shows what was entered
    here until headquarters has decided: nobody's work vanishes from the page while the line is down.
    """
    standing: dict[str, tuple[Cell, Cell]] = {}
    for name, (old, new) in entry.body.items():
        policy = shape.policies.get(name, MergePolicy.LATEST)
        if policy in _COMBINED:
            _settle(held, name, entry, shape, stamp, is_home)
        else:
            standing[name] = (old, new)
    write(held, standing, stamp, shape.policies)


def just_stands(names: Iterable[str], shape: Shape, *, is_home: bool) -> bool:
    """Say whether values that saw the record as it stands simply take the place of those before, by their policies."""
    for name in names:
        if name in DECIDED or name == LIFE:
            if not is_home or name == LIFE:
                return False
        elif shape.policies.get(name, MergePolicy.LATEST) not in _STANDING:
            return False
    return True


def _parts(held: Held, entry: Entry, shape: Shape, stamp: FieldStamp, is_home: bool) -> Iterator[list[Dissent]]:
    if LIFE in entry.body:
        yield _merge_life(held, entry, shape, stamp, is_home)
    elif not held.alive:
        yield _edit_of_the_dead(held, entry, shape, stamp)
    for name, (_, new) in entry.body.items():
        if name in DECIDED and not is_home:
            yield _refuse(held, name, entry, held.cells.get(name), new)
        elif name != LIFE:
            merged, current = _settle(held, name, entry, shape, stamp, is_home)
            if merged.conflict:
                policy = shape.policies.get(name, MergePolicy.LATEST)
                yield [_dissent("field", held, name, entry, current, new, str(policy), merged.kept)]


def _settle(
    held: Held, name: str, entry: Entry, shape: Shape, stamp: FieldStamp, is_home: bool
) -> tuple[Merged, FieldState]:
    """Merge one field into the record; return what became of it and what it was."""
    known = name in shape.policies
    old, new = entry.body[name]
    current = FieldState((held.cells if known else held.unknown).get(name), held.stamps.of(name))
    policy = shape.policies.get(name, MergePolicy.LATEST)
    hook = _hook(shape, name) if policy is MergePolicy.HOOK else None
    merged = merge_field(policy, current, old, new, stamp, entry.base_hs, is_home=is_home, hook=hook)
    _put(held, name, merged.cell, known)
    if merged.stamp != current.stamp:
        held.stamps = held.stamps.with_((name,), merged.stamp)
    return merged, current


def _hook(shape: Shape, name: str) -> Hook | None:
    if shape.hook is None:
        return None
    asked, field = shape.hook, shape.record.fields[name]
    return lambda old, current, new: asked(shape.record, field, old, current, new)


def _put(held: Held, name: str, cell: Cell, known: bool) -> None:
    if name == LIFE:
        assert isinstance(cell, int)
        held.life = cell
        held.changed.add(LIFE)
    elif known:
        held.cells[name] = cell
        held.changed.add(name)
    else:
        held.unknown[name] = cell
        held.changed.add("_x")


def _merge_life(held: Held, entry: Entry, shape: Shape, stamp: FieldStamp, is_home: bool) -> list[Dissent]:
    """Merge a delete or an undelete: the larger counter stands, unless the type lets an unseen edit win.

    An edit that wins raises the counter above the delete's, so both orders of arrival end at the same number.
    """
    current, (_, new) = FieldState(held.life, held.stamps.of(LIFE)), entry.body[LIFE]
    assert isinstance(new, int)
    if not is_home:
        return _refuse(held, LIFE, entry, held.life, new)
    rule = shape.record.sync.deletes
    if new <= held.life:
        late = new != held.life and not seen(current.stamp, entry.origin, entry.base_hs)
        return (
            [_dissent("deleted", held, None, entry, current, new, shape.record.sync.deletes, "current")] if late else []
        )
    rule = shape.record.sync.deletes
    rivals = [s for s in _stamps(held) if not seen(s, entry.origin, entry.base_hs)]
    loses = new % 2 == 0 and (rule == "forbid" or (rule == "edit_wins" and bool(rivals)))
    _raise_life(held, new + 1 if loses else new, stamp)
    if not loses and (new % 2 == 1 or not rivals):
        return []
    return [_dissent("deleted", held, None, entry, current, new, rule, "current" if loses else "incoming")]


def _edit_of_the_dead(held: Held, entry: Entry, shape: Shape, stamp: FieldStamp) -> list[Dissent]:
    """Merge an edit into a deleted record: its author did not know, so one of the two cannot stand."""
    grave = FieldState(held.life, held.stamps.of(LIFE))
    if seen(grave.stamp, entry.origin, entry.base_hs):
        return []
    rule = shape.record.sync.deletes
    if rule != "delete_wins":
        _raise_life(held, held.life + 1, stamp)
    kept: Outcome = "current" if rule == "delete_wins" else "incoming"
    return [_dissent("deleted", held, None, entry, grave, None, rule, kept)]


def _stamps(held: Held) -> Iterator[FieldStamp]:
    yield held.stamps.base
    yield from held.stamps.fields.values()


def _raise_life(held: Held, life: int, stamp: FieldStamp) -> None:
    _put(held, LIFE, life, True)
    held.stamps = held.stamps.with_((LIFE,), stamp)


def _refuse(held: Held, name: str, entry: Entry, mine: Cell, theirs: Cell) -> list[Dissent]:
    """Keep what the home decided; the author sees it again, because every merged record goes down anew."""
    if mine == theirs:
        return []
    current = FieldState(mine, held.stamps.of(name))
    return [_dissent("refused", held, name, entry, current, theirs, str(MergePolicy.HOME), "current")]


def _dissent(
    kind: DissentKind,
    held: Held,
    field: str | None,
    entry: Entry,
    current: FieldState,
    theirs: Cell,
    policy: str,
    outcome: Outcome,
) -> Dissent:
    base = entry.body[field][0] if field is not None and field in entry.body else None
    mine, wrote = current
    return Dissent(kind, entry.type, held.id, held.store, field, base, mine, wrote, theirs, entry, policy, outcome)


def _bad_cell(label: Text, en: str, zh: str) -> Problem:
    what = Text(f"{label.en} cannot be kept: {en}", f"“{label.zh}”无法保存：{zh}")
    fix = Text("update the sending node, then retry the change", "请更新发送节点后重试该更改")
    return Problem("bad-cell", what, fix=fix)


def _label(shape: Shape, name: str) -> Text:
    """Return what people call a field; one that this version does not have keeps its name."""
    own = shape.record.fields.get(name)
    return own.label if own is not None else Text(name, name)


_NO_VALUE = ("it is no value of this field", "不是该字段的有效值")
