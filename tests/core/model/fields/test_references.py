"""References to other records."""

from dataclasses import dataclass
from datetime import UTC

import pytest

from core.model.fields import BadValue, FieldSpec

ROOM = FieldSpec("ref", to="nightclub_booking.room")


@dataclass
class Row:
    id: str


def test_an_id_is_kept_in_small_letters_if_it_is_a_uuid() -> None:
    assert ROOM.parse("019549F0-0000-7000-8000-00000000000A", UTC) == "019549f0-0000-7000-8000-00000000000a"
    assert ROOM.parse("staff.Li", UTC) == "staff.Li"


def test_a_record_stands_for_its_id() -> None:
    assert ROOM.parse(Row("v8"), UTC) == "v8"


@pytest.mark.parametrize("raw", ["room V8", "../v8", "a" * 65, 8, ["v8"], "包房"])
def test_what_cannot_be_an_id_is_refused(raw: object) -> None:
    with pytest.raises(BadValue, match="not the id"):
        ROOM.parse(raw, UTC)
