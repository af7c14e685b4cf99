from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.ids import IdMaker, uuid7


def test_an_id_is_a_uuid_of_version_7_that_carries_its_time() -> None:
    made = UUID(uuid7(1_772_887_500_123, b"\xff" * 8))

    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == 1_772_887_500_123


@given(times=st.lists(st.integers(0, 5), min_size=1, max_size=60))
def test_ids_rise_though_the_clock_stands_still_or_goes_back(times: list[int]) -> None:
    clock = iter(times)
    make = IdMaker(lambda: next(clock), lambda n: b"\x00" * n)

    ids = [make() for _ in times]

    assert ids == sorted(set(ids))


def test_ids_rise_when_one_millisecond_brings_more_than_its_sequence_holds() -> None:
    make = IdMaker(lambda: 7, lambda n: b"\xff" * n)

    ids = [make() for _ in range(5000)]

    assert ids == sorted(set(ids))
    assert UUID(ids[-1]).int >> 80 == 8  # borrowed from the next millisecond
