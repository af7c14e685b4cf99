"""Pieces of log and pages of feed for the tests of sync: bookings of a club in Osaka Road."""

from __future__ import annotations

from itertools import count
from random import Random

from core.model.change import Entry, sealed
from stores.changes.feed import StateRow
from sync.protocol import Head, Push

ORIGIN = "osaka-road.1"


def an_id(dice: Random) -> str:
    digits = f"{dice.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-7{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"


def a_log(
    changes: int, *, per_tx: int = 1, after: Head | None = None, seed: int = 1, text: str = "沙发 A7"
) -> list[Entry]:
    """A chained piece of log: creates and updates of bookings, ``per_tx`` changes in each transaction."""
    dice, head = Random(seed), after or Head()
    entries, previous, numbers = [], head.hash, count(head.seq + 1)
    while len(entries) < changes:
        of = min(per_tx, changes - len(entries))
        tx, hlc = an_id(dice), 1_760_000_000_000 + len(entries) * 40_000 << 16
        moment = f"2025-10-09T20:{len(entries) // 60 % 60:02d}:{len(entries) % 60:02d}.{dice.randrange(1000):03d}Z"
        for nth in range(1, of + 1):
            new = dice.random() < 0.5
            entry = Entry(
                origin=ORIGIN, seq=next(numbers), tx=tx, nth=nth, of=of, action="nightclub_booking.booking.book", hlc=hlc,
                at=moment, received=moment, mono=1_000 + len(entries), boot="b0", actor="staff-1", store="osaka-road",
                type="nightclub_booking.booking", pk=an_id(dice), kind="create" if new else "update", base_hs=0 if new else 7,
                body={"guests": (None if new else 4, dice.randrange(2, 12)), "seat": (None, text)},
                facts={"ask": {"guests": 4, "deposit": "500.00"}} if nth == 1 else None,
            )  # fmt: skip
            entry = sealed(previous, entry)
            previous = entry.hash
            entries.append(entry)
    return entries


def a_push(changes: int = 3, **how: object) -> Push:
    return Push(ORIGIN, Head(), tuple(a_log(changes, **how)))  # type: ignore[arg-type]


def a_page(rows: int, seed: int = 1) -> tuple[StateRow, ...]:
    dice = Random(seed)
    return tuple(
        StateRow(
            type="nightclub_booking.booking", id=an_id(dice), store="osaka-road", life=1, hs=100 + place,
            at=f"2025-10-09T21:{place // 60 % 60:02d}:{place % 60:02d}.000Z", by="staff-1", m=f'[{100 + place},9,"osaka-road.1",{{}}]',
            cells={"guests": dice.randrange(2, 12), "seat": None if place % 3 else "沙发 A7", "state": "held"},
            x='{"song":"Auld Lang Syne"}' if place == 0 else None,
        )
        for place in range(rows)
    )  # fmt: skip
