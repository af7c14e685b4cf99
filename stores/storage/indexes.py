"""Which columns deserve an index: those that the rules themselves look records up by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from core.host.catalog import Catalog
from core.language.definition import Exclusive, RecordType
from core.language.expressions import Aggregate, Expression
from core.language.expressions.tree import Compare, FieldOf, Logic, Name, Node, walk

Columns = tuple[str, ...]
STORE = "_store"

# What the kernel looks up in its own records: last turn, notices sent, what waits for a record.
_KERNEL: Mapping[str, tuple[Columns, ...]] = {
    "core.pick": (("policy", "chosen", "picked_at"),),
    "core.notice": (("name",), ("about_id",)),
    "core.request": (("record_id",),),
    "core.conflict": (("record_id",),),
    "core.match": (("first",), ("second",)),
    "core.access": (("record_id",),),
    "core.setting": (("plugin", "name"),),
}


def index_columns(catalog: Catalog) -> dict[str, list[Columns]]:
    """Return the column tuples to index per record type, most useful first, none a prefix of another.

    A rule that counts or finds records by a field would otherwise read the whole table every time a page shows
    the figure. Read filters, aggregates, references, unique and exclusive keys are all in the catalog, so
    nobody has to think of indexes when writing a plugin.
    """
    asked, ordered, pairs = _asked_fields(catalog), _view_orders(catalog), _asked_pairs(catalog)
    return {
        key: _of_record(record, asked.get(key, set()), ordered.get(key, set()), sorted(pairs.get(key, ())))
        for key, record in catalog.records.items()
    }


def _of_record(record: RecordType, asked: set[str], ordered: set[str], pairs: list[Columns]) -> list[Columns]:
    wanted: list[Columns] = [("_store", "_hs"), ("_store", "id")]
    if record.sync.scope == "all" or record.alike:
        wanted.append(("_hs",))  # the feed, and what looks for records alike, walk all owners at once
    if record.sync.also:
        wanted.append((record.sync.also, "_hs"))
    if record.number:
        wanted.append(("_store", "number"))
    wanted += [key_columns(exclusive) for exclusive in record.exclusive.values()]
    wanted += [each.key for each in record.alike.values()]
    wanted += _KERNEL.get(record.key, ())
    wanted += [("_store", name) for name in sorted(ordered)]
    wanted += pairs
    wanted += [("state",)] if record.states else []
    for name, field in record.fields.items():
        if field.stored and (field.spec.type == "ref" or field.unique or (name in asked and field.spec.type != "bool")):
            wanted.append((name,))
    known = {"_store", "_hs", "id", "state", "number", *(n for n, f in record.fields.items() if f.stored)}
    return _without_prefixes([columns for columns in dict.fromkeys(wanted) if known.issuperset(columns)])


def key_columns(exclusive: Exclusive) -> Columns:
    """Return the columns of an exclusive key; a rule calls the owner of a record ``store``, the table ``_store``."""
    return tuple(STORE if name == "store" else name for name in exclusive.key)


def _without_prefixes(wanted: list[Columns]) -> list[Columns]:
    return [
        columns
        for columns in wanted
        if not any(other != columns and other[: len(columns)] == columns for other in wanted)
    ]


def _asked_fields(catalog: Catalog) -> dict[str, set[str]]:
    """Return the fields that some ``where`` of the catalog names, per record type."""
    asked: dict[str, set[str]] = {}
    for key, record in catalog.records.items():
        for rule in (record.read or {}).values():
            asked.setdefault(key, set()).update(_named(rule.where, "self"))
    for plugin in catalog.plugins.values():
        for view in plugin.views.values():
            asked.setdefault(str(view.get("of")), set()).update(_named(view.get("where"), "self"))
    for formula in _formulas([*catalog.plugins.values(), *catalog.records.values()], set()):
        if isinstance(formula, Aggregate):
            asked.setdefault(formula.record, set()).update(_named(formula.where, formula.name))
    return asked


def _asked_pairs(catalog: Catalog) -> dict[str, set[Columns]]:
    """Return (whose, when) per record type: what a total is asked of, and the stretch of time or row it is asked for.

    One person's visits of a month: by the person alone the database would read all the visits he ever made.
    """
    pairs: dict[str, set[Columns]] = {}
    figures = {
        id(each.query) for p in catalog.plugins.values() for r in p.reports.values() for each in r.figures.values()
    }
    for formula in _formulas([*catalog.plugins.values(), *catalog.records.values()], set()):
        if not isinstance(formula, Aggregate) or formula.where is None:
            continue
        whose, when = list[str](), list[str]()
        for part in _conjuncts(formula.where.tree):
            for name in _own_columns(part, formula.name):
                same = all(op == "==" for op, _ in part.rest)
                (whose if same else when if _ordered(part) else []).append(name)
        fields = catalog.records[formula.record].fields if formula.record in catalog.records else {}
        refs = [name for name in whose if name in fields and fields[name].stored and fields[name].spec.type == "ref"]
        days = [name for name in when if name in fields and fields[name].stored]
        if refs and days:
            pairs.setdefault(formula.record, set()).add((refs[0], days[0]))
        elif days and id(formula) in figures:  # a report asks store by store
            pairs.setdefault(formula.record, set()).add(("_store", days[0]))
    return pairs


def _conjuncts(tree: Node) -> Iterator[Compare]:
    """Yield the comparisons that must all hold."""
    if isinstance(tree, Compare):
        yield tree
    elif isinstance(tree, Logic) and tree.op == "and":
        for part in tree.parts:
            yield from _conjuncts(part)


def _own_columns(part: Compare, owner: str) -> Iterator[str]:
    for side in (part.first, *(node for _, node in part.rest)):
        if isinstance(side, FieldOf) and isinstance(side.base, Name) and side.base.name == owner:
            yield side.name


def _ordered(part: Compare) -> bool:
    """Whether a comparison leaves one stretch of an index: an order, or a day ``in`` a period."""
    return all(
        op in ("<", "<=", ">", ">=") or (op == "in" and isinstance(node, Name) and node.name == "period")
        for op, node in part.rest
    )


def _view_orders(catalog: Catalog) -> dict[str, set[str]]:
    """Return the fields that a page is laid out by, per record type: what a list is sorted by, a calendar's day."""
    found: dict[str, set[str]] = {}
    for plugin in catalog.plugins.values():
        for view in plugin.views.values():
            words = [view.get("date"), *_texts(view.get("span"))[:1], *_texts(view.get("sort"))[:1]]
            names = {str(word).lstrip("-") for word in words if word}
            found.setdefault(str(view.get("of")), set()).update(names)
    return found


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else []


def _named(formula: object, owner: str) -> Iterator[str]:
    """Yield the fields of ``owner`` that an expression names."""
    if not isinstance(formula, Expression):
        return
    for node in walk(formula.tree):
        if isinstance(node, FieldOf) and isinstance(node.base, Name) and node.base.name == owner:
            yield node.name


def _formulas(thing: object, seen: set[int]) -> Iterator[object]:
    """Yield every aggregate inside a compiled plugin, each once."""
    if id(thing) in seen or isinstance(thing, str | Node):
        return
    seen.add(id(thing))
    if isinstance(thing, Aggregate):
        yield thing
    inner: Iterator[object] = iter(())
    if isinstance(thing, Mapping):
        inner = iter(thing.values())
    elif isinstance(thing, list | tuple | frozenset | set):
        inner = iter(thing)
    elif is_dataclass(thing):
        inner = (getattr(thing, part.name) for part in fields(thing))
    for part in inner:
        yield from _formulas(part, seen)
