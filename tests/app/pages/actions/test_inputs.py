"""Values go into a form and come back the same; what is typed is judged by the field's own type."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.pages.actions.inputs import draw, flatten, gather, was_sent
from app.pages.frame.forms import Form
from app.pages.frame.words import Words
from core.model.errors import Text
from core.model.fields import FieldSpec

ZONE = ZoneInfo("Asia/Shanghai")
TEXT = FieldSpec("text")
LINE = FieldSpec("map", parts={"what": TEXT, "count": FieldSpec("int"), "until": FieldSpec("duration")})
DESK: Any = SimpleNamespace(words=Words("en"), say=lambda text: text.en, catalog=SimpleNamespace(records={}))
CASES = [
    (TEXT, "陈先生\n二楼"),
    (FieldSpec("int"), 7),
    (FieldSpec("money"), "1200.50"),
    (FieldSpec("bool"), True),
    (FieldSpec("bool"), False),
    (FieldSpec("date"), "2026-03-13"),
    (FieldSpec("time"), "20:45:00"),
    (FieldSpec("datetime"), "2026-03-13T20:44:05+08:00"),
    (FieldSpec("duration"), "20m"),
    (FieldSpec("duration"), "1h30m"),
    (FieldSpec("duration"), "2bd"),
    (FieldSpec("enum", options={"a": Text("A", "甲")}), "a"),
    (FieldSpec("list", item=TEXT), ["a, b", "c"]),
    (FieldSpec("list"), ["a", "b"]),
    (
        FieldSpec("list", item=LINE),
        [{"what": "x", "count": 2, "until": "3d"}, {"what": "y", "count": None, "until": None}],
    ),
    (LINE, {"what": "x", "count": 2, "until": "1h30m"}),
    (FieldSpec("map"), {"colour": "red"}),
    (FieldSpec("geo"), {"lat": "31.230400", "lon": "121.473700"}),
    (FieldSpec("images"), ["front.jpg", "back.jpg"]),
    (FieldSpec("phone"), "13800001111"),
]


@pytest.mark.parametrize(("spec", "value"), CASES, ids=lambda each: each.type if isinstance(each, FieldSpec) else "")
def test_a_value_comes_back_from_a_form_as_it_went_in(spec: FieldSpec, value: object) -> None:
    before = spec.parse(value, ZONE)

    form = Form(tuple(flatten(spec, "f", value)))

    assert was_sent(spec, "f", form)
    assert spec.parse(gather(spec, "f", form), ZONE) == before


@pytest.mark.parametrize("spec", [spec for spec, _ in CASES], ids=lambda spec: spec.type)
def test_an_empty_input_is_nothing(spec: FieldSpec) -> None:
    form = Form((("f", ""), ("f.what", " "), ("f.0.what", "")))

    assert gather(spec, "f", form) is None


@pytest.mark.parametrize(("spec", "value"), CASES, ids=lambda each: each.type if isinstance(each, FieldSpec) else "")
def test_every_type_is_drawn(spec: FieldSpec, value: object) -> None:
    drawn = draw(DESK, "f", "Label", spec, Form(tuple(flatten(spec, "f", value))))

    assert drawn.name == "f"
    assert drawn.widget


def test_a_list_of_maps_has_spare_rows_and_labels_of_its_parts() -> None:
    named = FieldSpec("map", parts={"what": FieldSpec("text", label=Text("What", "名称"))})
    drawn = draw(DESK, "f", "Lines", FieldSpec("list", item=named), Form((("f.0.what", "x"),)))

    assert [[part.label for part in row] for row in drawn.rows] == [["What"]] * 3
    assert drawn.rows[0][0].value == "x"


def test_rows_keep_their_order_and_gaps_close() -> None:
    spec = FieldSpec("list", item=LINE)
    form = Form((("f.10.what", "second"), ("f.2.what", "first"), ("f.5.what", "")))

    rows: Any = gather(spec, "f", form)

    assert [row["what"] for row in rows] == ["first", "second"]
