from tests.core.language.bench import Faults, Load

DESK = """
settings: {hold: {type: duration, default: 20m, label: {en: Hold, zh: 保留}}}
records:
  room: {label: {en: Room, zh: 包房}, fields: {name: {type: text, label: {en: Name, zh: 名}}}}
  booking:
    label: {en: Booking, zh: 订房}
    fields:
      guest: {type: text, label: {en: Guest, zh: 客人}}
      room:  {type: ref, to: room, label: {en: Room, zh: 包房}}
      at:    {type: datetime, default: =now, label: {en: At, zh: 时间}}
      over:  {type: bool, value: =self.at + settings.hold < now, label: {en: Over, zh: 过时}}
    states: {held: {en: Held, zh: 保留}, over: {en: Over, zh: 过}}
    by: desk
    actions:
      book:
        label: {en: Book, zh: 订房}
        from: new
        to: held
        ask: [guest, room, {door: {type: text}}]
        checks: {named: {rule: has(self.guest), level: warn, message: {en: No name, zh: 无名}}}
      end: {from: held, to: over, label: {en: End, zh: 结束}}
scorecards:
  week: {label: {en: Week, zh: 周}, every: {week: {for: staff}}, items: {care: {weight: 60, by: chief, label: {en: C, zh: 态}}, n: {weight: 40, value: 1, target: 1, label: {en: N, zh: 数}}}}
samples:
  staff:   {li: {name: Li, roles: [desk]}}
  room:    {v8: {name: V8}}
  booking: {full: {guest: Chen, room: v8}}
"""


def test_a_step_is_one_line_of_what_happens(load: Load) -> None:
    scenario = load(
        DESK
        + """
scenarios:
  a_booking:
    cite: NC-40
    given: {now: "2026-03-07 20:44", as: li, load: room, records: {booking: {old: [full, {state: over}]}}}
    when:
      - {at: "20:50", do: booking.book, with: [full, {room: room.v8, door: left}], is: b, happened: "20:45", reason: late}
      - {as: li, do: booking.book, with: {door: x}, fails: role}
      - {set: {hold: 30m}, then: [b.over, 'booking[0].guest == "Chen"']}
      - {score: {week: li, care: 80}, is: s}
    then: ['b.state == "held"', 'old.state == "over"', s.total > 3]
"""
    ).scenarios["a_booking"]
    first = scenario.steps[0]
    assert (first.at, first.do, first.name, first.happened, first.reason) == (
        "20:50",
        ("booking", "book"),
        "b",
        "20:45",
        "late",
    )
    assert first.with_ == ("full", {"room": "room.v8", "door": "left"})
    assert scenario.given == {"load": ["room"], "records": {"booking": {"old": ["full", {"state": "over"}]}}}
    assert (scenario.now, scenario.as_, scenario.cite) == ("2026-03-07 20:44", "li", ("NC-40",))
    assert scenario.steps[3].score == {"week": "li", "care": 80}
    assert scenario.then[0][1].line == 42


def test_a_sample_has_only_what_its_record_has(faults: Faults) -> None:
    faults(
        DESK.replace("  room:    {v8: {name: V8}}\n", "")
        + """
  room:
    v8: {nmae: V8}  # <- unknown-field
  booking2: {a: {}}  # <- unknown-record
""".replace("\n  room", "\n  room", 1)
    )


def test_the_literals_of_a_sample_fit(faults: Faults) -> None:
    faults(
        DESK.replace("full: {guest: Chen, room: v8}}", "full: {guest: Chen, room: v8},")
        + """
    late: {at: soon, state: ovr},  # <- bad-datetime unknown-state
    lost: {room: v7},  # <- unknown-sample
    sure: {over: true}}  # <- sets-computed
"""
    )


def test_names_in_a_scenario_must_exist(faults: Faults) -> None:
    faults(
        DESK
        + """
scenarios:
  a_booking:
    given:
      now: "7 March"  # <- bad-moment
      as: lee  # <- unknown-sample
      load: [romo]  # <- unknown-sample
      settings: {hodl: 3m}  # <- unknown-setting
      records:
        bookin: {}  # <- unknown-record
        booking: {x: [ful, {gest: A, room: v1}]}  # <- unknown-sample unknown-field
    when:
      - {do: bokking.book}  # <- unknown-record
      - {do: booking.bok}  # <- unknown-action
      - {do: booking.book, with: [ful, {rom: v8}]}  # <- unknown-sample unknown-input
      - {do: booking.book, warns: nmaed}  # <- unknown-check
      - {do: booking.end, for: zz}  # <- unknown-name
      - {at: noon, then: b.state == "held"}  # <- bad-moment unknown-name
      - {away: lee}  # <- unknown-sample
      - {reads: dayly}  # <- unknown-report
      - {with: full}  # <- needless-key
      - {score: {weekly: li}}  # <- unknown-scorecard
      - {score: {week: li, n: 3}}  # <- unknown-item
    then:
      - balance("credit", staff.lee) == 0  # <- unknown-sample
      - staff.li.name ==  # <- rule-syntax
"""
    )


def test_a_scenario_that_expects_nothing_proves_nothing(faults: Faults) -> None:
    faults(
        DESK
        + """
scenarios:
  idle:  # <- proves-nothing
    given: {now: "2026-03-07 20:44"}
    when: [{do: booking.book}]
"""
    )


def test_a_name_a_scenario_gives_hides_a_record_of_that_name(faults: Faults) -> None:
    faults(
        DESK
        + """
scenarios:
  named:
    given: {now: "2026-03-07 20:44", as: li}
    when: [{do: booking.book, with: full, is: room}]
    then: [room.guest == "Chen"]
"""
    )
