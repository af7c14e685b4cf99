"""Banquet seating (KA-45 to KA-53): who sits where at round tables. Pure functions that rules in banquet.yaml call.

Seats of a table are numbered from its first person (the host) to that person's right. Everybody faces the middle, so
the right-hand neighbour of seat 1 is seat 2 for all of them, and a hostess opposite has her own right on the far side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.host.hookspecs import hookimpl
from core.language.expressions.functions import Function, Param
from core.model.errors import Text
from core.model.kinds import LIST, TEXT, Kind

Person = Mapping[str, object]
Place = Mapping[str, object]
SIDES = {"centre": 0, "right": 1, "left": 2}
ALONE_AT = 10  # places of a table that does not say how many it has


@hookimpl
def functions() -> Iterable[Function]:
    """Four functions for the rules of ``banquet``."""
    people, tables, seats = (Param(name, ("list",)) for name in ("attendees", "tables", "seats"))
    words = Kind("list", item=TEXT)
    ranked = Text("The tables, the highest first, each with its rank.", "按桌次排列的各桌。")
    proposed = Text("A seat for everybody, by rank and custom.", "按礼仪为每人排座。")
    served = Text("In which order people are served at the main table.", "主桌上菜顺序。")
    faults = Text("What a seating does not respect.", "座次不合礼仪之处。")
    return [
        Function("rank_tables", (tables,), LIST, ranked, "rank_tables(self.tables)", rank_tables, nulls="see"),
        Function("propose_seats", (people, tables), LIST, proposed, "propose_seats(self.attendees, self.tables)",
                 propose_seats, nulls="see"),
        Function("serving_order", (people, seats), words, served, "serving_order(self.attendees, self.seats)",
                 serving_order, nulls="see"),
        Function("seating_faults", (people, seats), words, faults, "seating_faults(self.attendees, self.seats)",
                 seating_faults, nulls="see"),
    ]  # fmt: skip


def rank_tables(tables: Sequence[Place] | None) -> list[Place]:
    """Return the tables, nearest to the main table first, right before left, each with its ``rank`` from 1 (KA-45)."""
    order = sorted(tables or (), key=lambda table: (table["distance_m"], SIDES[str(table["side"])], table["no"]))
    return [{**table, "rank": rank} for rank, table in enumerate(order, start=1)]


def propose_seats(attendees: Sequence[Person] | None, tables: Sequence[Place] | None) -> list[dict[str, object]]:
    """Return ``{table, seat, person}`` for everybody (KA-46 to KA-49, KA-53, KA-74).

    The highest people sit at the main table, the others fill the next ones, guests and companions by turns, so that
    every table has both. Seats are called by whom they are counted from: 主人, 主人右1, 主人左1, 女主人右1 …
    """
    groups = _by_table(list(attendees or ()), rank_tables(tables))
    return [
        {"table": number, "seat": seat, "person": str(person["name"])}
        for number, group in groups
        for seat, person in _round_table(group)
    ]


def serving_order(attendees: Sequence[Person] | None, seats: Sequence[Place] | None) -> list[str]:
    """Return the names of the main table as they are served (KA-52).

    First the female chief guest, without one the chief guest; then the hostess, without one the host; then clockwise,
    which at a table seen from above is to the left of each.
    """
    circle = _circle(seats)
    parts = {_part(person): str(person["name"]) for person in attendees or ()}
    first = [parts.get(("guest", "spouse"), parts.get(("guest", "chief")))]
    then = [parts.get(("host", "spouse"), parts.get(("host", "chief")))]
    honoured = [name for name in (*first, *then) if name in circle]
    if not honoured:
        return circle
    start = circle.index(honoured[0])
    clockwise = [circle[(start - step) % len(circle)] for step in range(len(circle))]
    return list(dict.fromkeys([*honoured, *clockwise]))


def seating_faults(attendees: Sequence[Person] | None, seats: Sequence[Place] | None) -> list[str]:
    """Return what a seating does not respect: ``chief``, ``spouse``, ``interpreter``, ``own_together``.

    The chief guest sits at the host's right, the spouse at the hostess's (KA-47), the interpreter at the chief guest's
    (KA-49); two of the host's people are not neighbours (KA-48, KA-74).
    Host-side people side by side are no fault at a table where the guests are fewer than they are.
    """
    if not seats:
        return []  # people stand, or nothing has been proposed yet
    people = {str(person["name"]): person for person in attendees or ()}
    parts = {_part(person): name for name, person in people.items()}
    right = {}
    together = False
    for circle in _circles(seats):
        right |= {name: circle[(at + 1) % len(circle)] for at, name in enumerate(circle)}
        together = together or _own_together([people.get(name, {}) for name in circle])
    wanted = {
        "chief": (parts.get(("host", "chief")), parts.get(("guest", "chief"))),
        "spouse": (parts.get(("host", "spouse")), parts.get(("guest", "spouse"))),
        "interpreter": (parts.get(("guest", "chief")), _interpreter(people.values())),
    }
    wrong = [word for word, (of, who) in wanted.items() if of and who and right.get(of) != who]
    return [*wrong, *(["own_together"] if together else [])]


# --- one table ------------------------------------------------------------------------------------------------------


@dataclass
class _Table:
    """A round table of ``size`` seats: seat 0 is the host's, ``far`` the seat opposite when somebody presides there."""

    size: int
    far: int | None
    seated: dict[int, Person] = field(default_factory=dict)

    def name(self, at: int) -> str:
        """Return what a seat is called, from the nearer of the two it is counted from; right before left."""
        if at in (0, self.far):
            return "主人" if at == 0 else "对席"
        whose, rank, right = self._nearest(at)
        return f"{whose}{'右' if right else '左'}{rank}"

    def rank(self, at: int) -> tuple[int, int, int]:
        """Return what the honour of a seat is sorted by: near before far, right before left, host before opposite."""
        whose, rank, right = self._nearest(at)
        return rank, 0 if right else 1, 0 if whose == "主人" else 1

    def _nearest(self, at: int) -> tuple[str, int, bool]:
        ways = [("主人", at, True), ("主人", self.size - at, False)]
        if self.far is not None:
            ways += [("对席", (at - self.far) % self.size, True), ("对席", (self.far - at) % self.size, False)]
        return min(ways, key=lambda way: (way[1], not way[2], way[0] != "主人"))


