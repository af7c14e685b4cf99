"""Filters, search and order of a list: from what a page or a program asks to SQL conditions, fields checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from operator import ge, gt, le, lt
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, false, func, or_

from core.language.definition import Field, RecordType
from core.model.errors import NodeError, Problem, Text, suggest
from core.model.fields import FieldSpec
from core.model.values import BadValue, Cell, clean_text
from stores.reads.paging import SortKey
from stores.reads.sight import Sight
from stores.storage.grams import folded
from stores.storage.words import SEARCHED

Filter = tuple[str, str, object]  # field, operator, value

OPERATORS = ("eq", "ne", "lt", "le", "gt", "ge", "in", "contains", "startswith", "empty")
VALUES_MAX = 200  # of one `in`
WORDS_MAX = 8  # of one search
CHARS_MAX = 1_000  # of what is looked for; SQLite gives up on far longer patterns
ENDING = 4  # characters that the mask `last4` shows
SORT_MAX = 8  # fields of one order
_ORDER: Mapping[str, Callable[[Any, Any], ColumnElement[bool]]] = {"lt": lt, "le": le, "gt": gt, "ge": ge}
_UNORDERED = frozenset({"list", "map", "geo", "images", "image", "file", "signature", "duration"})

_TEXT = FieldSpec("text")
_BUILT_IN: Mapping[str, tuple[str, FieldSpec]] = {  # what every record has: name -> column and type
    "id": ("id", _TEXT),
    "store": ("_store", _TEXT),
    "number": ("number", _TEXT),
    "state": ("state", _TEXT),
    "updated_at": ("_at", FieldSpec("datetime")),
    "updated_by": ("_by", _TEXT),
    "version": ("_hs", FieldSpec("int")),
}
BUILT_IN = frozenset(_BUILT_IN)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one record type that one reader may ask about."""

    table: Table
    sight: Sight
    zone: tzinfo

    def condition(self, asked: Filter) -> ColumnElement[bool]:
        """Return one filter as SQL.

        Raises Forbidden for a field that is masked, NodeError for an unknown one and for an operator or a value
        that does not fit.
        """
        name, operator, raw = asked
        column, spec = self.column(name)
        if operator not in OPERATORS:
            raise _unknown_operator(name, operator)
        if operator == "empty":
            return column.is_not(None) if raw in {False, "false", "0"} else column.is_(None)
        if operator == "in":
            return column.in_([self._cell(name, spec, value) for value in _values(name, raw)])
        if operator in {"contains", "startswith"}:
            return _matches(column, spec, operator, _cleaned(name, str(raw)))
        if operator in _ORDER and spec.type in _UNORDERED:
            raise _no_order(name)
        return _compared(column, operator, self._cell(name, spec, raw))

    def search(self, words: str) -> ColumnElement[bool]:
        """Return the condition that every word stands in the number or in some text field in clear.

        Four digits also find what ends in them under a mask that shows its last four: a desk looks a guest up by
        the end of his number, and what the reader is shown anyway is no secret.
        """
        fields = self.sight.record.fields.values()
        texts = [field for field in fields if field.stored and field.spec.type in SEARCHED]
        searched: list[ColumnElement[Any]] = [self.table.c.number]
        searched += [self.table.c[field.name] for field in texts if self.sight.is_open(field.name)]
        endings = [self.table.c[field.name] for field in texts if self.sight.shows_ending(field)]
        parts = words_of(words)
        found = ([*(_contains(c, part) for c in searched), *(_ends(c, part) for c in endings)] for part in parts)
        return and_(*(or_(*conditions) for conditions in found))

    def sort_keys(self, sort: Sequence[str]) -> list[SortKey]:
        """Return what to sort by: names, ``-name`` for descending; the id makes every order complete.

        Without any, the newest record comes first: ids are made in the order of time.
        """
        if len(sort) > SORT_MAX:
            raise NodeError.of(
                "too-many-keys",
                f"a list is ordered by at most {SORT_MAX} fields",
                f"最多按 {SORT_MAX} 个字段排序",
                field="sort",
            )
        keys = []
        for word in sort:
            name = word.removeprefix("-")
            column, spec = self.column(name)
            if spec.type in _UNORDERED:
                raise _no_order(name)
            keys.append(SortKey(name, column, word.startswith("-"), name not in {"id", "store", "version"}))
            if name == "id":
                return keys
        descending = keys[-1].descending if keys else True
        return [*keys, SortKey("id", self.table.c.id, descending, empties=False)]

    def column(self, name: str) -> tuple[ColumnElement[Any], FieldSpec]:
        """Return the column of a field that the reader sees in clear, and how to read what he compares it with."""
        if name in _BUILT_IN:
            column, spec = _BUILT_IN[name]
            return self.table.c[column], spec
        field = self._known(name)
        self.sight.check_open(name)
        return self.table.c[name], field.spec

    def _known(self, name: str) -> Field:
        visible = {field.name: field for field in self.sight.fields()}
        if name not in visible:
            raise NodeError((no_field(self.sight.record, name, [*visible, *BUILT_IN]),))
        if not visible[name].stored:
            raise _computed(visible[name])
        return visible[name]

    def _cell(self, name: str, spec: FieldSpec, raw: object) -> Cell:
        if raw is None or raw == "":
            return None
        try:  # the type's own parse: a limit on what may be entered is no limit on what may be looked for
            return spec.cell(spec.kind.parse(raw, spec, self.zone))
        except BadValue as bad:
            raise NodeError((bad.problem(name),)) from None


