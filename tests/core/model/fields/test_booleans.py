"""Yes and no."""

from datetime import UTC

import pytest

from core.model.fields import BadValue, FieldSpec

SIGNED = FieldSpec("bool")


@pytest.mark.parametrize(
    ("raw", "value"), [(True, True), ("on", True), ("是", True), (1, True), (False, False), ("No", False), ("0", False)]
)
def test_yes_and_no_are_read_from_forms_spreadsheets_and_rules(raw: object, value: bool) -> None:
    assert SIGNED.parse(raw, UTC) is value
    assert SIGNED.cell(value) == int(value)
    assert SIGNED.value(int(value)) is value


@pytest.mark.parametrize("raw", [2, "maybe", "不知道", 1.0])
def test_anything_between_is_refused(raw: object) -> None:
    with pytest.raises(BadValue, match="neither yes nor no"):
        SIGNED.parse(raw, UTC)
