"""A rule that no scenario notices when it is broken is found; one that is proved is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.host.host import Host
from stores.rehearsal.footprint import Footprint
from stores.rehearsal.infection import Watch
from stores.rehearsal.proving import Prover

SHOP = """\
plugin: lockers
version: 1.0.0
requires: {core: ^1}
label: {en: Lockers, zh: 储物柜}
settings:
  limit: {type: duration, default: 1h, max: 2h, cite: L-1, label: {en: Limit, zh: 时限}}
  fine:  {type: money, default: 5, label: {en: Fine, zh: 罚款}}
roles: {desk: {label: {en: Desk, zh: 前台}}, chief: {label: {en: Chief, zh: 主管}}}
ledgers: {fines: {account: staff, unit: CNY, label: {en: Fines, zh: 罚款}}}
notices: {late: {to: [desk], text: {en: Late, zh: 超时}}}
records:
  rental:
    label: {en: Rental, zh: 租用}
    fields:
      guest: {type: text, required: true, label: {en: Guest, zh: 客人}}
      phone: {type: phone, mask: last4, label: {en: Phone, zh: 电话}}
      at:    {type: datetime, default: =now, label: {en: At, zh: 时间}}
    states: {open: {en: Open, zh: 开}, late: {en: Late, zh: 超时}, done: {en: Done, zh: 完}}
    by: desk
    actions:
      take:   {from: new, to: open, ask: [guest, phone], label: {en: Take, zh: 租}}
      slip:   {from: open, to: late, by: system, notice: late, label: {en: Late, zh: 超时}}
      finish:
        label: {en: Finish, zh: 完}
        from: [open, late]
        outcomes:
          - {when: self.state == "late", to: done, post: {fines: {account: =me, amount: =settings.fine, why: {en: L, zh: 超}}}}
          - {to: done}
    timers: {limit: {while: self.state == "open", due: =self.at + settings.limit, then: slip, cite: L-1}}
    read: {desk: {}, chief: {mask: [phone]}}
    sync: {scope: store, home: store}
samples:
  staff: {dora: {name: Dora, roles: [desk]}, carl: {name: Carl, roles: [chief]}}
  rental: {gao: {guest: Gao, phone: "13800001111"}}
scenarios:
  late_after_an_hour:
    cite: L-1
    given: {now: "2026-05-02 09:00", as: dora}
    when:
      - {do: rental.take, with: gao, is: r}
      - {at: "10:00:00", then: 'r.state == "open"'}
      - {at: "10:00:01", then: 'r.state == "late"'}
      - {do: rental.finish, for: r}
    then: ['r.state == "done"', 'balance("fines", staff.dora) == 5', 'sent("late") == 1']
  only_the_desk_takes:
    given: {now: "2026-05-02 09:00", as: carl}
    when: [{do: rental.take, with: gao, fails: role}, {as: dora, do: rental.take, with: [gao, {guest: null}], fails: guest}]
    then: size(rental) == 0
