from tests.core.language.bench import Faults

BOOKING = """
records:
  booking:
    label: {en: Booking, zh: 订房}
    fields: {name: {type: text, label: {en: Name, zh: 姓名}}, paid: {type: bool, default: false, label: {en: Paid, zh: 已付}}}
    states: {held: {en: Held, zh: 保留}, seated: {en: Seated, zh: 到房}}
    by: desk
    actions:
      book: {from: new, to: held, label: {en: Book, zh: 订房}}
      arrive:
        label: {en: Arrive, zh: 到达}
        from: held
        to: seated
"""


def test_an_outcome_without_when_hides_the_ones_below(faults: Faults) -> None:
    faults(
        BOOKING
        + """
        outcomes:
          - {set: {paid: false}}  # <- hides-later-outcomes
          - {when: self.paid, set: {paid: true}}
          - {}
"""
    )


def test_an_outcome_with_the_same_when_never_happens(faults: Faults) -> None:
    faults(
        BOOKING
        + """
        outcomes:
          - {when: self.paid, set: {paid: false}}
          - {when: self.paid, set: {paid: true}}  # <- never-matches
          - {}
"""
    )


def test_an_outcome_for_a_state_the_action_does_not_start_from_never_happens(faults: Faults) -> None:
    faults(
        BOOKING
        + """
        outcomes:
          - {when: self.state == "seated" and self.paid, set: {paid: false}}  # <- never-matches
          - {}
"""
    )


def test_a_field_cannot_have_two_values_at_once(faults: Faults) -> None:
    faults(
        BOOKING
        + """
        outcomes:
          - {when: self.name == "Chen" and self.name == "Li", set: {paid: true}}  # <- never-matches
          - {when: false, set: {paid: true}}  # <- never-matches
          - {}
"""
    )


def test_an_action_that_may_find_no_outcome_is_warned_of(faults: Faults) -> None:
    faults(
        BOOKING
        + """
        outcomes:  # ~ no-last-outcome
          - {when: self.paid}
"""
    )


def test_first_match_with_a_last_row_is_what_outcomes_are(faults: Faults) -> None:
    faults(
        BOOKING
        + """
        outcomes:
          - {when: self.paid, set: {paid: false}}
          - {when: 'self.state in ["held"] or self.paid', set: {paid: true}}
          - {}
"""
    )
