"""Two edits of one field: what each policy keeps, and that the order of arrival does not matter."""

from __future__ import annotations

import json
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.model.merge import NEVER, FieldStamp, FieldState, Merged, MergePolicy, merge_field, seen
from core.model.values import Cell

BUND, LAKE, HQ = "bund.1", "lake.1", "hq.1"
SUMMED = (MergePolicy.SUM, MergePolicy.UNION, MergePolicy.APPEND)
EXACT = [policy for policy in MergePolicy if policy not in SUMMED]


def merge(
    policy: MergePolicy,
    current: FieldState,
    new: Cell,
    origin: str,
    *,
    hlc: int = 100,
    base_hs: int = 0,
    old: Cell = None,
) -> Merged:
    """Merge a change that reaches the hub next."""
    return merge_field(policy, current, old, new, FieldStamp(current.stamp.hs + 1, hlc, origin), base_hs)


def held(cell: Cell, origin: str = BUND, *, hs: int = 5, hlc: int = 50) -> FieldState:
    return FieldState(cell, FieldStamp(hs, hlc, origin))


# --- who has seen whom ----------------------------------------------------------------------------------------------


def test_an_origin_has_seen_what_it_wrote_and_what_it_had_received() -> None:
    stamp = FieldStamp(5, 50, BUND)

    assert seen(stamp, BUND, 0)
    assert seen(stamp, LAKE, 5)
    assert not seen(stamp, LAKE, 4)


def test_nobody_has_seen_what_another_wrote_and_the_hub_has_not() -> None:
    assert not seen(FieldStamp(0, 50, BUND), LAKE, 99)


def test_what_nobody_has_written_is_no_rival() -> None:
    assert seen(NEVER, LAKE, 0)


def test_a_value_put_together_at_the_hub_was_seen_by_none_of_its_authors() -> None:
    joint = FieldStamp(6, 50, "")

    assert not seen(joint, BUND, 5)
    assert seen(joint, BUND, 6)


# --- seen: it is replaced -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", [p for p in EXACT if p is not MergePolicy.IMMUTABLE])
def test_an_edit_that_saw_the_value_replaces_it_though_its_clock_is_an_hour_slow(policy: MergePolicy) -> None:
    merged = merge(policy, held(480), 48, LAKE, hlc=1, base_hs=5, old=480)

    assert merged == (48, FieldStamp(6, 1, LAKE), False, "incoming")


def test_what_may_not_change_stays_even_against_an_edit_that_saw_it() -> None:
    merged = merge(MergePolicy.IMMUTABLE, held("first"), "second", LAKE, base_hs=5, old="first")

    assert (merged.cell, merged.conflict, merged.kept) == ("first", True, "current")


def test_what_may_not_change_is_set_once() -> None:
    merged = merge(MergePolicy.IMMUTABLE, FieldState(None, NEVER), "first", LAKE)

    assert (merged.cell, merged.conflict) == ("first", False)


# --- not seen: the policy decides and a conflict record is written --------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "hlc", "kept"),
    [
        (MergePolicy.LATEST, 51, 7),
        (MergePolicy.LATEST, 49, 9),
        (MergePolicy.MAX, 51, 9),
        (MergePolicy.MIN, 49, 7),
        (MergePolicy.IMMUTABLE, 51, 9),
        (MergePolicy.IMMUTABLE, 49, 7),  # SC-S15: the shop that registered the lead first keeps it
        (MergePolicy.ASK, 51, 9),
        (MergePolicy.HOOK, 51, 7),
        (MergePolicy.HOME, 51, 9),
    ],
)
def test_one_value_stays_and_the_other_is_in_the_inbox(policy: MergePolicy, hlc: int, kept: int) -> None:
    merged = merge(policy, held(9), 7, LAKE, hlc=hlc)

    assert (merged.cell, merged.conflict) == (kept, True)
    assert merged.stamp == (held(9).stamp if kept == 9 else FieldStamp(6, hlc, LAKE))


def test_in_one_millisecond_the_origin_decides() -> None:
    assert merge(MergePolicy.LATEST, held(9), 7, LAKE, hlc=50).cell == 7
    assert merge(MergePolicy.LATEST, held(9, LAKE), 7, BUND, hlc=50).cell == 9


def test_the_homes_value_beats_a_later_one_in_both_orders() -> None:
    late = merge_field(MergePolicy.HOME, held("home", hlc=1), None, "away", FieldStamp(6, 99, LAKE), 0, is_home=False)
    early = merge_field(
        MergePolicy.HOME, held("away", LAKE, hlc=99), None, "home", FieldStamp(6, 1, BUND), 0, is_home=True
    )

    assert (late.cell, late.conflict) == (early.cell, early.conflict) == ("home", True)


