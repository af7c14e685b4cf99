"""What an action does to other records: changes them, takes back entries of a ledger, lets them stand again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from core.language.compile.reach import CORE, RecordDraft
from core.language.compile.values import where
from core.language.compile.workshop import Workshop
from core.language.compile.writing import known_state, numbered, values_for
from core.language.expressions import Aggregate, Expression, NameScope
from core.language.manifest.records import SweepShape, UpdateShape
from core.language.outcomes import Sweep, Update
from core.language.source import KeyPath
from core.model.errors import Text
from core.model.kinds import INT, record_kind


def updates(
    shop: Workshop, raw: Mapping[str, Sequence[UpdateShape]], path: KeyPath, scope: NameScope
) -> Iterator[Update]:
    """Yield the changes of other records. What core keeps has actions of its own, and only those change it."""
    for name, shapes in raw.items():
        if not shop.known(name, shop.reach.local_names(), Text("record", "记录"), (*path, name), "unknown-record"):
            continue
        draft = shop.reach.drafts[name]
        if draft.key.startswith(f"{CORE}."):
            shop.key_fault(
                "updates-core",
                f"{draft.key} is changed by its own actions only",
                f"{draft.key} 只能由其自身的操作更改",
                (*path, name),
            )
            continue
        for index, shape in enumerate(shapes):
            here = numbered(shop, (*path, name), index)
            if shape.to is not None:
                known_state(shop, draft, shape.to, (*here, "to"))
            query = _query(shop, draft, name, shape.where, (*here, "where"), scope)
            inner = scope.having(**{name: record_kind(draft.key)})
            values = values_for(shop, draft, shape.set, (*here, "set"), inner)
            if query is not None:
                yield Update(draft.key, query, shape.to, values)


def sweeps(
    shop: Workshop,
    raw: Mapping[str, Sequence[SweepShape]],
    path: KeyPath,
    scope: NameScope,
    *,
    restores: bool = False,
) -> Iterator[Sweep]:
    """Yield the entries of ledgers to take back, or to let stand again."""
    for name, shapes in raw.items():
        if not shop.known(name, shop.reach.ledgers, Text("ledger", "台账"), (*path, name), "unknown-ledger"):
            continue
        for index, shape in enumerate(shapes):
            here = (*numbered(shop, (*path, name), index), "where")
            query = _query(shop, shop.reach.drafts[name], name, shape.where, here, scope)
            if query is not None:
                yield Sweep(name, query, restores)


def _query(
    shop: Workshop, draft: RecordDraft, name: str, raw: object, path: KeyPath, scope: NameScope
) -> Aggregate | None:
    """Return which records are meant, as the question that would count them."""
    names = {**scope.names, name: record_kind(draft.key)}
    found = where(shop, raw, path, NameScope(names, scope.records, name, scope.empty, scope.known))
    if found is None:
        return None
    wanted = found if isinstance(found, Expression) else None  # `where: true` means all of them
    query = Aggregate("count", draft.key, name, None, wanted, INT, shop.root.place(path))
    shop.wheres.append(query)
    return query
