"""Columns take little room and come back exactly; a frame that would unfold too far never unfolds."""

from __future__ import annotations

import msgpack
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.protocol import FrameError, FrameTooLarge
from sync.wire import packing
from sync.wire.packing import Column, pack, unpack
from tests.sync.nodes import World
from tests.sync.samples import an_id

ID = "0190a0a0-0000-7000-8000-00000000000a"
MOMENT = "2026-03-14T12:00:00.000Z"

cells = (
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(max_size=3)
    | st.sampled_from([ID, ID.upper(), ID[:-1], ID + "0", "g" * 36, "-" * 36, f"{ID[:8]}{ID[9:]}-"])
    | st.sampled_from(
        [MOMENT, MOMENT.lower(), "2026-03-14T12:00:00.0000", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"]
    )
    | st.sampled_from(
        ["2026-02-30T12:00:00.000Z", "2026-03-14 12:00:00.000Z", "2026-03-14T12:00:60.000Z", "x" * 23 + "Z"]
    )
)


@settings(max_examples=100, deadline=None)
@given(columns=st.lists(st.lists(cells, max_size=5), max_size=4), repeat=st.integers(1, 3))
def test_any_column_comes_back_exactly(columns: list[list[object]], repeat: int) -> None:
    tree = [Column(column * repeat) for column in columns]

    assert unpack(pack(tree)) == tree


@settings(max_examples=60, deadline=None)
@given(numbers=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=2, max_size=6), how=st.sampled_from([sorted, list]))
def test_numbers_that_rise_come_back_exactly_to_the_edges_of_64_bits(numbers: list[int], how: type[list[int]]) -> None:
    assert unpack(pack(Column(how(numbers)))) == how(numbers)


@pytest.mark.parametrize(
    "odd",
    ["2026-03-14 12:00:00.000Z", "20260314T12:00:00x.000Z", "2026-03-14T12:00:00.00Z", "2026-03-14T12:00:00,000Z",
     "2026-W11-6T12:00:00.000Z", "2026-03-14T12:00:00.000z", ID.upper(), f"{ID[:8]}{ID[9:]}-"],
)  # fmt: skip
def test_what_is_nearly_a_moment_or_an_id_comes_back_as_it_is(odd: str) -> None:
    for column in ([MOMENT, odd], [ID, odd], [odd, f"{odd[:-1]}1", MOMENT]):
        assert unpack(pack(Column(column))) == column


def test_true_and_one_are_not_the_same() -> None:
    assert [type(value) for value in unpack(pack(Column([1, True])))] == [int, bool]  # type: ignore[attr-defined]


def test_a_thousand_ids_take_sixteen_bytes_each_and_a_constant_next_to_nothing() -> None:
    dice = World().dice
    ids = Column(an_id(dice) for _ in range(1_000))
    moments = Column(f"2026-03-14T12:{n // 60:02d}:{n % 60:02d}.000Z" for n in range(1_000))

    assert len(pack(ids)) < 16_200
    assert len(pack(moments)) < 200
    assert len(pack(Column(["tea_house.guest"] * 1_000))) < 80


def frame(tree: object) -> bytes:
    return packing.MAGIC + zstandard.compress(msgpack.packb(tree))


def ext(sort: int, tree: object) -> msgpack.ExtType:
    return msgpack.ExtType(sort, tree if isinstance(tree, bytes) else msgpack.packb(tree))


@pytest.mark.parametrize(
    "tree",
    [
        ext(packing.IDS, b"123456789"), ext(packing.SAME, [1]), ext(packing.SAME, [-1, 0]), ext(packing.SAME, ["2", 0]),
        ext(packing.SAME, [2, [1]]), ext(packing.SAME, 7), ext(packing.RISING, [1, "a"]), ext(packing.RISING, {"a": 1}),
        ext(packing.MOMENTS, [2**62]), ext(packing.MOMENTS, [True]), ext(packing.RISING, b"\xc1"), ext(99, [1]), {1: 2},
        ext(packing.SAME, [2, ext(packing.SAME, [2, 1])]),
    ],
)  # fmt: skip
def test_a_malformed_column_is_refused(tree: object) -> None:
    with pytest.raises(FrameError):
        unpack(frame(tree))


def test_a_frame_of_too_many_values_is_refused_whatever_they_are_hidden_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "ELEMENTS_MAX", 1_000)

    for tree in (
        [[]] * 1_001,
        [{}] * 1_001,
        {str(n): n for n in range(600)},
        [ext(packing.SAME, [600, 1]), ext(packing.SAME, [600, 1])],
        ext(packing.IDS, bytes(16 * 1_001)),
        ext(packing.RISING, [1] * 1_001),
    ):
        with pytest.raises(FrameTooLarge):
            unpack(frame(tree))


def test_a_column_longer_than_any_frame_is_refused() -> None:
    with pytest.raises(FrameTooLarge):
        unpack(frame(ext(packing.SAME, [packing.HARD_CHANGES_MAX + 1, 0])))


def test_a_map_that_says_a_key_twice_is_refused() -> None:
    with pytest.raises(FrameError, match="twice"):
        unpack(packing.MAGIC + zstandard.compress(b"\x82\xa1a\x01\xa1a\x02"))


def test_what_follows_a_frame_is_not_passed_over() -> None:
    with pytest.raises(FrameError):
        unpack(pack([1]) + b"more")


def test_what_does_not_belong_in_a_message_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        pack({"when": object()})
