from core.model.errors import Text
from tests.core.language.bench import Faults, Load

DESK = """
records:
  room: {label: {en: Room, zh: 包房}, fields: {name: {type: text, label: {en: Name, zh: 房号}}}}
  booking:
    label: {en: Booking, zh: 订房}
    fields:
      guest: {type: text, label: {en: Guest, zh: 客人}}
      room:  {type: ref, to: room, label: {en: Room, zh: 包房}}
      size:  {type: int, value: size(self.guest) , label: {en: Size, zh: 长度}}
    states: {held: {en: Held, zh: 保留}, seated: {en: Seated, zh: 到房}}
    by: desk
    actions:
""".replace("value: size(self.guest) ", "value: =size(self.guest)")


def test_what_the_action_says_is_merged_into_every_outcome(load: Load) -> None:
    plugin = load(
        DESK
        + """
      book: {from: new, to: held}
      arrive:
        from: held
        to: seated
        set: {guest: Chen}
        outcomes:
          - {when: has(self.room), set: {room: =null}}
          - {to: held, set: {guest: Li}}
          - {when: false, refuse: {en: No, zh: 不行}}
""".replace("          - {when: false, refuse: {en: No, zh: 不行}}\n", "")
    )
    first, last = plugin.records["booking"].actions["arrive"].outcomes
    assert (first.to, set(first.set)) == ("seated", {"guest", "room"})
    assert (last.to, last.set["guest"].text) == ("held", "Li")


def test_an_action_without_outcomes_has_one(load: Load) -> None:
    book = (
        load(
            DESK
            + """
      book: {from: new, to: held, ask: [guest]}
      sit: {from: held, to: seated}
"""
        )
        .records["booking"]
        .actions["book"]
    )
    assert book.new
    assert [outcome.to for outcome in book.outcomes] == ["held"]
    assert (book.ask[0].field, book.ask[0].label) == ("guest", Text("Guest", "客人"))


def test_an_action_that_only_asks_for_fields_is_not_decisive(load: Load) -> None:
    actions = (
        load(
            DESK
            + """
      book: {from: new, to: held}
      sit: {from: held, to: seated}
      note: {ask: [guest]}
"""
        )
        .records["booking"]
        .actions
    )
    assert not actions["note"].decisive
    assert actions["sit"].decisive


def test_names_an_action_uses_must_exist(faults: Faults) -> None:
    found = faults(
        DESK
        + """
      book:
        from: new
        to: hold  # <- unknown-state
        by: dsek  # <- unknown-role
        ask: [gest]  # <- unknown-field
        set: {rom: =null}  # <- unknown-field
        notice: told  # <- unknown-notice
        post: {credit: {account: =me, amount: 1}}  # <- unknown-ledger
        create: {card: {}}  # <- unknown-record
        pick: {room: turn}  # <- unknown-policy
        confirm: boss  # <- unknown-role
      sit: {from: hled, to: seated}  # <- unknown-state
"""
    )
    fixes = [problem.fix.en for problem in found if problem.fix]
    assert "did you mean `held`?" in fixes
    assert "did you mean `guest`?" in fixes


def test_a_computed_field_is_neither_asked_nor_set(faults: Faults) -> None:
    faults(
        DESK
        + """
      book: {from: new, to: held, ask: [size]}  # <- asks-computed
      sit:  {from: held, to: seated, set: {size: 1}}  # <- sets-computed
      move: {set: {state: held}}  # <- sets-state
"""
    )


def test_a_one_off_input_is_read_as_ask(load: Load, faults: Faults) -> None:
    arrive = (
        load(
            DESK
            + """
      book: {from: new, to: held}
      arrive:
        from: held
        to: seated
        ask: [{name_at_door: {type: text}, count: int}]
        checks: {same: {rule: ask.name_at_door == self.guest, message: {en: Other guest, zh: 客人不符}}}
"""
        )
        .records["booking"]
        .actions["arrive"]
    )
    assert [(ask.name, ask.spec.type, ask.field) for ask in arrive.ask] == [
        ("name_at_door", "text", None),
        ("count", "int", None),
    ]
    faults(
        DESK
        + """
      book: {from: new, to: held, ask: [{guest: {type: text}}, guest]}  # <- ask-shadows-field asked-twice
      sit: {from: held, to: seated, ask: [{door: {type: txet}}, {lamp: {tpye: int}}, 7]}  # <- unknown-type unknown-key missing-key wrong-shape
"""
    )


