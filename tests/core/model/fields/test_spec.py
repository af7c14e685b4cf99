"""What holds for every field type: entered, kept, read back, shown and entered again, a value stays the same value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.model.duration import Duration
from core.model.errors import Text
from core.model.fields import FIELD_TYPES, BadValue, FieldSpec
from core.model.values import INT_MAX

SHANGHAI = ZoneInfo("Asia/Shanghai")
LABELS = {"solved": Text("Solved", "已解决"), "open": Text("Open", "未解决")}
STEP = {
    "stage": FieldSpec("text", required=True),
    "opens": FieldSpec("duration"),
    "price": FieldSpec("money"),
    "at": FieldSpec("datetime"),
    "done": FieldSpec("bool"),
    "spots": FieldSpec("list", item=FieldSpec("geo")),
}
SPECS = {
    "text": FieldSpec("text"),
    "int": FieldSpec("int"),
    "decimal": FieldSpec("decimal", digits=4),
    "whole decimal": FieldSpec("decimal", digits=0),
    "money": FieldSpec("money"),
    "bool": FieldSpec("bool"),
    "date": FieldSpec("date"),
    "time": FieldSpec("time"),
    "datetime": FieldSpec("datetime"),
    "duration": FieldSpec("duration"),
    "enum": FieldSpec("enum", options=LABELS),
    "list": FieldSpec("list"),
    "list of dates": FieldSpec("list", item=FieldSpec("date")),
    "list of money": FieldSpec("list", item=FieldSpec("money")),
    "list of steps": FieldSpec("list", parts=STEP),
    "map": FieldSpec("map"),
    "map of parts": FieldSpec("map", parts=STEP),
    "phone": FieldSpec("phone"),
    "ref": FieldSpec("ref", to="core.staff"),
    "file": FieldSpec("file"),
    "image": FieldSpec("image"),
    "images": FieldSpec("images"),
    "signature": FieldSpec("signature"),
    "geo": FieldSpec("geo"),
}

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(lambda s: s.strip())
ints = st.integers(-INT_MAX, INT_MAX)
names = st.from_regex(r"[a-zA-Z0-9]{1,12}\.(png|jpg)", fullmatch=True)
moments = st.datetimes(min_value=datetime.fromisoformat("1000-01-02"), max_value=datetime.fromisoformat("9998-01-01"), timezones=st.just(UTC))  # fmt: skip
durations = st.builds(Duration, *[st.integers(-999, 999)] * 4)
money = st.decimals(-(10**12), 10**12, places=2)
spots = st.fixed_dictionaries({"lat": st.decimals(-90, 90, places=6), "lon": st.decimals(-180, 180, places=6)})
steps = st.fixed_dictionaries(
    {"stage": texts},
    optional={
        "opens": durations,
        "price": money,
        "at": moments,
        "done": st.booleans(),
        "spots": st.lists(spots, max_size=2),
    },
)
plain = st.recursive(
    st.none() | st.booleans() | ints | texts | money | durations | moments,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
RAW: Mapping[str, st.SearchStrategy[object]] = {
    "text": texts,
    "int": ints | ints.map(str),
    "decimal": st.decimals(-(10**9), 10**9, places=4) | st.decimals(-(10**9), 10**9, places=7),
    "whole decimal": ints | st.decimals(-(10**9), 10**9, places=2),
    "money": money | money.map(str) | ints.map(lambda n: n // 1000),
    "bool": st.booleans() | st.sampled_from(["是", "否", "on", "0"]),
    "date": st.dates(min_value=date(1000, 1, 1)) | st.dates(min_value=date(1000, 1, 1)).map(str),
    "time": st.times() | st.times().map(lambda t: t.isoformat("minutes")),
    "datetime": moments | moments.map(lambda m: m.isoformat()),
    "duration": durations | durations.map(str),
    "enum": st.sampled_from([*LABELS, "已解决", "Open"]),
    "list": st.lists(plain, max_size=4),
    "list of dates": st.lists(st.dates(min_value=date(1000, 1, 1)), max_size=4),
    "list of money": st.lists(money, max_size=4),
    "list of steps": st.lists(steps, max_size=3),
    "map": st.dictionaries(texts, plain, max_size=3),
    "map of parts": steps,
    "phone": st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    "ref": st.uuids().map(str),
    "file": names,
    "image": names,
    "images": st.lists(names, max_size=4),
    "signature": names | st.just("data:image/png;base64,iVBORw0KGgo="),
    "geo": spots,
}


def test_every_built_in_type_is_tried_here() -> None:
    assert {spec.type for spec in SPECS.values()} == set(FIELD_TYPES)


@pytest.mark.parametrize("name", SPECS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_value_survives_the_way_through_cell_and_page(name: str, data: st.DataObject) -> None:
    spec = SPECS[name]
    value = spec.parse(data.draw(RAW[name]), SHANGHAI)
    cell = spec.cell(value)

    assert spec.parse(value, SHANGHAI) == value, "a value parses to itself"
    assert spec.value(cell) == value
    assert spec.parse(spec.json(value, SHANGHAI), SHANGHAI) == value, "what the API gave out, it takes back"
    assert type(cell) is (type(None) if value is None else int if spec.kind.column == "integer" else str)
    assert spec.cell(spec.value(cell)) == cell


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("nothing", [None, "", "  ", "\u3000"])
def test_nothing_entered_is_nothing_kept(name: str, nothing: object) -> None:
    spec = SPECS[name]

    assert spec.parse(nothing, SHANGHAI) is None
    assert spec.cell(None) is None
    assert spec.value(None) is None
    assert spec.json(None, SHANGHAI) is None


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize(
    "odd", [b"bytes", object(), float("nan"), float("inf"), Decimal("NaN"), 1e300, "\0", {1, 2}, 2**80]
)
def test_what_does_not_fit_is_refused_in_both_languages_with_a_way_out(name: str, odd: object) -> None:
    if name == "text" and odd == 2**80:
        return  # a number is text where text belongs
    with pytest.raises(BadValue) as refused:
        SPECS[name].parse(odd, SHANGHAI)

    bad = refused.value
    assert bad.what.en
    assert any("\u4e00" <= c <= "\u9fff" for c in bad.what.zh), "the Chinese sentence is Chinese"
    assert bad.fix is not None
    assert bad.problem("f").render("zh")


def test_an_empty_required_field_is_refused_only_where_it_must_be_filled() -> None:
    spec = FieldSpec("text", required=True)

    assert spec.parse("", SHANGHAI) is None
    with pytest.raises(BadValue, match="required"):
        spec.filled(" ", SHANGHAI)


@pytest.mark.parametrize(
    ("spec", "inside", "outside"),
    [
        (FieldSpec("int", min=1, max=5), ["1", 5], [0, "6"]),
        (FieldSpec("money", min="0", max=500), ["0", "500.00", "500.004"], ["-0.01", "500.01"]),
        (FieldSpec("time", min="18:00", max="22:45"), ["18:00", "22:45:00"], ["17:59:59", "22:45:01"]),
        (FieldSpec("date", min="2026-03-01"), ["2026-03-01"], ["2026-02-28"]),
        (FieldSpec("duration", min="10m", max="45m"), ["10m", "45m", "2700s"], ["9m", "46m", "1h"]),
        (FieldSpec("text", min=2, max=3), ["一二", "一二三"], ["一", "一二三四"]),
        (FieldSpec("list", max=2), [["a", "b"]], [["a", "b", "c"]]),
        (FieldSpec("images", min=2), [["a.png", "b.png"]], [["a.png"], ["a.png", "a.png"]]),
        (FieldSpec("datetime", max="2026-03-07T20:45+08:00"), ["2026-03-07 20:45"], ["2026-03-07 20:45:01"]),
    ],
)
def test_limits_include_the_limit_itself(spec: FieldSpec, inside: list[object], outside: list[object]) -> None:
    """C-1: 以上 and 以下 include the number."""
    for raw in inside:
        spec.parse(raw, SHANGHAI)
    for raw in outside:
        with pytest.raises(BadValue):
            spec.parse(raw, SHANGHAI)


def test_a_limit_that_is_no_value_of_the_field_is_refused_when_the_plugin_is_read() -> None:
    with pytest.raises(BadValue):
        FieldSpec("time", min="late")
    with pytest.raises(BadValue):
        FieldSpec("text", max="long")


def test_a_value_from_before_the_rules_grew_stricter_can_still_be_read() -> None:
    assert FieldSpec("int", max=5).value(9) == 9
    assert FieldSpec("enum", options=LABELS).value("gone") == "gone"
    assert FieldSpec("list", item=FieldSpec("enum", options=LABELS)).value('["gone"]') == ["gone"]
    assert FieldSpec("map", parts={"a": FieldSpec("int")}).value('{"b":1}') == {"a": None}


def test_a_unit_that_has_no_order_with_the_limit_is_refused_with_advice() -> None:
    with pytest.raises(BadValue, match="same unit"):
        FieldSpec("duration", max="30d").parse("1mo", SHANGHAI)


def test_the_rules_language_gets_a_type_for_every_field() -> None:
    assert {name: str(spec.static) for name, spec in SPECS.items()} == {
        **{
            name: name
            for name in ("text", "int", "decimal", "bool", "date", "time", "datetime", "duration", "list", "map")
        },
        **dict.fromkeys(("enum", "phone", "file", "image", "signature"), "text"),
        **dict.fromkeys(("list of dates", "list of money", "list of steps", "images"), "list"),
        **dict.fromkeys(("map of parts", "geo"), "map"),
        "money": "decimal",
        "whole decimal": "decimal",
        "ref": "record core.staff",
    }
    assert FieldSpec("money").static.digits == 2
    assert FieldSpec("time").parse(time(20, 45), SHANGHAI) == time(20, 45)
