from __future__ import annotations

from collections.abc import Callable

from stores.rehearsal import Verdict

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
