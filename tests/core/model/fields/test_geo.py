"""Spots on the map."""

from datetime import UTC
from decimal import Decimal

import pytest

from core.model.fields import BadValue, FieldSpec

SITE = FieldSpec("geo")
BUND = {"lat": Decimal("31.240300"), "lon": Decimal("121.490600")}


@pytest.mark.parametrize(
    "raw", ["31.2403,121.4906", {"lat": "31.2403", "lon": 121.4906}, '{"lat": 31.2403, "lon": 121.4906}', BUND]
)
def test_a_spot_is_read_however_it_is_written(raw: object) -> None:
    assert SITE.parse(raw, UTC) == BUND
    assert SITE.cell(SITE.parse(raw, UTC)) == '{"lat":"31.240300","lon":"121.490600"}'


@pytest.mark.parametrize(
    "raw", ["91,0", "0,180.000001", "31.24", {"lat": 1}, {"lat": 1, "lon": 2, "alt": 3}, [1, 2], "{", 5]
)
def test_a_spot_that_is_not_on_earth_is_refused(raw: object) -> None:
    with pytest.raises(BadValue, match="not a spot"):
        SITE.parse(raw, UTC)


def test_half_a_spot_says_which_half_is_no_number() -> None:
    with pytest.raises(BadValue, match="not a number"):
        SITE.parse("north,121", UTC)
