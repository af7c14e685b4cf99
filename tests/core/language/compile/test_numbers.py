import pytest

from tests.core.language.bench import Faults, Load

ORDER = """
records:
  order:
    label: {en: Order, zh: 订单}
    number: "FORMAT"MARK
    fields: {night: {type: date, default: =today, label: {en: Night, zh: 日}}, kind: {type: text, label: {en: Kind, zh: 类}}}
"""


def test_a_number_is_made_of_text_and_parts(load: Load) -> None:
    number = (
        load(ORDER.replace("FORMAT", "HT-{store}-{night:yyMMdd}-{seq:3}").replace("MARK", "")).records["order"].number
    )
    assert number
    assert number.parts == ("HT-", ("store", ""), "-", ("night", "yyMMdd"), "-", ("seq", "3"))


@pytest.mark.parametrize("text", ["{store}-P{yy}{seq:4}", "{yyyy}{MM}{dd}-{seq}", "{kind}-{seq:2}"])
def test_what_a_number_may_hold(faults: Faults, text: str) -> None:
    faults(ORDER.replace("FORMAT", text).replace("MARK", ""))


@pytest.mark.parametrize(
    "text",
    ["{store}", "{seq:3}{seq:3}", "{seq:x}", "{nigth:yy}{seq}", "{night}{seq}", "{night:week}{seq}", "{kind:yy}{seq}"],
)
def test_what_a_number_may_not_hold(faults: Faults, text: str) -> None:
    faults(ORDER.replace("FORMAT", text).replace("MARK", "  # <- bad-number"))