def test_the_same_value_from_two_shops_is_no_conflict() -> None:
    for policy in EXACT:
        merged = merge(policy, held("V8"), "V8", LAKE)

        assert (merged.cell, merged.conflict) == ("V8", False)
        assert merged.stamp.origin == (BUND if policy is MergePolicy.IMMUTABLE else LAKE)


def test_a_value_beats_an_emptied_field_where_size_or_age_decides() -> None:
    for policy in (MergePolicy.MAX, MergePolicy.MIN, MergePolicy.IMMUTABLE):
        assert merge(policy, held(None), 7, LAKE).cell == 7
        assert merge(policy, held(7), None, LAKE).cell == 7


def test_a_plugins_function_decides_and_no_shop_has_seen_what_it_made() -> None:
    merged = merge_field(
        MergePolicy.HOOK,
        held("a"),
        "",
        "b",
        FieldStamp(6, 99, LAKE),
        0,
        hook=lambda base, ours, theirs: f"{ours}{theirs}",
    )

    assert merged == ("ab", FieldStamp(6, 99, ""), True, "both")


# --- adding: nothing is lost ----------------------------------------------------------------------------------------


def test_two_shops_counting_at_once_are_both_counted() -> None:
    first = merge(MergePolicy.SUM, held(10, HQ), 13, BUND, old=10, base_hs=5)
    second = merge(MergePolicy.SUM, FieldState(first.cell, first.stamp), 8, LAKE, old=10, base_hs=5)

    assert (second.cell, second.conflict) == (11, False)


def test_photos_taken_in_two_places_are_all_kept_and_one_taken_away_stays_away() -> None:
    first = merge(MergePolicy.UNION, held('["a","b"]', HQ), '["b","c"]', BUND, old='["a","b"]', base_hs=5)
    second = merge(
        MergePolicy.UNION, FieldState(first.cell, first.stamp), '["a","b","d"]', LAKE, old='["a","b"]', base_hs=5
    )

    assert (second.cell, second.conflict) == ('["b","c","d"]', False)


def test_the_next_photo_of_a_shop_that_has_not_heard_of_the_others_does_not_remove_theirs() -> None:
    both = merge(MergePolicy.UNION, held('["a"]', BUND), '["b"]', LAKE)

    third = merge(MergePolicy.UNION, FieldState(both.cell, both.stamp), '["b","c"]', LAKE, old='["b"]', hlc=101)

    assert third.cell == '["a","b","c"]'


def test_a_list_two_shops_began_alike_has_one_order_wherever_the_second_item_arrives() -> None:
    bund = [(BUND, None, '["b"]', 20), (BUND, '["b"]', '["b","a"]', 21)]
    lake = (LAKE, None, '["b"]', 22)

    cells = set()
    for order in ([*bund, lake], [bund[0], lake, bund[1]], [lake, *bund]):
        state = FieldState(None, NEVER)
        for origin, old, new, hlc in order:
            merged = merge(MergePolicy.UNION, state, new, origin, hlc=hlc, old=old)
            state = FieldState(merged.cell, merged.stamp)
        cells.add(state.cell)

    assert cells == {'["a","b"]'}


def test_notes_from_two_shops_stand_in_the_order_they_were_written() -> None:
    base, early, late = "arrives late", "arrives late\nwants V8", "arrives late\nbirthday"
    one = merge(MergePolicy.APPEND, held(base, HQ), early, BUND, old=base, base_hs=5, hlc=60)
    other = merge(MergePolicy.APPEND, held(base, HQ), late, LAKE, old=base, base_hs=5, hlc=70)

    there = merge(MergePolicy.APPEND, FieldState(one.cell, one.stamp), late, LAKE, old=base, base_hs=5, hlc=70)
    here = merge(MergePolicy.APPEND, FieldState(other.cell, other.stamp), early, BUND, old=base, base_hs=5, hlc=60)

    assert there.cell == here.cell == "arrives late\nwants V8\nbirthday"
    assert not there.conflict


def test_a_note_that_was_written_anew_takes_no_line_from_the_others() -> None:
    merged = merge(MergePolicy.APPEND, held("a\nb", BUND), "A\nc", LAKE, old="a")

    assert merged.cell is not None
    assert str(merged.cell).split("\n") == ["a", "b", "A", "c"]


def test_what_was_seen_may_be_shortened() -> None:
    assert merge(MergePolicy.APPEND, held("a\nb"), "a", LAKE, old="a\nb", base_hs=5).cell == "a"
    assert merge(MergePolicy.UNION, held('["a"]'), None, LAKE, old='["a"]', base_hs=5).cell is None


# --- properties -----------------------------------------------------------------------------------------------------

