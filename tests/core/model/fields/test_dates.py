"""Days."""

from datetime import UTC, date, datetime

import pytest

from core.model.fields import BadValue, FieldSpec

NIGHT = FieldSpec("date")


@pytest.mark.parametrize(
    "raw",
    ["2026-03-07", "2026/3/7", "2026.03.07", "2026年3月7日", date(2026, 3, 7), datetime.fromisoformat("2026-03-07")],
)
def test_a_day_is_read_however_it_is_written(raw: object) -> None:
    assert NIGHT.parse(raw, UTC) == date(2026, 3, 7)
    assert type(NIGHT.parse(raw, UTC)) is date


@pytest.mark.parametrize(
    "raw", ["2026-02-29", "2026-13-01", "07.03.2026", "2026-03-07 20:45", 20260307, datetime(2026, 3, 7, tzinfo=UTC)]
)
def test_anything_else_is_refused(raw: object) -> None:
    with pytest.raises(BadValue, match="not a date"):
        NIGHT.parse(raw, UTC)
