"""The log line and its hash chain: any touch shows."""

import pytest

from core.model.change import GENESIS, HASHED, Entry, canonical, chain, sealed


def booking(seq: int = 1) -> Entry:
    return Entry(
        origin="bund.1", seq=seq, tx="018f-a", nth=0, of=1, action="nightclub_booking.booking.book", hlc=9 << 16,
        at="2026-03-07T12:44:00.000Z", received="2026-03-07T12:44:02.000Z", mono=5_000, boot="b1", actor="li",
        store="bund", type="nightclub_booking.booking", pk="018f-b", kind="create", base_hs=0,
        body={"guest_name": (None, "陈"), "state": (None, "held")}, facts={"reason": None},
    )  # fmt: skip


def other(value: object) -> object:
    """Something else of the same type."""
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return value + "x"
    return {**(value or {}), "room": (None, "V8")}  # type: ignore[dict-item]


@pytest.mark.parametrize("name", Entry._fields[:HASHED])
def test_no_field_can_be_touched_without_the_hash_showing_it(name: str) -> None:
    entry = booking()
    touched = entry._replace(**{name: other(getattr(entry, name))})  # type: ignore[arg-type]

    assert chain(GENESIS, touched) != chain(GENESIS, entry)


def test_a_line_vouches_for_every_line_before_it() -> None:
    first, second = sealed(GENESIS, booking(1)), booking(2)
    forged = sealed(GENESIS, booking(1)._replace(actor="wang"))

    assert chain(first.hash, second) != chain(forged.hash, second)


def test_the_order_in_which_fields_were_filled_in_does_not_matter() -> None:
    entry = booking()
    turned = entry._replace(body=dict(reversed(entry.body.items())))

    assert canonical(turned) == canonical(entry)


def test_a_line_read_back_from_the_wire_has_the_same_bytes() -> None:
    entry = booking()
    read = entry._replace(body={name: list(pair) for name, pair in entry.body.items()})  # type: ignore[misc]

    assert canonical(read) == canonical(entry)


def test_the_seal_itself_is_not_part_of_what_is_sealed() -> None:
    entry = sealed(GENESIS, booking())

    assert len(entry.hash) == 32
    assert chain(GENESIS, entry) == entry.hash


def test_the_bytes_of_format_1_stay_as_they_are_or_old_logs_no_longer_verify() -> None:
    assert canonical(booking()).decode() == (
        '[1,"bund.1",1,"018f-a",0,1,"nightclub_booking.booking.book",589824,"2026-03-07T12:44:00.000Z",'
        '"2026-03-07T12:44:02.000Z",5000,"b1","li","bund","nightclub_booking.booking","018f-b","create",0,'
        '{"guest_name":[null,"陈"],"state":[null,"held"]},{"reason":null}]'
    )
    assert sealed(GENESIS, booking()).hash == "01c4715b51826aeb05efe7ea3ce9e686"
