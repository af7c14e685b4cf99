"""Choices."""

from datetime import UTC

import pytest

from core.model.errors import Text
from core.model.fields import BadValue, FieldSpec

STAGE = FieldSpec(
    "enum",
    options={"wiring": Text("Wiring", "水电"), "tiling": Text("Tiling", "泥瓦"), "tiling2": Text("Tiling", "泥瓦二")},
)


def test_a_key_or_a_label_of_either_language_is_read() -> None:
    assert [STAGE.parse(raw, UTC) for raw in ("wiring", "水电", "Wiring", " tiling ")] == [
        "wiring",
        "wiring",
        "wiring",
        "tiling",
    ]


def test_a_label_two_choices_share_is_refused() -> None:
    with pytest.raises(BadValue, match="not one of the choices"):
        STAGE.parse("Tiling", UTC)


def test_a_slip_of_the_pen_is_answered_with_the_nearest_key() -> None:
    with pytest.raises(BadValue, match="did you mean `wiring`"):
        STAGE.parse("wireing", UTC)
    with pytest.raises(BadValue, match="wiring, tiling, tiling2"):
        STAGE.parse("roof", UTC)
