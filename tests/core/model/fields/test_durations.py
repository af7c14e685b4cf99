"""Durations as field values."""

from datetime import UTC

import pytest

from core.model.duration import Duration
from core.model.fields import BadValue, FieldSpec

HOLD = FieldSpec("duration")


def test_a_duration_is_kept_as_its_text() -> None:
    assert HOLD.cell(HOLD.parse("90m", UTC)) == "1h30m"
    assert HOLD.value("1h30m") == Duration(seconds=5400)


@pytest.mark.parametrize("raw", [20, "20", True, ["20m"]])
def test_a_bare_number_is_refused_because_it_has_no_unit(raw: object) -> None:
    with pytest.raises(BadValue, match="not a duration"):
        HOLD.parse(raw, UTC)
