from tests.core.language.bench import Faults

CARD = """
settings: {share: {type: int, default: null, label: {en: Share, zh: 权重}}}
scorecards:
  monthly:
    label: {en: Monthly, zh: 月度}
    every: {month: {for: staff}}
"""


def test_weights_total_100(faults: Faults) -> None:
    found = faults(
        CARD
        + """
    items:  # <- weights-not-100
      sales:  {weight: 60, value: {count: duty, where: duty.staff == staff}, target: 1, label: {en: Sales, zh: 销售}}
      review: {weight: 30, by: chief, label: {en: Review, zh: 评分}}
"""
    )
    assert "90" in found[0].what.en


def test_blank_weights_and_those_from_settings_are_left_to_the_day(faults: Faults) -> None:
    faults(
        CARD
        + """
    items:
      sales:  {weight: =settings.share, value: {count: duty, where: duty.staff == staff}, target: 1, label: {en: Sales, zh: 销售}}
      review: {weight: 30, by: chief, label: {en: Review, zh: 评分}}
      care:   {weight: null, by: chief, label: {en: Care, zh: 态度}}
"""
    )


def test_bands_cover_0_to_100(faults: Faults) -> None:
    faults(
        CARD
        + """
    items: {review: {weight: 100, by: chief, label: {en: Review, zh: 评分}}}
    bands:  # <- bands-gap
      excellent: 110  # <- bands-gap
      fail: 10
"""
    )


def test_two_bands_may_not_begin_at_the_same_total(faults: Faults) -> None:
    faults(
        CARD
        + """
    items: {review: {weight: 100, by: chief, label: {en: Review, zh: 评分}}}
    bands: {good: 60, pass: 60, fail: 0}  # <- bands-gap
"""
    )


def test_good_bands_are_silent(faults: Faults) -> None:
    faults(
        CARD
        + """
    items: {review: {weight: 100, by: chief, label: {en: Review, zh: 评分}}}
    bands: {excellent: 90, good: 75, pass: 60, fail: 0}
"""
    )


def test_an_item_has_a_value_or_a_role_that_marks_it(faults: Faults) -> None:
    faults(
        CARD
        + """
    items:
      both:    {weight: 50, by: chief, value: 1, label: {en: Both, zh: 都有}}  # <- item-needs-value
      neither: {weight: 50, label: {en: Neither, zh: 都无}}  # <- item-needs-value
"""
    )