def words_of(text: str) -> list[str]:
    """Return the words of a search, each of which must be found."""
    return _cleaned("q", text).split()[:WORDS_MAX]


def no_field(record: RecordType, name: str, known: Iterable[str]) -> Problem:
    """Return what to say of a field that is not there, or not for this reader."""
    what = Text(f"{record.label.en} has no field `{name}`", f"{record.label.zh}没有字段 `{name}`")
    return Problem("no-such-field", what, fix=suggest(name, known), field=name)


def _compared(column: ColumnElement[Any], operator: str, cell: Cell) -> ColumnElement[bool]:
    if operator == "eq":
        return column.is_(None) if cell is None else column == cell
    if operator == "ne":
        return column.is_not(None) if cell is None else or_(column != cell, column.is_(None))
    return _ORDER[operator](column, cell)


def _matches(column: ColumnElement[Any], spec: FieldSpec, operator: str, text: str) -> ColumnElement[bool]:
    if spec.type == "list":  # kept as JSON: an item stands between quotes
        return column.contains(json.dumps(text, ensure_ascii=False), autoescape=True)
    if operator == "startswith":
        return func.lower(column).startswith(folded(text), autoescape=True)
    return _contains(column, text)


def _cleaned(name: str, raw: str) -> str:
    if len(raw) > CHARS_MAX:
        raise NodeError.of(
            "too-long", f"more than {CHARS_MAX} characters to look for", f"查找内容超过 {CHARS_MAX} 个字符", field=name
        )
    try:
        return clean_text(raw)
    except BadValue as bad:
        raise NodeError((bad.problem(name),)) from None


def _contains(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    return func.lower(column).contains(folded(text), autoescape=True)


def _ends(column: ColumnElement[Any], part: str) -> ColumnElement[bool]:
    """Return the condition that the four characters a mask shows are ``part``; a shorter value shows nothing."""
    if len(part) != ENDING or not part.isdigit():
        return false()
    return and_(func.length(column) > ENDING, column.endswith(part, autoescape=True))


def _values(name: str, raw: object) -> list[object]:
    values: list[object] = list(raw if isinstance(raw, list | tuple | set | frozenset) else str(raw).split(","))
    if len(values) > VALUES_MAX:
        raise NodeError.of(
            "too-many-values",
            f"more than {VALUES_MAX} values for `{name}`",
            f"`{name}` 的取值超过 {VALUES_MAX} 个",
            field=name,
        )
    return values


def _unknown_operator(name: str, operator: str) -> NodeError:
    fix = suggest(operator, OPERATORS) or Text("write one of " + ", ".join(OPERATORS), "请用 " + "、".join(OPERATORS))
    return NodeError.of(
        "no-such-operator", f"unknown filter `{operator}`", f"未知的筛选方式 `{operator}`", fix=fix, field=name
    )


def _no_order(name: str) -> NodeError:
    return NodeError.of("no-order", f"`{name}` has no order", f"`{name}` 不能比较大小", field=name)


def _computed(field: Field) -> NodeError:
    return NodeError.of(
        "field-computed",
        f"{field.label.en} is worked out when it is shown; a list cannot be filtered or sorted by it",
        f"{field.label.zh}为计算字段，不能用于筛选或排序",
        fix=Text("filter by the fields it is made from", "请按其来源字段筛选"),
        field=field.name,
    )
