"""Phone numbers: one spelling each, so that the desk can compare them (NC-27)."""

from datetime import UTC

import pytest

from core.model.fields import BadValue, FieldSpec

PHONE = FieldSpec("phone")


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("13800001111", "13800001111"),
        ("138-0000-1111", "13800001111"),
        ("138 0000 1111", "13800001111"),
        ("+86 138 0000 1111", "13800001111"),
        ("008613800001111", "13800001111"),
        ("8613800001111", "13800001111"),
        ("１３８００００１１１１", "13800001111"),
        (13800001111, "13800001111"),
        ("021-5888 8888", "02158888888"),
        ("(0571) 8888-1234", "057188881234"),
        ("+86 21 5888 8888", "02158888888"),
        ("58888888", "58888888"),
        ("400-800-1234", "4008001234"),
        ("95588", "95588"),
        ("+852 2345 6789", "+85223456789"),
        ("0044 20 7946 0958", "+442079460958"),
    ],
)
def test_one_number_has_one_spelling(raw: object, number: str) -> None:
    assert PHONE.parse(raw, UTC) == number
    assert PHONE.parse(number, UTC) == number


@pytest.mark.parametrize(
    "raw", ["1380000111", "138000011112", "12800001111", "not a phone", "+86", "138+00001111", True, "٠١٢٣٤٥٦٧٨", "13"]
)
def test_a_number_nobody_can_dial_is_refused_in_both_languages(raw: object) -> None:
    with pytest.raises(BadValue, match="11 digits") as refused:
        PHONE.parse(raw, UTC)

    assert "不是电话号码" in refused.value.what.zh
    assert refused.value.fix
    assert "区号" in refused.value.fix.zh
