"""On the page of a record: that another store knows the same person, as headquarters has found out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.pages.frame.desk import Desk, record_url
from app.pages.showing.names import name_of
from app.pages.showing.places import places_of
from core.language.definition import RecordType
from stores.reads.matches import MATCH, Match, matches_of
from stores.reads.reading import Reading

OPEN, SAME = "open", "same"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """One sentence, the number of the record there, and where to go: to that record, or to the decision."""

    text: str
    number: str
    url: str | None
    decide_url: str | None


def elsewhere_of(desk: Desk, kind: RecordType, row: Mapping[str, Any]) -> list[Elsewhere]:
    """Return what to say of the same person in other stores.

    Whoever reads the findings themselves is told of all that are not denied. Everybody else is told what has been
    decided, of a record whose key he reads in clear: to say that two masked numbers are one would say too much.
    """
    if not kind.alike:
        return []
    with desk.node.database.read() as connection:
        decides = not Reading(connection, desk.node, desk.actor).sight_of(desk.catalog.records[MATCH]).blind
        found = matches_of(connection, desk.node, kind.key, str(row["id"]))
    told = [
        each
        for each in found
        if (decides and each.state == OPEN) or (each.state == SAME and (decides or _clear(kind, each, row)))
    ]
    if not told:
        return []
    places = places_of(desk)
    return [_said(desk, kind, each, places.name(each.store), decides=decides) for each in told]


def _clear(kind: RecordType, match: Match, row: Mapping[str, Any]) -> bool:
    rule = kind.alike.get(match.rule)
    return rule is not None and all(name in row and name not in row.get("_masked", ()) for name in rule.key)


def _said(desk: Desk, kind: RecordType, match: Match, store: str, *, decides: bool) -> Elsewhere:
    readable = name_of(desk, kind.key, match.other) is not None
    word = "same_elsewhere" if match.state == SAME else "perhaps_elsewhere"
    return Elsewhere(
        desk.words.of(word, store),
        match.number,
        record_url(kind, match.other) if readable else None,
        f"/duplicates/{match.id}" if decides else None,
    )
