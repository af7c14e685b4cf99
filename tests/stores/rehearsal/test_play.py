from __future__ import annotations

from collections.abc import Callable

import pytest

from core.language.definition import Scenario
from core.model.errors import Place
from stores.rehearsal import Verdict, rehearse
from stores.rehearsal.cast import Cast

Play = Callable[[str], Verdict]


def told(verdict: Verdict) -> list[str]:
    return [miss.what.en for miss in verdict.misses]


def test_what_is_as_expected_passes(play: Play) -> None:
    verdict = play("""
when:
  - {do: rental.take, with: gao, is: r, then: 'r.state == "open"'}
  - {at: "09:30", do: rental.finish, for: r}
then: ['r.state == "done"', 'sent("finished") == 1', 'balance("deposits", r) == 5', r.locker == locker.a1]
""")

    assert told(verdict) == []
    assert verdict.passed


def test_what_differs_is_shown_with_both_sides_and_its_place(play: Play) -> None:
    verdict = play("""
when: [{do: rental.take, with: gao, is: r}]
then: ['r.state == "done"', 'r.guest == "Gao" and r.number == "s001-007"', r.locker == locker.a2]
""")

    assert told(verdict) == [
        'expected `r.state == "done"`, but r.state = "open"',
        'expected `r.number == "s001-007"`, but r.number = "s001-001"',
        "expected `r.locker == locker.a2`, but r.locker = locker.a1",
    ]
    assert [miss.place.path for miss in verdict.misses] == [f"scenarios.the_one.then[{n}]" for n in range(3)]
    assert verdict.misses[0].what.zh == '预期 `r.state == "done"`，实际 r.state = "open"'


def test_a_step_that_is_refused_unexpectedly_ends_the_play(play: Play) -> None:
    verdict = play("""
when:
  - {do: rental.take, with: [gao, {guest: Nobody}], is: r}
  - {do: rental.finish, for: r}
then: ['1 == 2']
""")

    assert told(verdict) == ["refused: Nobody is not a name"]
    assert verdict.misses[0].place.path == "scenarios.the_one.when[0]"


@pytest.mark.parametrize("word", ["not a name", "姓名无效", "name"])
def test_a_refusal_is_named_by_its_check_and_not_by_words_of_its_message(play: Play, word: str) -> None:
    refused = "when: [{do: rental.take, with: [gao, {guest: Nobody}], fails: %s}]"

    assert play(refused % "named").passed
    assert told(play(refused % word)) == [
        f"expected it to fail with `{word}`, but it failed with `named`: Nobody is not a name"
    ]


@pytest.mark.parametrize(
    ("step", "passes"),
    [
        ("{as: carl, do: rental.take, with: gao, fails: role}", True),
        ("{do: rental.take, with: [gao, {guest: null}], fails: guest}", True),
        ("{do: rental.take, with: [gao, {guest: null}], fails: named}", False),
        ("{do: rental.take, with: [gao, {phone: hello}], fails: phone}", True),
        ("{do: rental.finish, for: r, fails: state}", False),
        ("{do: rental.reset, for: r, as: carl, fails: state}", True),
    ],
)
def test_a_step_must_fail_for_the_reason_it_names(play: Play, step: str, passes: bool) -> None:
    assert play(f"when: [{{do: rental.take, with: gao, is: r}}, {step}]").passed is passes


def test_a_step_that_should_fail_and_does_not_is_a_miss(play: Play) -> None:
    verdict = play("when: [{do: rental.take, with: gao, fails: named}]")

    assert told(verdict) == ["expected it to fail with `named`, but it was done"]


def test_a_warning_is_met_with_a_reason_and_the_step_is_done(play: Play) -> None:
    assert play("""
when: [{do: rental.take, with: [gao, {phone: null}], warns: known, is: r}]
then: ['r.state == "open"', size(rental) == 1]
""").passed


def test_a_warning_that_does_not_come_is_a_miss(play: Play) -> None:
    verdict = play("when: [{do: rental.take, with: gao, warns: known}]")

    assert told(verdict) == ["expected a warning `known`, but there was none"]


