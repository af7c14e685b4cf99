"""What was done lately: lines of the log in words, only of records that the reader may see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.pages.choices import name_of
from app.pages.desk import Desk, record_url
from app.pages.values import Shown, shown_moment
from core.model.change import Entry
from stores.changes import log
from stores.storage import checkpoints

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


def deeds_of(desk: Desk, nodes: Iterable[str], limit: int = SHOWN_MAX) -> list[Told]:
    """Return what was done last at some nodes, newest first, as far as the person may see it."""
    with desk.node.database.read() as connection:
        origins = [f"{node}.{n}" for node in nodes for n in checkpoints.incarnations(connection, node)[-2:]]
        lines = [line for origin in origins for line in log.latest(connection, origin, LOOKED_AT)]
    lines.sort(key=lambda line: (line.at, line.seq), reverse=True)
    return told(desk, lines, limit)


def told(desk: Desk, lines: Sequence[Entry], limit: int) -> list[Told]:
    """Return lines in words, the first ``limit`` that the person may see; one deed is told once."""
    found: list[Told] = []
    for each in _seen(desk, lines):
        found.append(each)
        if len(found) == limit:
            break
    return found


def _seen(desk: Desk, lines: Sequence[Entry]) -> Iterator[Told]:
    done: set[tuple[str, str]] = set()
    names: dict[tuple[str, str], str | None] = {}
    for line in lines:
        kind = desk.catalog.records.get(line.type)
        acting = line.action.rpartition(".")[0]
        if kind is None or line.type in QUIET or line.type != acting or (line.origin, line.tx) in done:
            continue  # what an action wrote besides its own record is told with that
        done.add((line.origin, line.tx))
        key = (line.type, line.pk)
        if key not in names:
            names[key] = name_of(desk, *key)
        name = names[key]
        if name is not None:
            action = kind.actions.get(line.action.rpartition(".")[2])
            who = desk.words.system if line.actor == "system" else name_of(desk, "core.staff", line.actor) or "—"
            label = desk.say(action.label) if action else line.kind
            url = record_url(kind, line.pk)
            yield Told(shown_moment(desk, line.at), who, label, desk.say(kind.label), name, url, line.store)
