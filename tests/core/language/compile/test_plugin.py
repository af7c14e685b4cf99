"""A whole plugin, split over files, and the built-in one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.language import compile_plugin
from core.language.definition import Action, Plugin
from core.language.expressions import Cases, Formula
from core.model.errors import DefinitionError
from tests.core.language.bench import Faults

FIXTURES = Path(__file__).parent.parent / "fixtures"


@pytest.fixture(scope="module")
def club(core: Plugin) -> Plugin:
    return compile_plugin(FIXTURES / "nightclub", {"core": core})


def test_the_built_in_plugin_compiles_without_a_warning(core: Plugin) -> None:
    assert core.warnings == ()
    assert {"staff", "absence", "duty", "setting", "request", "conflict", "notice", "access", "pick"} <= set(
        core.records
    )


def test_the_club_compiles_without_a_warning(club: Plugin) -> None:
    assert club.warnings == ()
    assert set(club.records) == {"room", "booking", "credit", "fines", "week"}
    assert (club.name, club.version, dict(club.requires)) == ("nightclub", "1.2.0", {"core": "^1"})


def test_the_holding_rules_are_three_rows_and_a_reminder(club: Plugin) -> None:
    hold = club.records["booking"].timers["hold"]
    assert isinstance(hold.due, Cases)
    assert [row.is_.text for row in hold.due.rows] == [
        "at(self.night, settings.hold_until)",
        "self.roomed_at + settings.late_hold",
        "closing(self.night)",
    ]
    assert [str(remind.before) for remind in hold.remind] == ["5m"]


def test_the_claim_has_three_outcomes_each_with_its_rule(club: Plugin) -> None:
    claim = club.records["booking"].actions["claim"]
    assert [outcome.cite for outcome in claim.outcomes] == [("NC-28",), ("NC-25",), ("NC-26", "NC-27")]
    cancelled, match, cheat = claim.outcomes
    assert cancelled.refuse
    assert set(cancelled.fills) == {"self.number"}
    assert match.to == "seated"
    assert (cheat.to, cheat.confirm, [post.ledger for post in cheat.post]) == ("void", ("manager", "owner"), ["fines"])
    assert claim.sources == {"lapsed", "cancelled"}


def test_the_desk_may_do_what_no_action_says_otherwise(club: Plugin) -> None:
    actions = club.records["booking"].actions
    assert {name for name, action in actions.items() if action.by == ("hostess",)} == set(actions) - {"lapse"}
    assert actions["lapse"].by == ("system",)


def test_nothing_in_a_definition_is_left_unplaced(club: Plugin) -> None:
    for record in club.records.values():
        places = [
            record.place,
            *(field.place for field in record.fields.values()),
            *(a.place for a in record.actions.values()),
        ]
        assert all(place.line > 1 for place in places)
    booking = club.records["booking"]
    assert booking.place.file.endswith("records/booking.yaml")
    assert booking.actions["book"].place.path == "records.booking.actions.book"


def test_every_formula_knows_its_kind(club: Plugin) -> None:
    found = list(_formulas(club.records["booking"].actions["claim"]))
    assert found
    assert all(formula.kind for formula in found)


def test_the_same_files_give_the_same_digest(club: Plugin, core: Plugin) -> None:
    assert compile_plugin(FIXTURES / "nightclub", {"core": core}).digest == club.digest


def test_a_store_may_change_a_default_a_label_and_a_proof(club: Plugin, core: Plugin) -> None:
    store = compile_plugin(FIXTURES / "store_0755", {"core": core, "nightclub": club})
    assert (store.name, store.extends) == ("nightclub.store_0755", "nightclub")
    assert str(store.settings["hold_until"].default) == "21:15:00"
    assert store.records["booking"].key == "nightclub.booking"
    assert store.records["booking"].fields["guest_name"].label.zh == "贵宾姓名"
    assert store.records["booking"].states["lapsed"].en == "Gone"
    assert store.records["booking"].states["lapsed"].zh == "超时取消"
    assert "rooms" not in store.views
    assert [step.at for step in store.scenarios["early_booking_is_held_until_nine"].steps] == [
        None,
        "21:15",
        "21:15:01",
    ]
    assert store.digest != club.digest


def test_all_problems_of_the_meaning_are_told_at_once_in_the_order_of_the_file(faults: Faults) -> None:
    faults("""
settings: {cap: {type: int, default: 12, max: 10, label: {en: Cap, zh: 上限}}}  # <- bad-default
records:
  room:
    label: {en: Room, zh: 包房}
    fields: {owner: {type: ref, to: staf, label: {en: Owner, zh: 老板}}}  # <- unknown-record
    by: dsk  # <- unknown-role
    actions: {open: {from: new, ask: [onwer], label: {en: Open, zh: 开}}}  # <- unknown-field
notices: {told: {to: [nobody], text: {en: "{self.x}", zh: 无}}}  # <- unknown-role
""")


def test_a_plugin_and_a_ledger_do_not_share_a_name(faults: Faults) -> None:
    faults("""
records: {fines: {label: {en: Fines, zh: 罚款}}}
ledgers:
  fines: {account: staff, unit: CNY, label: {en: Fines, zh: 罚款}}  # <- defined-twice
""")


def test_a_folder_that_is_no_plugin_is_a_definition_error(core: Plugin, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError):
        compile_plugin(tmp_path, {"core": core})


def _formulas(action: Action) -> Iterator[Formula]:
    for outcome in action.outcomes:
        if outcome.when is not None:
            yield outcome.when
        yield from outcome.set.values()
        for post in outcome.post:
            yield from (post.account, post.amount)
