from tests.core.language.bench import Faults, Load

HOLD = """
notices: {soon: {to: [desk], text: {en: Soon, zh: 即将}}}
records:
  hold:
    label: {en: Hold, zh: 保留}
    fields: {until: {type: datetime, default: =now, label: {en: Until, zh: 至}}, day: {type: date, default: =today, label: {en: Day, zh: 日}}}
    states: {open: {en: Open, zh: 开}, over: {en: Over, zh: 过}}
    by: desk
    actions:
      open:  {from: new, to: open, label: {en: Open, zh: 开}}
      lapse: {from: open, to: over, by: system, label: {en: Lapse, zh: 过期}}
      close: {from: open, to: over, label: {en: Close, zh: 关闭}}
      ask:   {from: open, to: over, by: system, ask: [{why: {type: text, required: true}}], label: {en: Ask, zh: 询问}}
      born:  {from: new, to: open, by: system, label: {en: Born, zh: 新建}}
    timers:
"""


def test_a_timer_runs_an_action_and_reminds_before(load: Load) -> None:
    timer = (
        load(
            HOLD
            + """
      end: {while: self.state == "open", due: =self.until, remind: [{before: 5m, notice: soon}], then: lapse}
"""
        )
        .records["hold"]
        .timers["end"]
    )
    assert (timer.then, str(timer.remind[0].before), timer.remind[0].notice) == ("lapse", "5m", "soon")


def test_names_a_timer_uses_must_exist(faults: Faults) -> None:
    faults(
        HOLD
        + """
      end:
        while: self.state == "open"
        due: =self.untill  # <- unknown-field
        remind: [{before: soon, notice: son}]  # <- bad-duration unknown-notice
        then: laps  # <- unknown-action
"""
    )


def test_a_due_is_a_moment_not_a_day(faults: Faults) -> None:
    faults(
        HOLD
        + """
      end: {while: self.state == "open", due: =self.day, then: lapse}  # <- wrong-kind
"""
    )


def test_the_action_of_a_timer_is_one_the_system_can_do_alone(faults: Faults) -> None:
    faults(
        HOLD
        + """
      a: {while: self.state == "open", due: =self.until, then: close}  # <- timer-needs-system
      b: {while: self.state == "open", due: =self.until, then: ask}  # <- timer-asks
      c: {while: self.state == "open", due: =self.until, then: born}  # <- timer-creates
"""
    )


def test_an_unknown_state_in_a_while_is_found(faults: Faults) -> None:
    faults(
        HOLD
        + """
      end: {while: self.state == "opne", due: =self.until, then: lapse}  # <- unknown-option
"""
    )


def test_an_exclusive_key_is_made_of_stored_fields(faults: Faults) -> None:
    faults("""
records:
  booking:
    label: {en: Booking, zh: 订房}
    fields: {night: {type: date, label: {en: Night, zh: 日}}, twice: {type: int, value: 1, label: {en: Twice, zh: 二}}}
    exclusive:
      a: {key: [nihgt], message: {en: Taken, zh: 占用}}  # <- unknown-field
      b: {key: twice, message: {en: Taken, zh: 占用}}  # <- unknown-field
      c: {key: night, while: self.nite == today, message: {en: Taken, zh: 占用}}  # <- unknown-field
""")
