"""Names sound real; telephone numbers reach nobody."""

from __future__ import annotations

from random import Random

from app.demo.year import words
from core.model.fields import FieldSpec
from tests.stores.shop import ZONE


def test_telephone_numbers_fit_the_forms_and_belong_to_nobody() -> None:
    dice = Random(1)

    drawn = {words.phone(dice) for _ in range(500)}

    assert len(drawn) > 490
    assert all(number.startswith("154") and len(number) == 11 for number in drawn)
    assert all(FieldSpec("phone").parse(number, ZONE) == number for number in drawn)


def test_names_are_chinese_and_the_same_again_from_the_same_seed() -> None:
    made = [
        (words.full_name(d), words.guest_name(d), words.address(d), words.company(d)) for d in (Random(7), Random(7))
    ]

    assert made[0] == made[1]
    assert 2 <= len(made[0][0]) <= 3
    assert made[0][1][-2:] in {"先生", "女士"}
    assert made[0][3].endswith("有限公司")
