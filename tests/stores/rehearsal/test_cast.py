from __future__ import annotations

from collections.abc import Callable

import pytest

from core.model.errors import NodeError, NotFound
from stores.rehearsal import Verdict
from stores.rehearsal.cast import STAFF, Cast

Play = Callable[[str], Verdict]


def test_a_sample_comes_on_stage_when_it_is_first_named(play: Play) -> None:
    assert play("""
when:
  - {then: size(locker) == 0}
  - {do: rental.take, with: gao, is: r, then: [size(locker) == 1, 'r.locker.code == "A1"']}
  - {do: rental.take, with: [gao, {locker: locker.a1}], then: size(locker) == 1}
""").passed


def test_all_samples_of_a_type_can_be_there_from_the_beginning(play: Play) -> None:
    assert play("""
given: {now: "2026-05-02 09:00", as: dora, load: [locker]}
then: [size(locker) == 2, 'locker[1].code == "A2"', 'locker.a2.code == "A2"']
""").passed


def test_given_records_stand_in_the_state_they_are_given(play: Play) -> None:
    assert play("""
given:
  now: "2026-05-02 09:00"
  as: dora
  records:
    rental:
      old: [gao, {state: over, from_at: "2026-05-01 09:00"}]
      new: [ma, {number: X-9}]
when: [{do: rental.finish, for: rental.old}]
then: ['old.state == "done"', 'rental.new.state == "open"', 'new.number == "X-9"', 'new.from_at == datetime("2026-05-02 09:00")']
""").passed


def test_the_timers_of_given_records_are_armed(play: Play) -> None:
    assert play("""
given: {now: "2026-05-02 09:00", as: dora, records: {rental: {r: [gao, {from_at: "2026-05-02 08:30"}]}}}
when: [{at: "09:30", then: 'rental.r.state == "open"'}, {at: "09:30:01"}]
then: ['rental.r.state == "over"']
""").passed


def test_a_sample_may_be_worked_out(play: Play) -> None:
    assert play("""
given: {now: "2026-05-02 09:00", as: dora, records: {rental: {r: [gao, {from_at: '=now - duration("30m")'}]}}}
then: ['rental.r.from_at == datetime("2026-05-02 08:30")']
""").passed


def test_the_parts_of_a_map_are_worked_out_like_fields(play: Play) -> None:
    assert play("""
when:
  - {do: rental.take, with: [gao, {bag: {seen_at: '=now - duration("30m")', from: a2}}], is: r}
then: ['r.bag.seen_at == datetime("2026-05-02 08:30")', r.bag.from == locker.a2]
""").passed


def test_a_sample_gives_an_action_only_what_it_asks_for(play: Play) -> None:
    assert play("""
given: {now: "2026-05-02 09:00", as: carl}
when: [{do: locker.add, with: a1, is: l}]
then: ['l.code == "A1"']
""").passed


def test_records_are_found_by_position_by_name_and_through_each_other(play: Play) -> None:
    assert play("""
when:
  - {do: rental.take, with: gao, is: first}
  - {do: rental.take, with: ma}
  - {do: rental.finish, for: 'rental[1]'}
then: ['first.state == "open"', 'rental[1].guest == "Ma"', 'rental[1].state == "done"']
""").passed


def test_a_clock_time_entered_is_the_last_moment_it_was_shown(play: Play) -> None:
    assert play("""
when: [{do: rental.take, with: [gao, {from_at: "08:15"}], is: r}]
then: ['r.from_at == datetime("2026-05-02 08:15")']
""").passed


def test_a_sample_on_duty_is_on_duty(play: Play) -> None:
    assert play("""
when: [{then: 'not on_duty(staff.dora)'}, {on_duty: dora, then: [on_duty(staff.dora), not on_duty(staff.carl)]}]
""").passed


def test_a_scenario_without_a_person_is_played_by_the_node_itself(play: Play) -> None:
    assert play("""
given: {now: "2026-05-02 09:00"}
when:
  - {as: dora, do: rental.take, with: gao, is: r}
  - {as: dora, do: rental.expire, for: r, fails: role}
  - {do: rental.expire, for: r, then: 'r.state == "over"'}
""").passed


def test_a_person_given_on_duty_or_away_is_so_from_the_beginning(cast: Cast) -> None:
    eve = cast.create(STAFF, "eve", {"name": "Eve", "roles": ["desk"], "on_duty": True})
    otto = cast.create(STAFF, "otto", {"name": "Otto", "roles": ["chief"], "away": True})

    on_duty, away = (cast.stage.all_rows(cast.stage.record(name)) for name in ("core.duty", "core.absence"))
    assert [row.values["staff"] for row in on_duty] == [eve]
    assert [(row.values["staff"], row.values["to_at"]) for row in away] == [(otto, None)]


@pytest.mark.parametrize(
    ("name", "type_", "said"),
    [
        ("cral", STAFF, "no staff is called `cral` here"),
        ("wardrobe.gao", "lockers.rental", "no rental is called `wardrobe.gao` here"),
        ("today", "lockers.round", "no round is called `today` here"),
    ],
)
def test_a_name_nobody_has_is_not_found(cast: Cast, name: str, type_: str, said: str) -> None:
    with pytest.raises(NotFound, match=said):
        cast.find(name, type_)


def test_the_nearest_name_is_offered(cast: Cast) -> None:
    with pytest.raises(NotFound, match="carl"):
        cast.find("cral", STAFF)


@pytest.mark.parametrize(("values", "code"), [({"gest": "Gao"}, "unknown-field"), ({"phone": "hello"}, "bad-value")])
def test_what_cannot_be_given_is_refused_and_nothing_is_created(
    cast: Cast, values: dict[str, object], code: str
) -> None:
    with pytest.raises(NodeError) as caught:
        cast.create("lockers.rental", "r", values)

    assert caught.value.problems[0].code == code
    assert cast.stage.all_rows(cast.stage.record("rental")) == []


def test_a_sample_there_is_none_of_lends_no_values(cast: Cast) -> None:
    with pytest.raises(NotFound, match="rental has no sample `goa`"):
        cast.merged(cast.stage.record("rental"), ["rental.goa", {"guest": "Gao"}])


def test_who_comes_back_leaves_the_others_away(play: Play) -> None:
    assert play("""
when:
  - {do: rental.take, with: gao, is: r}
  - {at: "10:01", away: dora}
  - {away: carl}
  - {back: dora}
  - {as: sue, do: rental.reset, for: r, then: 'r.state == "open"'}
""").passed
