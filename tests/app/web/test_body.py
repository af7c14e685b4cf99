from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.body import only, parse_json
from app.web.errors import BadRequest
from core.model.errors import NodeError


def test_numbers_with_a_point_are_exact() -> None:
    assert parse_json(b'{"amount": 0.1}') == {"amount": Decimal("0.1")}


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b'{"ask": {', "line 1, column 10"),
        (b'{"a": 1, "a": 2}', "`a` is there twice"),
        (b'{"a": NaN}', "NaN"),
        (b"[1]", "must be an object"),
        (b'"\xff"', "not UTF-8"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
    ],
)
def test_what_is_no_json_object_is_refused_with_the_place(raw: bytes, told: str) -> None:
    with pytest.raises(BadRequest, match=r"(?s).*" + told.replace("{", r"\{")):
        parse_json(raw)


def test_every_key_that_does_not_belong_is_told() -> None:
    with pytest.raises(NodeError) as refused:
        only({"asks": {}, "reason": 5, "store": None}, {"ask": dict, "reason": str, "store": str})

    assert [(p.code, p.field) for p in refused.value.problems] == [("unknown-key", "asks"), ("wrong-type", "reason")]
    assert "did you mean `ask`?" in str(refused.value)


def test_true_is_no_whole_number() -> None:
    with pytest.raises(NodeError):
        only({"count": True}, {"count": int})
    assert only({"token": True}, {"token": bool}) == {"token": True}


@given(raw=st.binary(max_size=200))
def test_no_bytes_make_it_fail_otherwise(raw: bytes) -> None:
    with suppress(BadRequest):
        parse_json(raw)