def test_a_warning_without_warns_is_a_refusal_unless_a_reason_is_given(play: Play) -> None:
    assert told(play("when: [{do: rental.take, with: [gao, {phone: null}]}]\nthen: [size(rental) == 1]")) == [
        "refused: No phone noted"
    ]
    assert play(
        "when: [{do: rental.take, with: [gao, {phone: null}], reason: regular}]\nthen: [size(rental) == 1]"
    ).passed


def test_a_person_acts_for_one_step_only(play: Play) -> None:
    assert play("""
when:
  - {as: carl, do: locker.add, with: {code: B1}, is: b}
  - {do: locker.add, with: {code: B2}, fails: role}
then: [size(locker) == 1]
""").passed


def test_a_deputy_acts_only_while_the_chief_is_away(play: Play) -> None:
    assert play("""
when:
  - {do: rental.take, with: gao, is: r}
  - {at: "10:01"}
  - {as: sue, do: rental.reset, for: r, fails: role}
  - {away: carl}
  - {as: sue, do: rental.reset, for: r, then: 'r.state == "open"'}
  - {at: "10:02", back: carl}
  - {as: sue, do: rental.reset, for: r, fails: role}
""").passed


def test_settings_can_be_given_and_changed_on_the_way(play: Play) -> None:
    assert play("""
given: {now: "2026-05-02 09:00", as: dora, settings: {price: 8}}
when:
  - {do: rental.take, with: gao, is: a}
  - {set: {price: 9.50}, do: rental.take, with: ma, is: b}
then: ['balance("deposits", a) == 8', 'balance("deposits", b) == 9.5', settings.price == 9.5]
""").passed


def test_a_setting_outside_its_bounds_is_refused_when_the_plugin_is_loaded(play: Play) -> None:
    with pytest.raises(AssertionError, match="2h"):
        play('given: {now: "2026-05-02 09:00", as: dora, settings: {limit: 3h}}\nwhen: [{at: "10:00"}]\nthen: [1 == 1]')


def test_a_setting_outside_its_bounds_is_refused_to_a_step_that_expects_it(play: Play) -> None:
    assert play("when: [{set: {limit: 2h}}, {set: {limit: 3h}, fails: limit}]\nthen: [settings.limit == 2h]").passed
    assert told(play("when: [{set: {limit: 2h}, fails: limit}]")) == [
        "expected it to fail with `limit`, but it was done"
    ]


def test_signatures_are_given_by_different_people(play: Play) -> None:
    assert play("""
when:
  - {do: rental.take, with: gao, is: r}
  - {do: rental.finish, for: r}
  - {do: rental.scrap, for: r, then: 'r.guest == "Gao"'}
  - {do: rental.scrap, for: r, fails: role}
  - {as: carl, do: rental.scrap, for: r}
then: ['r.guest == "Scrapped"']
""").passed


def test_a_request_that_no_longer_fits_is_refused_at_its_last_signature(play: Play) -> None:
    lapsed = """
when:
  - {do: rental.take, with: gao, is: r}
  - {do: rental.finish, for: r}
  - {do: rental.scrap, for: r}
  - {as: carl, do: rental.reopen, for: r}
  - {as: carl, do: rental.scrap, for: r%s}
then: ['r.guest == "Gao"']
"""
    assert play(lapsed % ", fails: state").passed
    assert "`Scrap` is not possible" in told(play(lapsed % ""))[0]


def test_what_a_person_sees_is_masked_hidden_or_nothing_at_all(play: Play) -> None:
    assert play("""
when:
  - {do: rental.take, with: gao, is: r}
  - {sees: r, then: ['seen.phone == "13800001111"', 'seen.state == "open"']}
  - {as: carl, sees: r, then: 'seen.phone == "•••••••1111"'}
  - {as: sue, sees: r, then: seen == null}
  - {do: rental.finish, for: r}
  - {as: sue, sees: r, then: ['seen.guest == "Gao"', not has(seen.phone)]}
""").passed


def test_a_person_reads_the_figures_of_a_report_that_are_not_hidden_from_him(play: Play) -> None:
    assert play("""
when:
  - {do: rental.take, with: gao, is: r}
  - {reads: today, then: [seen.rentals == 1, not has(seen.busy), 'seen.rows == [locker.a1.id]', 'seen.due == datetime("2026-05-02 20:00")']}
  - {as: carl, reads: today, then: seen.busy == 1}
  - {as: sue, reads: today, then: seen == null}
""").passed


