"""Maps."""

from datetime import UTC
from decimal import Decimal

import pytest

from core.model.fields import BadValue, FieldSpec

READING = FieldSpec("map", parts={"volts": FieldSpec("decimal", digits=1), "ok": FieldSpec("bool", required=True)})


def test_a_map_with_parts_always_has_all_of_them() -> None:
    assert READING.parse({"ok": "是"}, UTC) == {"volts": None, "ok": True}
    assert READING.value('{"ok":true}') == {"volts": None, "ok": True}


def test_equal_maps_are_equal_cells() -> None:
    assert READING.cell(READING.parse('{"volts": 220.04, "ok": true}', UTC)) == '{"ok":true,"volts":"220.0"}'
    assert READING.cell({"ok": True, "volts": Decimal("220.0")}) == '{"ok":true,"volts":"220.0"}'


def test_a_number_in_json_text_does_not_pass_through_a_float() -> None:
    assert FieldSpec("map").parse('{"a": 0.30000000000000004}', UTC) == {"a": "0.30000000000000004"}


@pytest.mark.parametrize("raw", ["a=1", [1], 5, '["a"]'])
def test_what_is_no_map_is_refused(raw: object) -> None:
    with pytest.raises(BadValue, match="not a map"):
        READING.parse(raw, UTC)
