"""The end of the demo: a line per node, and whether every node agrees with headquarters."""

from __future__ import annotations

from dataclasses import dataclass

from app.chain.standing import count
from app.demo.chain import Chain, Member
from stores.changes import digest, log, quarantine
from stores.changes.digest import Digest
from stores.storage import checkpoints


@dataclass(frozen=True, slots=True)
class Line:
    """One node at the end: what it holds, what it sent and took, what is open, and whether it equals headquarters.

    ``lag`` counts changes that headquarters has not acknowledged; ``quarantined`` those that could not be merged
    (not what is parked for a plugin that this node does not run); ``intact`` is the hash chain of every log it keeps.
    """

    node: str
    store: str
    records: int
    pushed: int
    pulled: int
    conflicts: int
    lag: int
    quarantined: int
    digest: str
    equal: bool
    intact: bool

    @property
    def agrees(self) -> bool:
        """Whether nothing is missing, waiting, held back or touched."""
        return self.equal and self.intact and self.lag == 0 and self.quarantined == 0


def lines(chain: Chain) -> list[Line]:
    """Return a line per node, headquarters first."""
    return [_line(member, chain.headquarters) for member in chain.members.values()]


def _line(member: Member, headquarters: Member) -> Line:
    node = member.service.node
    mine = _held(member, node.store, set(node.catalog.records))
    theirs = _held(headquarters, node.store, set(node.catalog.records))
    with node.database.read() as connection:
        lag = 0 if node.is_hub else log.unsent(connection)[0]
        intact = all(log.verify(connection, origin) is None for origin in checkpoints.heads(connection))
        held_back, _ = quarantine.counts(connection)
    seen = member.service.worker.status() if member.service.worker else None
    return Line(
        node=member.plan.name,
        store=node.store,
        records=sum(each.count for each in mine),
        pushed=seen.pushed if seen else 0,
        pulled=seen.pulled if seen else 0,
        conflicts=count(node, "core.conflict", "open"),
        lag=lag,
        quarantined=held_back,
        digest=f"{sum(each.total for each in mine) % (1 << 128):032x}"[:12],
        equal=mine == theirs,
        intact=intact,
    )


def _held(member: Member, store: str, types: set[str]) -> list[Digest]:
    """Return the digests of what ``store`` holds, as ``member`` has it, for the record types in question."""
    with member.service.node.database.read() as connection:
        return [each for each in digest.digests(connection, member.service.node, store) if each.type in types]