def test_somebody_must_be_allowed(faults: Faults) -> None:
    faults("""
records:
  room:
    label: {en: Room, zh: 包房}
    actions:
      clean: {}  # <- nobody-may
""")


def test_new_stands_alone(faults: Faults) -> None:
    faults(
        DESK
        + """
      book: {from: [new, held], to: held}  # <- new-with-states
      sit: {from: held, to: seated, delete: true, undelete: true}  # <- delete-and-undelete
"""
    )


def test_a_message_may_speak_of_the_record(load: Load, faults: Faults) -> None:
    check = (
        load(
            DESK
            + """
      book:
        from: new
        to: held
        checks: {named: {rule: has(self.guest), message: {en: "{self.size} letters", zh: "{self.size} 个字"}}}
      sit: {from: held, to: seated}
"""
        )
        .records["booking"]
        .actions["book"]
        .checks[0]
    )
    assert set(check.fills) == {"self.size"}
    faults(
        DESK
        + """
      book:
        from: new
        to: held
        checks:
          named: {rule: has(self.guest), message: {en: "{self.szie} letters", zh: 字}}  # <- unknown-field
          plain: {rule: has(self.guest)}  # <- message-missing
      sit: {from: held, outcomes: [{refuse: {en: "{self.gest}", zh: 无}, to: seated}]}  # <- unknown-field refuses-and-acts
      go: {from: held, to: seated}
"""
    )


def test_an_outcome_may_make_another_record_in_place_of_the_new_one(load: Load, faults: Faults) -> None:
    doubt = """
  doubt:
    label: {en: Doubt, zh: 疑问}
    fields: {guest: {type: text, required: true, label: {en: Guest, zh: 客人}}}
    by: desk
    states: {open: {en: Open, zh: 待处理}}
    actions: {note: {label: {en: Note, zh: 备注}}}
"""
    book = """
      book:
        from: new
        set: {guest: none}
        outcomes:
          - {when: self.guest == "twice", instead: {doubt: {with: {guest: =self.guest}}}}
          - {to: held}
      sit: {from: held, to: seated}
"""
    first, second = load(DESK + book + doubt).records["booking"].actions["book"].outcomes
    assert first.instead is not None
    assert (first.instead.record, first.instead.state, first.set) == ("shop.doubt", "open", {})
    assert (second.instead, second.to) == (None, "held")
    faults(
        DESK
        + """
      book:
        from: new
        outcomes:
          - {when: self.guest == "a", to: held, instead: {doubt: {with: {guest: x}}}}  # <- instead-and-acts
          - {when: self.guest == "b", instead: {doubt: {each: '=["x"]', with: {guest: x}}}}  # <- instead-of-one
          - {to: seated}
      sit: {from: held, outcomes: [{instead: {doubt: {with: {guest: x}}}}]}  # <- instead-of-nothing
"""
        + doubt
    )


def test_what_a_check_has_tested_need_not_be_tested_again(load: Load) -> None:
    plugin = load(
        DESK
        + """
      book:
        from: new
        to: held
        checks: {named: {rule: has(self.guest), message: {en: Name missing, zh: 缺姓名}}}
        outcomes: [{when: self.guest < "M", set: {guest: '=self.guest + "."'}}, {}]
      sit: {from: held, to: seated}
"""
    )
    assert [problem for problem in plugin.warnings if problem.code == "may-be-empty"] == []


def test_how_far_back_an_actor_may_say_it_happened_is_a_duration_or_gives_one(load: Load, faults: Faults) -> None:
    text = """
settings: {late: {type: duration, default: 1h, label: {en: Late, zh: 补录}}}
""" + DESK.lstrip()
    actions = (
        load(
            text
            + """
      book: {from: new, to: held, at: =settings.late}
      sit: {from: held, to: seated, at: 30m}
"""
        )
        .records["booking"]
        .actions
    )
    assert actions["sit"].backdate
    assert actions["sit"].backdate.text == "30m"
    assert actions["book"].backdate
    assert actions["book"].backdate.text == "settings.late"
    faults(
        text
        + """
      book: {from: new, to: held, at: =self.room}  # <- wrong-kind
      sit: {from: held, to: seated, at: thirty}  # <- bad-duration
"""
    )


def test_a_needless_equals_in_a_condition_is_pointed_out(faults: Faults) -> None:
    faults(
        DESK
        + """
      book: {from: new, to: held, checks: {c: {rule: =has(self.guest), message: {en: No, zh: 无}}}}  # <- needless-equals
      sit: {from: held, to: seated}
"""
    )