"""
PLANTED = {  # what the scenarios above leave unproved, each for one kind of break
    "records.rental.actions.finish.from[0]: dropped": "nobody ever finishes in time",
    "records.rental.read.chief.mask: dropped": "nobody looks with the chief's eyes",
    "records.rental.fields.phone.mask: dropped": "the same",
    "settings.limit.max: dropped": "nobody asks for more",
}


@pytest.fixture
def prover(tmp_path: Path) -> Callable[..., Prover]:
    def prove(text: str = SHOP) -> Prover:
        folder = tmp_path / "lockers"
        folder.mkdir(exist_ok=True)
        (folder / "plugin.yaml").write_text(text, encoding="utf-8")
        host = Host([folder], entry_points=False, environment={})
        assert [problem.render() for fault in host.catalog.faults for problem in fault.problems] == []
        made = Prover(host, host.catalog.plugin("lockers"))
        made.walk(made.mutants)
        return made

    return prove


def ends(prover: Prover) -> dict[str, str]:
    return {mutant.name: prover.try_out(mutant).end for mutant in prover.mutants}


def test_what_is_proved_is_noticed_and_what_is_not_survives(prover: Callable[..., Prover]) -> None:
    found = ends(prover())

    survivors = {name for name, end in found.items() if end == "survived"}
    assert set(PLANTED) <= survivors
    for name in (
        "settings.limit.default: `1h` -> `2h`",
        "settings.fine.default: `5` -> `6`",
        "records.rental.by: anybody may",
        "records.rental.timers.limit: dropped",
        "records.rental.timers.limit.due: a minute later",
        "records.rental.timers.limit.due: a minute earlier",
        "records.rental.actions.slip.notice: dropped",
        "records.rental.actions.finish.outcomes[0].post.fines: dropped",
        "records.rental.fields.guest.required: dropped",
    ):
        assert found[name] == "noticed", name
    assert found["records.rental.actions.finish.outcomes[1]: dropped"] == "refused", "a shop could not load it"


def test_one_more_scenario_proves_what_was_left(prover: Callable[..., Prover]) -> None:
    more = """
  the_chief_sees_no_phone_and_who_finishes_in_time_pays_nothing:
    given: {now: "2026-05-02 09:00", as: dora}
    when:
      - {do: rental.take, with: gao, is: r}
      - {as: carl, sees: r, then: 'seen.phone == "•••••••1111"'}
      - {do: rental.finish, for: r}
      - {set: {limit: 121m}, fails: limit}
    then: 'balance("fines", staff.dora) == 0'
"""
    found = ends(prover(SHOP + more))
    assert {found[name] for name in PLANTED} == {"noticed"}


REPORT = """
reports:
  today:
    label: {en: Today, zh: 当日}
    every: day
    due: '=at(period.end, time("20:00"))'
    figures: {taken: {count: rental, where: rental.at in period, label: {en: Taken, zh: 租出}}}
    read: {desk: {}, chief: {hide: taken}}
scenarios:"""
READER = """
  only_the_desk_is_told_how_many:
    given: {now: "2026-05-02 09:00", as: dora}
    when:
      - {do: rental.take, with: gao, is: r}
      - {reads: today, then: [seen.taken == 1, 'seen.due == datetime("2026-05-02 20:00")']}
      - {as: carl, reads: today, then: [has(seen), not has(seen.taken)]}
"""


def test_who_reads_a_report_is_proved_by_somebody_reading_it(prover: Callable[..., Prover]) -> None:
    shop = SHOP.replace("\nscenarios:", REPORT)
    unread = {name: end for name, end in ends(prover(shop)).items() if name.startswith("reports.")}
    assert "noticed" not in unread.values()
    read = ends(prover(shop + READER))
    assert [name for name in unread if read[name] == "survived"] == [
        "reports.today.figures.taken.where: dropped",  # nobody rents on another day
    ]


def test_the_scenario_that_cites_the_rule_is_asked_first(prover: Callable[..., Prover]) -> None:
    one = prover()
    (mutant,) = [each for each in one.mutants if each.name == "records.rental.timers.limit: dropped"]
    assert one.try_out(mutant).by == "late_after_an_hour"


def test_a_plugin_is_the_same_after_its_mutants_were_tried(prover: Callable[..., Prover]) -> None:
    one = prover()
    assert one.failing == []
    before = ends(one)
    assert ends(one) == before


def test_a_scenario_that_fails_as_it_is_proves_nothing(prover: Callable[..., Prover]) -> None:
    one = prover(SHOP.replace("== 5'", "== 6'"))
    assert one.failing == ["late_after_an_hour"]
    found = ends(one)
    assert found["settings.fine.default: `5` -> `6`"] == "survived"


def test_plays_that_are_left_out_would_have_noticed_nothing(
    prover: Callable[..., Prover], monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = ends(prover())
    played: list[str] = []
    monkeypatch.setattr(Watch, "differs", lambda _self, mutant, _scenario: played.append(mutant.name) or True)
    monkeypatch.setattr(Footprint, "crosses", lambda *_: True)

    assert ends(prover()) == quick
    assert played
