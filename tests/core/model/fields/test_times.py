"""Times of day."""

from datetime import UTC, time

import pytest

from core.model.fields import BadValue, FieldSpec, time_text

CUTOFF = FieldSpec("time")


@pytest.mark.parametrize("raw", ["20:45", "20:45:00", "20：45", time(20, 45, 0, 999)])
def test_a_time_is_read_however_it_is_written(raw: object) -> None:
    assert CUTOFF.cell(CUTOFF.parse(raw, UTC)) == "20:45:00"


@pytest.mark.parametrize("raw", ["24:00", "20:60", "8 pm", "2045", 1245, time(20, 45, tzinfo=UTC)])
def test_anything_else_is_refused_with_the_range(raw: object) -> None:
    with pytest.raises(BadValue, match="00:00 to 23:59"):
        CUTOFF.parse(raw, UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [(time(18), "18:00"), ("18:00:00", "18:00"), ("18:00:05", "18:00:05"), ("00:00:00", "00:00"), ("18:00", "18:00")],
)
def test_whole_minutes_are_shown_without_seconds(value: object, text: str) -> None:
    assert time_text(value) == text


def test_the_bounds_of_a_time_are_told_as_people_write_it() -> None:
    with pytest.raises(BadValue) as refusal:
        FieldSpec("time", min=time(9, 30)).parse("08:00", UTC)

    assert "09:30:00" not in str(refusal.value)
    assert "09:30" in str(refusal.value)
