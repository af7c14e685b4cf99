"""Log entries and state rows by column: one list per field instead of one map per change.

Changes of the same record type that touch the same fields share a *shape*: the type and the field names are
written once, the old and new values follow as columns. The origin, the sequence numbers and the hashes of log
entries are not sent at all: they follow from the head the piece continues, and the last hash proves the rest.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, cast

from core.model.change import Entry
from core.model.errors import Problem, Text
from core.model.lines import NUMBERS, TEXTS, Block, Lines, bodies_of, chained, lines_of
from core.model.values import canonical_json
from stores.changes.feed import StateRow
from sync.protocol import HARD_CHANGES_MAX, FrameError, Head
from sync.wire.packing import Column
from sync.wire.reading import Part, bad, cells, integer, integers, listing, name, text, texts

Cell = int | str | None
Key = tuple[str, str, tuple[str, ...]]  # record type, what else is shared, field names

ROW_TEXTS = ("id", "store", "m")
ROW_INTS = ("life", "hs")
ROW_CELLS = ("at", "by")
_LISTS = (*TEXTS, *NUMBERS, "facts")
KINDS = frozenset({"create", "update", "delete", "undelete"})
HASH_CHARS = 32
FACTS_DEPTH_MAX = 20


@dataclass
class _Shapes:
    """The shapes met so far and the values of each, column by column."""

    of: Column = field(default_factory=Column)
    index: dict[Key, int] = field(default_factory=dict)
    values: list[list[Column]] = field(default_factory=list)

    def add(self, key: Key, values: Sequence[Cell]) -> None:
        place = self.index.get(key)
        if place is None:
            place = self.index[key] = len(self.index)
            self.values.append([Column() for _ in values])
        self.of.append(place)
        for column, value in zip(self.values[place], values, strict=True):
            column.append(value)

    def tree(self) -> dict[str, object]:
        keys = [[type_, extra, list(fields)] for type_, extra, fields in self.index]
        return {"shapes": keys, "shape": self.of, "values": self.values}


def entries_tree(after: Head, entries: Sequence[Entry]) -> dict[str, object]:
    """Return a piece of a log as columns. ``hash`` is that of its last entry."""
    if not entries:
        return {"count": 0, "shapes": [], "shape": [], "values": [], "hash": after.hash} | {key: [] for key in _LISTS}
    lines = lines_of(entries)
    blocks = lines.blocks()
    shape: list[object] = [0] * len(lines)
    for number, block in enumerate(blocks):
        for place in block.places:
            shape[place] = number
    tree: dict[str, object] = {
        "count": len(lines),
        "shapes": [[block.type, block.kind, list(block.fields)] for block in blocks],
        "shape": Column(shape),
        "values": [[Column(column) for column in block.cells] for block in blocks],
        "hash": lines.hashes[-1],
    }
    return tree | {key: Column(lines.columns[key]) for key in _LISTS}


def read_entries(tree: object, origin: str, after: Head) -> Lines:
    """Return the entries of a piece, with sequence numbers and hashes worked out anew.

    Raises FrameError when the columns do not fit together or the last hash is not the one the sender claims.
    """
    part = Part(tree, "entries", ("count", "shapes", "shape", "values", "hash", *_LISTS))
    count = part.get("count", integer, 0, HARD_CHANGES_MAX)
    columns: dict[str, list[Any]] = {key: texts(part.get(key, listing, count), key) for key in TEXTS}
    columns |= {key: integers(part.get(key, listing, count), key) for key in NUMBERS}
    columns["facts"] = _read_all_facts(part.get("facts", listing, count))
    places, blocks = _read_blocks(part, count)
    columns["type"] = [blocks[place].type for place in places]
    columns["kind"] = [blocks[place].kind for place in places]
    columns["body"] = bodies_of(blocks, count)
    hashes = chained(after.hash, origin, after.seq + 1, columns)
    lines = Lines(origin, after.seq + 1, columns, hashes, [block for block in blocks if block.places])
    if (lines.hashes[-1] if count else after.hash) != part.get("hash", name):
        raise _other_hash()
    return lines


def rows_tree(rows: Sequence[StateRow]) -> dict[str, object]:
    """Return state rows as columns."""
    shapes = _Shapes()
    for row in rows:
        shapes.add((row.type, "", tuple(row.cells)), list(row.cells.values()))
    tree: dict[str, object] = {"count": len(rows), **shapes.tree()}
    for key in (*ROW_TEXTS, *ROW_INTS, *ROW_CELLS):
        tree[key] = Column(getattr(row, key) for row in rows)
    tree["x"] = Column(row.x for row in rows)
    return tree


def read_rows(tree: object) -> tuple[StateRow, ...]:
    """Return the state rows of a page; raises FrameError when the columns do not fit together."""
    part = Part(tree, "rows", ("count", "shapes", "shape", "values", "x", *ROW_TEXTS, *ROW_INTS, *ROW_CELLS))
    count = part.get("count", integer, 0, HARD_CHANGES_MAX)
    columns: dict[str, list[Any]] = {key: texts(part.get(key, listing, count), key) for key in ROW_TEXTS}
    columns |= {key: integers(part.get(key, listing, count), key) for key in ROW_INTS}
    columns |= {key: _read_optional(part.get(key, listing, count), key) for key in ROW_CELLS}
    columns["x"] = [_read_unknown(value) for value in part.get("x", listing, count)]
    bodies = _read_shapes(part, count, cells_per_field=1, extra=_read_nothing)
    return tuple(
        StateRow(type=type_, cells=dict(zip(fields, values, strict=True)), **dict(zip(columns, row, strict=True)))
        for row, (type_, _, fields, values) in zip(zip(*columns.values(), strict=True), bodies, strict=True)
    )


def _read_blocks(part: Part, count: int) -> tuple[list[int], list[Block]]:
    """Return the shape of every change, and the changes of each shape."""
    places, keys, columns = _read_columns(part, count, cells_per_field=2, extra=_read_kind)
    of_shape: list[list[int]] = [[] for _ in keys]
    for place, shape in enumerate(places):
        of_shape[shape].append(place)
    return places, [Block(*key, of, cells_) for key, of, cells_ in zip(keys, of_shape, columns, strict=True)]


def _read_shapes(
    part: Part, count: int, *, cells_per_field: int, extra: Callable[[object], str]
) -> Iterator[tuple[str, str, tuple[str, ...], tuple[Cell, ...]]]:
    """Yield, for every change in order, its type, what it shares beside it, its fields and their cells."""
    places, keys, columns = _read_columns(part, count, cells_per_field=cells_per_field, extra=extra)
    supplies = [zip(*column, strict=True) if column else repeat(()) for column in columns]
    for place in places:
        yield (*keys[place], next(supplies[place]))


def _read_columns(
    part: Part, count: int, *, cells_per_field: int, extra: Callable[[object], str]
) -> tuple[list[int], list[Key], list[list[list[Cell]]]]:
    """Return the shape of every change, the shapes, and the columns of cells of each shape."""
    places = integers(part.get("shape", listing, count), "shape", 0, HARD_CHANGES_MAX)
    keys = [_read_key(item, extra) for item in part.get("shapes", listing)]
    columns = part.get("values", listing, len(keys))
    if places and max(places) >= len(keys):
        raise bad("shape", "a shape that is not there", "引用了不存在的形状")
    used = Counter(places)
    found = [
        [cells(listing(column, "values", used[n]), "values") for column in listing(item, "values", width)]
        for n, (item, width) in enumerate((i, len(k[2]) * cells_per_field) for i, k in zip(columns, keys, strict=True))
    ]
    return places, keys, found


def _read_key(item: object, extra: Callable[[object], str]) -> Key:
    type_, shared, fields = listing(item, "shapes", 3)
    found = tuple(name(value, "field") for value in listing(fields, "fields"))
    if len(set(found)) != len(found):
        raise bad("fields", "a field twice", "字段重复")
    return name(type_, "type"), extra(shared), found


def _read_kind(value: object) -> str:
    if value not in KINDS:
        raise bad("kind", "an unknown kind of change", "未知的更改类别")
    return str(value)


def _read_nothing(value: object) -> str:
    if value != "":
        raise bad("shapes", "an unknown part", "未知内容")
    return ""


def _read_all_facts(values: list[object]) -> list[str | None]:
    """Return facts in canonical form; thousands of lines say the same."""
    known: dict[object, str | None] = {None: None}
    for value in values:
        if type(value) is not str or value not in known:
            known[value if value is None else text(value, "facts")] = _canonical(_read_facts(value))
    return [known[value] for value in values]


def _canonical(facts: Mapping[str, object] | None) -> str | None:
    try:
        return None if facts is None else canonical_json(facts)
    except TypeError as error:
        raise bad("facts", "what has no canonical form", "无规范形式的内容") from error


def _read_optional(values: list[object], where: str) -> list[object]:
    texts([value for value in values if value is not None], where)
    return values


def _read_unknown(value: object) -> str | None:
    """Return the fields a node of another version knows, as JSON; only cells, like those it does know."""
    found = _read_facts(value)
    cells([] if found is None else list(found.values()), "x")
    return cast("str | None", value)


def _read_facts(value: object) -> dict[str, object] | None:
    if value is None:
        return None
    written = text(value, "facts")
    try:
        facts = json.loads(written, parse_constant=_refuse_constant)
        if "\\u" in written:  # an escape may hide half of a surrogate pair, which has no UTF-8
            json.dumps(facts, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise bad("facts", "no JSON", "不是 JSON") from error
    if not isinstance(facts, dict) or not _shallow(written, facts):
        raise bad("facts", "no map, or nested too deep", "不是映射或嵌套过深")
    return facts


def _refuse_constant(word: str) -> object:
    raise ValueError(f"{word} is no number")


def _shallow(written: str, facts: object) -> bool:
    """Whether nothing in ``facts`` is nested deeper than FACTS_DEPTH_MAX."""
    if written.count("{") + written.count("[") <= FACTS_DEPTH_MAX:
        return True
    level: list[object] = [facts]
    for _ in range(FACTS_DEPTH_MAX):
        inner = [item for item in level if isinstance(item, dict | list)]
        if not inner:
            return True
        level = [value for item in inner for value in (item.values() if isinstance(item, dict) else item)]
    return False


def _other_hash() -> FrameError:
    what = Text("the entries do not add up to the hash their sender claims", "更改内容与发送方声明的校验值不符")
    fix = Text("verify the log of the sending node", "请在发送节点校验日志")
    return FrameError((Problem("frame-hash", what, fix=fix),))