def test_a_person_of_headquarters_acts_in_the_scenarios_store(play: Play) -> None:
    assert play("""
when: [{as: hana, do: rental.take, with: gao, is: r}]
then: ['r.store == "s001"', 'r.number == "s001-001"']
""").passed


def test_the_store_can_be_named(play: Play) -> None:
    assert play("""
given: {now: "2026-05-02 09:00", as: dora, store: "0755"}
when: [{do: rental.take, with: gao, is: r}]
then: ['r.number == "0755-001"', 'store == "0755"']
""").passed


def test_a_late_fact_undoes_what_the_timer_did(play: Play) -> None:
    assert play("""
when:
  - {do: rental.take, with: gao, is: r}
  - {at: "10:01", then: 'r.state == "over"'}
  - {do: rental.came, for: r, happened: "09:58"}
then: ['r.state == "open"', 'r.came_at == datetime("2026-05-02 09:58")']
""").passed


def test_two_plays_know_nothing_of_each_other(play: Play) -> None:
    scenario = "when: [{do: rental.take, with: gao, is: r}]\nthen: [size(rental) == 1]"

    assert play(scenario) == play(scenario)
    assert play(scenario).passed


def test_a_step_back_in_time_is_not_possible(play: Play) -> None:
    verdict = play('when: [{at: "2026-05-01 09:00"}]\nthen: [1 == 2]')

    assert told(verdict) == ["this step is not possible: the time of a step lies before the one above it"]


def test_what_a_step_expects_and_is_not_so_ends_the_play(play: Play) -> None:
    verdict = play("""
when:
  - {do: rental.take, with: gao, is: r, then: 'r.state == "done"'}
  - {do: rental.finish, for: r}
then: ['1 == 2']
""")

    assert told(verdict) == ['expected `r.state == "done"`, but r.state = "open"']
    assert verdict.misses[0].place.path.startswith("scenarios.the_one.when[0]")


def test_a_target_may_be_reached_through_another_record(play: Play) -> None:
    assert play("""
when:
  - {do: rental.take, with: gao, is: r}
  - {do: rental.finish, for: '[r][0]'}
then: ['r.state == "done"']
""").passed


def test_a_signature_goes_to_the_record_it_is_for(play: Play) -> None:
    assert play("""
given: {now: "2026-05-02 09:00", as: dora, records: {rental: {a: [gao, {state: done}], b: [ma, {state: done}]}}}
when:
  - {do: rental.scrap, for: a}
  - {do: rental.scrap, for: b}
  - {as: carl, do: rental.scrap, for: b}
then: ['a.guest == "Gao"', 'b.guest == "Scrapped"']
""").passed


def test_an_error_is_no_warning(play: Play) -> None:
    verdict = play("when: [{do: rental.take, with: [gao, {guest: Nobody, phone: null}], warns: known}]")

    assert len(told(verdict)) == 1
    assert told(verdict)[0].startswith("refused")
    assert "Nobody is not a name" in told(verdict)[0]


def test_a_warning_of_something_else_is_a_miss(play: Play) -> None:
    verdict = play("when: [{do: rental.take, with: [gao, {phone: null}], warns: named}]")

    assert told(verdict) == ["expected a warning `named`, but: No phone noted"]


def test_what_is_no_record_cannot_be_seen(play: Play) -> None:
    (said,) = told(play("when: [{do: rental.take, with: gao, is: r}, {sees: r.guest}]\nthen: [1 == 1]"))

    assert "no record is called `r.guest`" in said


def test_what_is_given_and_cannot_be_is_a_miss_of_the_whole_scenario(cast: Cast) -> None:
    stage = cast.stage
    place = Place("plugin.yaml", 1, 1)
    scenario = Scenario("the_one", place, "2026-05-02 09:00", "dora", {"settings": {"prise": 8}}, (), ())

    verdict = rehearse(stage.host, stage.plugin, scenario)

    assert not verdict.passed
    assert told(verdict) == ["cannot be set up: there is no setting `prise`"]
    assert verdict.misses[0].place == place
