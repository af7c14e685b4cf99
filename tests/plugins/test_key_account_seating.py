"""The seating of a banquet: what custom asks for, at any table."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.host.hook_module import import_hooks

FOLDER = Path(__file__).parents[2] / "plugins" / "key_account"
People = list[dict[str, object]]


def _hooks() -> ModuleType:
    found = import_hooks("key_account_seating", FOLDER, "tests")
    assert found is not None
    return found


HOOKS = _hooks()


def person(name: str, side: str, role: str) -> dict[str, object]:
    return {"name": name, "side": side, "role": role}


PARTY: People = [
    person("A", "host", "chief"),
    person("B", "host", "spouse"),
    person("C", "guest", "chief"),
    person("D", "guest", "spouse"),
    person("I", "host", "interpreter"),
    person("E", "guest", "guest"),
    person("F", "guest", "guest"),
    person("X", "host", "companion"),
    person("Y", "host", "companion"),
]


def around(people: People) -> list[str]:
    return [str(seat["person"]) for seat in HOOKS.propose_seats(people, None)]


def test_ka_s11_every_place_of_the_table() -> None:
    assert around(PARTY) == ["A", "C", "I", "Y", "F", "B", "D", "X", "E"]
    assert HOOKS.seating_faults(PARTY, HOOKS.propose_seats(PARTY, None)) == []


def test_ka_s11_serving_begins_with_the_female_chief_guest_and_goes_clockwise() -> None:
    served = HOOKS.serving_order(PARTY, HOOKS.propose_seats(PARTY, None))

    assert served == ["D", "B", "F", "Y", "I", "C", "A", "E", "X"]


def test_without_ladies_serving_begins_with_the_chief_guest_then_the_host() -> None:
    people = [each for each in PARTY if each["role"] != "spouse"]

    assert HOOKS.serving_order(people, HOOKS.propose_seats(people, None))[:2] == ["C", "A"]


def test_seats_are_called_by_the_nearer_of_the_two_who_preside() -> None:
    seats = {str(seat["person"]): seat["seat"] for seat in HOOKS.propose_seats(PARTY, None)}

    assert (seats["A"], seats["C"], seats["E"]) == ("主人", "主人右1", "主人左1")
    assert (seats["B"], seats["D"], seats["F"]) == ("对席", "对席右1", "对席左1")


def test_a_second_host_presides_opposite_and_has_the_second_chief_guest_at_the_right() -> None:
    people = [
        person("A", "host", "chief"),
        person("Z", "host", "second_host"),
        person("C", "guest", "chief"),
        person("S", "guest", "second_chief"),
        *(person(f"g{n}", "guest", "guest") for n in range(4)),
    ]
    circle = around(people)

    assert circle[(circle.index("Z") + 1) % len(circle)] == "S"
    assert circle.index("Z") == 4


def test_ka_s12_tables_rank_by_distance_then_right_before_left() -> None:
    tables = [
        {"no": number, "distance_m": metres, "side": side}
        for number, metres, side in ((5, 8, "left"), (3, 4, "left"), (1, 0, "centre"), (4, 8, "right"), (2, 4, "right"))
    ]

    assert [(table["no"], table["rank"]) for table in HOOKS.rank_tables(tables)] == [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]


def test_the_main_table_takes_the_honoured_and_every_table_is_mixed() -> None:
    tables = [{"no": 2, "distance_m": 4, "side": "left", "places": 4}, {"no": 1, "distance_m": 0, "side": "centre", "places": 7}]
    seats = HOOKS.propose_seats(PARTY, tables)
    at = {str(seat["person"]): seat["table"] for seat in seats}

    assert {at[name] for name in "ABCDI"} == {1}
    assert sorted(at.values()) == [1] * 7 + [2] * 2
    assert {at["F"], at["Y"]} == {2}


@pytest.mark.parametrize(
    ("moved", "fault"), [(("C", "E"), "chief"), (("D", "F"), "spouse"), (("I", "Y"), "interpreter")]
)
def test_what_custom_does_not_find_is_named(moved: tuple[str, str], fault: str) -> None:
    seats = HOOKS.propose_seats(PARTY, None)
    swapped = dict([moved, moved[::-1]])
    changed = [{**seat, "person": swapped.get(str(seat["person"]), seat["person"])} for seat in seats]

    assert fault in HOOKS.seating_faults(PARTY, changed)


def test_nothing_proposed_is_no_fault_and_nobody_is_no_table() -> None:
    assert HOOKS.seating_faults(PARTY, None) == []
    assert HOOKS.propose_seats(None, None) == []
    assert HOOKS.serving_order(PARTY, None) == []


@example(guests=0, own=0, hostess=True, interpreter=False)
@given(guests=st.integers(0, 9), own=st.integers(0, 9), hostess=st.booleans(), interpreter=st.booleans())
def test_everybody_sits_once_and_the_hosts_people_apart_while_guests_suffice(
    guests: int, own: int, hostess: bool, interpreter: bool
) -> None:
    """At any table: nobody twice, the chief guest at the host's right, own people apart when guests are as many."""
    people = [person("A", "host", "chief"), person("C", "guest", "chief")]
    people += [person("B", "host", "spouse")] if hostess else []
    people += [person("I", "host", "interpreter")] if interpreter else []
    people += [person(f"g{n}", "guest", "guest") for n in range(guests)]
    people += [person(f"x{n}", "host", "companion") for n in range(own)]
    seats = HOOKS.propose_seats(people, None)

    assert sorted(str(seat["person"]) for seat in seats) == sorted(str(each["name"]) for each in people)
    assert seats[1]["person"] == "C"
    if guests >= own + 3:
        assert HOOKS.seating_faults(people, seats) == []