ORIGINS = (BUND, LAKE, HQ)
START: dict[MergePolicy, Cell] = {MergePolicy.UNION: '["x"]', MergePolicy.APPEND: "x", MergePolicy.IMMUTABLE: None}


def _cell(policy: MergePolicy, number: int, origin: str) -> Cell:
    match policy:
        case MergePolicy.UNION:
            return json.dumps(
                [f"{origin}{number}", "x"] if number % 3 else [f"{origin}{number}"], separators=(",", ":")
            )
        case MergePolicy.APPEND:
            return f"x\n{origin}{number}\nsigned {origin}"
        case _:
            return number


def _arrive(policy: MergePolicy, edits: list[tuple[str, int, int]]) -> tuple[FieldState, list[bool]]:
    start = START.get(policy, 0)
    flags: list[bool] = []
    state = FieldState(start, FieldStamp(5, 10, "root.1"))
    for place, (origin, number, hlc) in enumerate(edits, start=6):
        change = FieldStamp(place, hlc, origin)
        merged = merge_field(policy, state, start, _cell(policy, number, origin), change, 5, is_home=origin == BUND)
        state, flags = FieldState(merged.cell, merged.stamp), [*flags, merged.conflict]
    return state, flags


edits_of_all = st.tuples(*(st.tuples(st.just(o), st.integers(1, 4), st.integers(20, 23)) for o in ORIGINS))


@pytest.mark.parametrize(
    "policy", [p for p in MergePolicy if p not in (MergePolicy.ASK, MergePolicy.APPEND, MergePolicy.HOME)]
)
@settings(max_examples=40)
@given(edits=edits_of_all)
def test_edits_that_do_not_know_of_each_other_come_out_the_same_in_every_order(
    policy: MergePolicy, edits: tuple[tuple[str, int, int], ...]
) -> None:
    outcomes = {
        (state.cell, state.stamp[1:]) for order in permutations(edits) for state, _ in [_arrive(policy, list(order))]
    }

    assert len(outcomes) == 1


@pytest.mark.parametrize("policy", [p for p in MergePolicy if p is not MergePolicy.ASK])
@settings(max_examples=40)
@given(edits=edits_of_all)
def test_two_edits_come_out_the_same_and_are_flagged_alike_in_both_orders(
    policy: MergePolicy, edits: tuple[tuple[str, int, int], ...]
) -> None:
    one, other = _arrive(policy, list(edits[:2])), _arrive(policy, list(edits[1::-1]))

    assert (one[0].cell, one[0].stamp[1:], one[1]) == (other[0].cell, other[0].stamp[1:], other[1])


@settings(max_examples=40)
@given(edits=edits_of_all)
def test_asking_flags_two_edits_alike_in_both_orders_and_keeps_one_of_them(
    edits: tuple[tuple[str, int, int], ...],
) -> None:
    one, other = _arrive(MergePolicy.ASK, list(edits[:2])), _arrive(MergePolicy.ASK, list(edits[1::-1]))

    assert one[1] == other[1]
    assert {one[0].cell, other[0].cell} <= {edit[1] for edit in edits[:2]}


@settings(max_examples=40)
@given(edits=edits_of_all)
def test_every_line_of_every_shop_is_in_the_note_once_in_every_order(edits: tuple[tuple[str, int, int], ...]) -> None:
    for order in permutations(edits):
        lines = str(_arrive(MergePolicy.APPEND, list(order))[0].cell).split("\n")

        assert sorted(lines) == sorted(["x", *(f"{o}{n}" for o, n, _ in edits), *(f"signed {o}" for o, _, _ in edits)])


@pytest.mark.parametrize("policy", [p for p in MergePolicy if p is not MergePolicy.SUM])
@settings(max_examples=40)
@given(edits=edits_of_all)
def test_a_change_delivered_again_at_once_changes_nothing_and_is_no_conflict(
    policy: MergePolicy, edits: tuple[tuple[str, int, int], ...]
) -> None:
    first, flags = _arrive(policy, list(edits))
    origin, number, hlc = edits[-1]

    again = merge_field(
        policy,
        first,
        START.get(policy, 0),
        _cell(policy, number, origin),
        FieldStamp(8, hlc, origin),
        5,
        is_home=origin == BUND,
    )

    assert again.cell == first.cell
    assert again.conflict <= flags[-1]


@pytest.mark.parametrize("policy", EXACT)
def test_an_old_change_delivered_again_does_not_bring_back_the_old_value(policy: MergePolicy) -> None:
    again = merge(policy, held("new", BUND, hlc=60), "old", BUND, hlc=50)

    assert (again.cell, again.conflict, again.kept) == ("new", False, "current")
