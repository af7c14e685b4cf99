"""What was done lately: lines of the log in words, only of records that the reader may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from app.pages.frame.desk import Desk, record_url
from app.pages.showing.names import names_of
from app.pages.showing.values import Shown, shown_moment
from core.model.change import Entry
from stores.changes import log, quarantine
from stores.storage import checkpoints

STAFF = "core.staff"
LOOKED_AT = 60
QUIET = frozenset({"core.request", "core.notice", "core.pick", "core.access", "core.conflict"})  # told of elsewhere
SHOWN_MAX = 15


@dataclass(frozen=True, slots=True)
class Told:
    """One deed: when, who, what, to which record."""

    at: Shown
    who: str
    what: str
    kind: str
    name: str
    url: str
    where: str
    held: bool = False  # it could not be merged: it has not happened at headquarters


def deeds_of(desk: Desk, nodes: Iterable[str], limit: int = SHOWN_MAX) -> list[Told]:
    """Return what was done last at some nodes, newest first, as far as the person may see it."""
    with desk.node.database.read() as connection:
        origins = [f"{node}.{n}" for node in nodes for n in checkpoints.incarnations(connection, node)[-2:]]
        lines = [line for origin in origins for line in log.latest(connection, origin, LOOKED_AT)]
    lines.sort(key=lambda line: (line.at, line.seq), reverse=True)
    return told(desk, lines, limit)


def told(desk: Desk, lines: Sequence[Entry], limit: int) -> list[Told]:
    """Return lines in words, the first ``limit`` that the person may see; one deed is told once."""
    deeds = list(_deeds(desk, lines))
    ids = defaultdict[str, list[str]](list)
    for line in deeds:
        ids[line.type].append(line.pk)
    names = {(key, id_): name for key, wanted in ids.items() for id_, name in names_of(desk, key, wanted).items()}
    shown = [line for line in deeds if (line.type, line.pk) in names][:limit]
    people = names_of(desk, STAFF, [line.actor for line in shown])
    held = _held(desk, shown)
    return [
        replace(_told(desk, line, names[line.type, line.pk], people), held=(line.origin, line.seq) in held)
        for line in shown
    ]


def _held(desk: Desk, lines: Sequence[Entry]) -> set[tuple[str, int]]:
    """Return which lines wait in quarantine."""
    found = set[tuple[str, int]]()
    with desk.node.database.read() as connection:
        for origin in {line.origin for line in lines}:
            seqs = [line.seq for line in lines if line.origin == origin]
            found |= {(origin, seq) for seq in quarantine.lines_of(connection, origin, min(seqs), max(seqs))}
    return found


def _deeds(desk: Desk, lines: Sequence[Entry]) -> Iterator[Entry]:
    """Yield the line of each deed that is about the record it was done to: what it wrote besides is told with that."""
    done: set[tuple[str, str]] = set()
    for line in lines:
        known = line.type in desk.catalog.records and line.type not in QUIET
        if known and line.type == line.action.rpartition(".")[0] and (line.origin, line.tx) not in done:
            done.add((line.origin, line.tx))
            yield line


def _told(desk: Desk, line: Entry, name: str, people: Mapping[str, str]) -> Told:
    kind = desk.catalog.records[line.type]
    action = kind.actions.get(line.action.rpartition(".")[2])
    who = desk.words.system if line.actor == "system" else people.get(line.actor, "—")
    label = desk.say(action.label) if action else line.kind
    url = record_url(kind, line.pk)
    return Told(shown_moment(desk, line.at), who, label, desk.say(kind.label), name, url, line.store)
