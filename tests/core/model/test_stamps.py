"""The stamps of a row: what is packed into ``_m`` and comes out again."""

from hypothesis import given
from hypothesis import strategies as st

from core.model.merge import NEVER, FieldStamp
from core.model.stamps import RowStamps, pack_each, pack_one, pack_over, pack_over_each

stamps = st.builds(FieldStamp, st.integers(0, 2**40), st.integers(0, 2**62), st.sampled_from(["bund.1", "hq.1", ""]))
names = st.sampled_from(["guest_name", "room", "备注", "state"])
rows = st.builds(RowStamps, stamps, st.dictionaries(names, stamps, max_size=4))


@given(rows)
def test_what_is_packed_comes_out_again(row: RowStamps) -> None:
    assert RowStamps.unpack(row.pack()) == row


def test_a_row_nobody_has_written_has_no_stamps() -> None:
    assert RowStamps.unpack("") == RowStamps()
    assert RowStamps().of("room") == NEVER


@given(rows, st.sets(names), stamps)
def test_a_write_stamps_its_fields_and_no_others(row: RowStamps, written: set[str], stamp: FieldStamp) -> None:
    after = row.with_(written, stamp)

    for name in ("guest_name", "room", "备注", "state"):
        assert after.of(name) == (stamp if name in written else row.of(name))


@given(rows)
def test_compacting_changes_no_stamp_and_never_grows(row: RowStamps) -> None:
    fields = ["guest_name", "room", "备注", "state"]

    compact = row.compact(fields)

    assert [compact.of(name) for name in fields] == [row.of(name) for name in fields]
    assert len(compact.fields) <= len(row.fields)


def test_one_write_of_all_fields_needs_one_stamp() -> None:
    stamp = FieldStamp(7, 8, "bund.1")

    compact = RowStamps().with_(["room", "state"], stamp).compact(["room", "state"])

    assert compact == RowStamps(stamp)


@given(rows)
def test_compacting_a_row_without_fields_leaves_it_as_it_is(row: RowStamps) -> None:
    assert row.compact([]) == row


NAMES = st.lists(st.sampled_from(["a", "b", 'odd"%name', "名"]), unique=True, max_size=3).map(sorted)


@given(base=st.integers(1, 9), before=st.lists(NAMES, max_size=2), names=NAMES)
def test_stamps_written_as_text_are_those_written_as_stamps(
    base: int, before: list[list[str]], names: list[str]
) -> None:
    stamps = RowStamps(FieldStamp(base, 7, "east.1"))
    assert pack_one(stamps.base) == stamps.pack()
    for hs, written in enumerate(before, start=10):
        stamps = stamps.with_(written, FieldStamp(hs, 8, "west.1"))
    new = FieldStamp(20, 9, 'n"1')

    assert pack_over(stamps.pack(), names, new) == (stamps.with_(names, new) if names else stamps).pack()


def test_stamps_packed_by_column_are_those_packed_one_by_one() -> None:
    origin = 'n"%d1'

    packed = pack_each([3, 4], [70, 80], origin)

    assert packed == [pack_one(FieldStamp(3, 70, origin)), pack_one(FieldStamp(4, 80, origin))]


@given(
    rows=st.lists(st.tuples(st.lists(NAMES, max_size=2), st.integers(20, 30), st.integers(9, 12)), max_size=4),
    names=NAMES,
)
def test_stamps_written_over_by_column_are_those_written_over_one_by_one(
    rows: list[tuple[list[list[str]], int, int]], names: list[str]
) -> None:
    origin, packed = 'n"%d1', []
    for before, _, _ in rows:
        stamps = RowStamps(FieldStamp(1, 7, "east.1"))
        for hs, written in enumerate(before, start=10):
            stamps = stamps.with_(written, FieldStamp(hs, 8, "west.1"))
        packed.append(stamps.pack())
    hs, hlc = [row[1] for row in rows], [row[2] for row in rows]

    written = pack_over_each(packed, names, hs, hlc, origin)

    given_ = zip(packed, hs, hlc, strict=True)
    assert written == [pack_over(text, names, FieldStamp(*when, origin)) for text, *when in given_]