def _round_table(group: Sequence[Person]) -> list[tuple[str, Person]]:
    """Seat one table; of the seats opposite take the one that keeps the host's people apart best.

    The seat at the host's right is the chief guest's also where three people sit and two seats are as far away.
    """
    opposite = _first(group, ("host", "spouse"), ("host", "second_host"))
    size = len(group)
    ways = {None} if opposite is None or size < 3 else {max(2, size // 2), (size + 1) // 2}
    tables = [_filled(group, _Table(size, far), opposite) for far in sorted(ways, key=lambda far: far or 0)]
    best = min(tables, key=lambda table: _touching([table.seated[at] for at in range(size)]))
    return [(best.name(at), best.seated[at]) for at in range(size)]


def _filled(group: Sequence[Person], table: _Table, opposite: Person | None) -> _Table:
    _seat_honoured(group, table, opposite)
    rest = [person for person in group if person not in table.seated.values()]
    free = [at for at in range(table.size) if at not in table.seated]
    own = [person for person in rest if _is_own(person)]
    guests = [person for person in rest if not _is_own(person)]
    for_own = _apart(table, free, len(own))
    for people, places in ((own, for_own), (guests, [at for at in free if at not in for_own])):
        table.seated |= dict(zip(sorted(places, key=table.rank), people, strict=True))
    return table


def _seat_honoured(group: Sequence[Person], table: _Table, opposite: Person | None) -> None:
    """Seat those whose seats custom names: host, the one opposite, chief guests at their right, the interpreter."""
    host = _first(group, ("host", "chief"), ("host", "second_host"), ("host", "companion")) or group[0]
    table.seated[0] = host
    if table.far is not None and opposite is not None and opposite is not host:
        table.seated[table.far] = opposite
    chief = _first(group, ("guest", "chief"))
    _take(table, 1, chief)
    if chief is not None:
        _take(table, 2, next((person for person in group if person["role"] == "interpreter"), None))
    if table.far is not None:
        _take(table, (table.far + 1) % table.size, _first(group, ("guest", "spouse"), ("guest", "second_chief")))


def _take(table: _Table, at: int, person: Person | None) -> None:
    if person is not None and at < table.size and at not in table.seated and person not in table.seated.values():
        table.seated[at] = person


def _apart(table: _Table, free: Sequence[int], count: int) -> set[int]:
    """Choose ``count`` of the free seats for the host's people: as few side by side as can be, then the lowest seats.

    Goes once round the table, keeping for each number of seats taken so far the best choice that ends with one of the
    host's people and the best that does not.
    """
    honour = {at: place for place, at in enumerate(sorted(free, key=table.rank))}
    first = _is_own(table.seated[0])
    best: dict[tuple[int, bool], tuple[int, int, tuple[int, ...]]] = {(0, first): (0, 0, ())}
    for at in range(1, table.size):
        options = (False, True) if at in honour else (_is_own(table.seated[at]),)
        step: dict[tuple[int, bool], tuple[int, int, tuple[int, ...]]] = {}
        for (taken, before), (touching, low, chosen) in best.items():
            for own in options:
                took = own and at in honour
                key = (taken + took, own)
                cost = (
                    touching + (own and before),
                    low - (honour[at] if took else 0),
                    (*chosen, at) if took else chosen,
                )
                if taken + took <= count and (key not in step or cost < step[key]):
                    step[key] = cost
        best = step
    ends = [(touching + (own and first), *rest) for (taken, own), (touching, *rest) in best.items() if taken == count]
    _, _, seats = min(ends)
    return set(seats)


# --- many tables ----------------------------------------------------------------------------------------------------


def _by_table(people: list[Person], tables: Sequence[Place]) -> list[tuple[object, list[Person]]]:
    """Return the people of each table. Guests and companions are taken by turns, in the order of the list."""
    if not people:
        return []
    if not tables:
        return [(1, people)]
    honoured = [person for person in people if person["role"] in ("chief", "spouse", "interpreter")]
    waiting = honoured + _by_turns([person for person in people if person not in honoured])
    groups: list[tuple[object, list[Person]]] = []
    for index, table in enumerate(tables):
        last = index == len(tables) - 1
        places = len(waiting) if last else int(str(table.get("places") or ALONE_AT))
        groups.append((table["no"], waiting[:places]))
        waiting = waiting[places:]
    return [(number, group) for number, group in groups if group]


def _by_turns(people: Sequence[Person]) -> list[Person]:
    own, guests = [p for p in people if _is_own(p)], [p for p in people if not _is_own(p)]
    turns = [each for pair in zip(guests, own, strict=False) for each in pair]
    more = min(len(own), len(guests))
    return [*turns, *guests[more:], *own[more:]]


# --- who is who -----------------------------------------------------------------------------------------------------


def _part(person: Person) -> tuple[str, str]:
    return str(person.get("side")), str(person.get("role"))


def _is_own(person: Person) -> bool:
    """Say whether somebody counts as one of the host's people; an interpreter works for both sides."""
    return person.get("side") == "host" and person.get("role") != "interpreter"


def _first(group: Iterable[Person], *parts: tuple[str, str]) -> Person | None:
    found = {part: person for person in reversed(list(group)) if (part := _part(person)) in parts}
    return next((found[part] for part in parts if part in found), None)


def _interpreter(people: Iterable[Person]) -> str | None:
    return next((str(person["name"]) for person in people if person.get("role") == "interpreter"), None)


def _touching(circle: Sequence[Person]) -> int:
    if len(circle) < 3:
        return 0  # two at a table have nobody to mix with
    return sum(_is_own(person) and _is_own(circle[at - 1]) for at, person in enumerate(circle))


def _own_together(circle: Sequence[Person]) -> bool:
    own = sum(map(_is_own, circle))
    return own <= len(circle) - own and _touching(circle) > 0


def _circles(seats: Sequence[Place] | None) -> list[list[str]]:
    """Return the names round each table, in the order of the seats as they are listed, the main table first."""
    tables: dict[object, list[str]] = {}
    for seat in seats or ():
        tables.setdefault(seat["table"], []).append(str(seat["person"]))
    return list(tables.values())


def _circle(seats: Sequence[Place] | None) -> list[str]:
    return next(iter(_circles(seats)), [])
