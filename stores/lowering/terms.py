"""Values inside an SQL condition: a column or a calculation with its scale, or a figure that is already known.

Numbers are whole numbers with a scale (money: fen, scale 2). Two numbers meet at the larger scale; a known
one is brought to the scale of the column instead, so that an index on the column can still be used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal

from sqlalchemy import ColumnElement, and_, false, literal, null, or_, true

from core.language.expressions.library import rule_error
from core.language.expressions.run import identity
from core.model.clock import iso
from core.model.duration import Duration
from core.model.fields.json_values import free_json, json_cell
from core.model.kinds import Kind
from core.model.values import INT_MAX
from stores.lowering.words import Sql, Words
from stores.storage.columns import Chars, Whole

DECIMALS_MAX = 6  # of a known figure that is calculated with
_EXACT = Context(prec=60)
_INVERSE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "record": (str,),
    "int": (int, Decimal),
    "decimal": (int, Decimal),
    "bool": (int, Decimal),
    "date": (date,),
    "datetime": (datetime,),
    "time": (time,),
    "duration": (Duration,),
}


@dataclass(frozen=True, slots=True)
class Term:
    """A value: its SQL, its kind, its scale, and whether it is known already (then ``value`` is it)."""

    sql: Sql
    kind: Kind
    scale: int = 0
    known: bool = False
    value: object = None


def known_term(value: object, kind: Kind) -> Term:
    """Return a value that was worked out before the question is asked."""
    value = identity(value)
    if value is None:
        return Term(null(), kind, known=True)
    if isinstance(value, Decimal):
        rounded = _rounded(value)
        scale = max(0, -int(rounded.as_tuple().exponent))
        return Term(_number(rounded.scaleb(scale, _EXACT)), kind, scale, known=True, value=value)
    return Term(cell(value), kind, known=True, value=value)


def cell(value: object) -> Sql:
    """Return the bound parameter of a value in the form of a column's cells."""
    match value:
        case bool() | int():
            return _number(Decimal(value))
        case datetime():
            return literal(iso(value), Chars)
        case date():
            return literal(value.isoformat(), Chars)
        case time():
            return literal(value.isoformat(timespec="seconds"), Chars)
        case list() | dict():
            return literal(json_cell(free_json(value)), Chars)
    return literal(str(value), Chars)


def same(left: Term, right: Term, words: Words, *, wanted: bool) -> ColumnElement[bool]:
    """Return SQL that is true when the two are equal (``wanted``) or are not; two empty values are equal."""
    if left.known and not right.known:
        left, right = right, left
    if not right.known:
        one, other = _aligned(left, right, words)
        return one.is_not_distinct_from(other) if wanted else one.is_distinct_from(other)
    if right.value is None:
        return left.sql.is_(None) if wanted else left.sql.is_not(None)
    figure = _as_column(left, right.value)
    if figure is None:  # a text that is compared with a number, or 1/3 with fen: never equal
        return false() if wanted else true()
    return left.sql == figure if wanted else left.sql.is_distinct_from(figure)


def ordered(op: str, left: Term, right: Term, words: Words, *, wanted: bool) -> ColumnElement[bool]:
    """Return SQL that is true when ``left op right`` is true, or (``wanted`` False) is false; never for NULL."""
    op = op if wanted else _INVERSE[op]
    if left.known and not right.known:
        left, right, op = right, left, _MIRROR[op]
    if (left.known and left.value is None) or (right.known and right.value is None):
        return false()
    if not right.known:
        one, other = _aligned(left, right, words)
        return _compared(op, one, other)
    if not _suits(right.value, left.kind):
        raise rule_error("these values cannot be compared", "这些值无法比较")
    if isinstance(right.value, int | Decimal):
        upwards = op in ("<", ">=")  # amount < 10.005 means amount < 10.01, amount > 10.005 means amount > 10.00
        return _compared(
            op, left.sql, _scaled(Decimal(right.value), left.scale, ROUND_CEILING if upwards else ROUND_FLOOR)
        )
    return _compared(op, left.sql, cell(right.value))


def one_of(left: Term, values: Sequence[object], *, wanted: bool) -> ColumnElement[bool]:
    """Return SQL that is true when ``left`` is among the values, or is not; NULL is found where None is listed."""
    figures = [_as_column(left, value) for value in map(identity, values) if value is not None]
    cells = [figure for figure in figures if figure is not None]
    empty_counts = any(value is None for value in values)
    if wanted:
        found = [left.sql.in_(cells)] if cells else []
        return or_(false(), *found, *([left.sql.is_(None)] if empty_counts else []))
    apart = [left.sql.is_not(None)] if empty_counts else []
    return and_(true(), *apart, *([or_(left.sql.is_(None), left.sql.not_in(cells))] if cells else []))


def calculated(op: str, left: Term, right: Term, kind: Kind, words: Words) -> Term:
    """Return ``left op right`` for numbers (``+ - *``) or texts (``+``); NULL when either is."""
    if kind.name == "text":
        return Term(left.sql.op("||")(right.sql), kind)
    if op == "*":
        return Term(words.wide(left.sql) * words.wide(right.sql), kind, left.scale + right.scale)
    one, other = _aligned(left, right, words)
    total = words.wide(one) + words.wide(other) if op == "+" else words.wide(one) - words.wide(other)
    return Term(total, kind, max(left.scale, right.scale))


def at_scale(term: Term, scale: int, words: Words) -> Sql:
    """Return a term's SQL at a scale at least its own."""
    assert scale >= term.scale, "a scale is never lowered: that would round"
    if scale == term.scale or (term.known and term.value is None):
        return term.sql
    return words.wide(term.sql) * _number(Decimal(10 ** (scale - term.scale)))


def _aligned(left: Term, right: Term, words: Words) -> tuple[Sql, Sql]:
    scale = max(left.scale, right.scale)
    return at_scale(left, scale, words), at_scale(right, scale, words)


def _compared(op: str, left: Sql, right: Sql) -> ColumnElement[bool]:
    match op:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
    return left >= right


def _as_column(column: Term, value: object) -> Sql | None:
    """Return a known value as a cell of the column's kind and scale, or None when no such cell can exist."""
    if not _suits(value, column.kind):
        return None
    if isinstance(value, (int, Decimal)):
        exact = Decimal(value).scaleb(column.scale, _EXACT)
        return _number(exact) if exact == exact.to_integral_value() and abs(exact) <= INT_MAX else None
    return cell(value)


def _suits(value: object, kind: Kind) -> bool:
    types = _TYPES.get(kind.name)
    if types is None:
        return True
    return isinstance(value, types) and (kind.name != "date" or not isinstance(value, datetime))


def _scaled(value: Decimal, scale: int, rounding: str) -> Sql:
    return _number(value.scaleb(scale, _EXACT).to_integral_value(rounding=rounding))


def _number(value: Decimal) -> Sql:
    """Bind a whole number; one beyond 64 bits becomes the largest there is, which no cell reaches."""
    return literal(max(-INT_MAX, min(INT_MAX, int(value))), Whole)


def _rounded(value: Decimal) -> Decimal:
    if int(value.as_tuple().exponent) >= -DECIMALS_MAX:
        return value
    return value.quantize(Decimal(1).scaleb(-DECIMALS_MAX), rounding=ROUND_HALF_UP, context=_EXACT)
