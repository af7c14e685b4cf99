"""A list as PostgreSQL reads an array, whatever stands in its texts."""

from __future__ import annotations

import pytest

from core.model.values import Cell
from stores.storage.arrays import array


@pytest.mark.parametrize(
    ("values", "literal"),
    [
        (["a", "陈"], '{"a","陈"}'),
        (["NULL", "", "{,}"], '{"NULL","","{,}"}'),
        (['"', "\\"], r'{"\"","\\"}'),
        ([1, -(2**63)], "{1,-9223372036854775808}"),
        (["a", None, '"'], r'{"a",NULL,"\""}'),
        ([None, 7], "{NULL,7}"),
        ([], "{}"),
    ],
)
def test_an_array_is_written_as_postgresql_reads_it(values: list[Cell], literal: str) -> None:
    assert array(values) == literal
