from datetime import UTC, datetime

import pytest

from app.chain.branches import CLOCK_OFF_MS, Branch, State, Station, Version
from stores.reads.oversight import unnamed

NIGHT = datetime(2026, 3, 13, 12, 0, tzinfo=UTC)


def branch(*stations: Station, conflicts: int = 0, quarantined: int = 0) -> Branch:
    return Branch(unnamed("club"), stations, conflicts, quarantined)


def station(name: str = "club-1", state: State = "online", **more: object) -> Station:
    return Station(name, NIGHT, state, **more)  # type: ignore[arg-type]


def test_of_several_nodes_the_one_that_is_best_off_speaks_for_the_store() -> None:
    assert branch(station("club-1", "long"), station("club-2", "online")).state == "online"
    assert branch(station("club-1", "never"), station("club-2", "long")).state == "long"
    assert branch().state == "none"


def test_what_waits_at_a_branch_waits_at_any_of_its_nodes() -> None:
    first, second = station(missing=3, oldest=NIGHT.replace(hour=11)), station("club-2", missing=2, oldest=NIGHT)

    told = branch(first, second)

    assert (told.missing, told.oldest) == (5, first.oldest)


@pytest.mark.parametrize(
    "wrong",
    [
        branch(station(), conflicts=1),
        branch(station(), quarantined=1),
        branch(station(state="silent")),
        branch(station(ahead_ms=-CLOCK_OFF_MS)),
        branch(station(stuck=1)),
        branch(station(faults=1)),
        branch(station(versions=(Version("nightclub_booking", "1.0.0", "1.1.0"),))),
    ],
    ids=["conflict", "quarantine", "silent", "clock", "stuck", "plugin", "version"],
)
def test_a_branch_with_anything_wrong_needs_care(wrong: Branch) -> None:
    assert wrong.needs_care


def test_a_branch_that_has_joined_and_not_called_yet_is_nobodys_worry() -> None:
    assert not branch(station(state="never")).needs_care
    assert not branch(station(ahead_ms=CLOCK_OFF_MS - 1, versions=(Version("club", "1", "1"),))).needs_care
