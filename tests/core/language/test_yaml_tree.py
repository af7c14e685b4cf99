from decimal import Decimal

import pytest

from core.language.yaml_tree import dotted, parse_yaml
from core.model.errors import DefinitionError


def problems(text: str) -> list[tuple[str, int, int]]:
    with pytest.raises(DefinitionError) as caught:
        parse_yaml(text, "plugin.yaml")
    return [(p.code, p.place.line, p.place.column) for p in caught.value.problems if p.place]


def fix_of(text: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        parse_yaml(text, "plugin.yaml")
    fix = caught.value.problems[0].fix
    return fix.en if fix else ""


def test_only_the_words_of_yaml_1_2_are_more_than_text() -> None:
    tree = parse_yaml("{a: yes, b: on, c: true, d: null, e: ~, f: 2026-03-07, g: ^1, h: 1.0.0}", "p.yaml")
    assert tree.plain() == {
        "a": "yes",
        "b": "on",
        "c": True,
        "d": None,
        "e": None,
        "f": "2026-03-07",
        "g": "^1",
        "h": "1.0.0",
    }


def test_a_number_with_a_point_is_exact() -> None:
    assert parse_yaml("{a: 3999.99, b: 12, c: -0.5, d: '12'}", "p.yaml").plain() == {
        "a": Decimal("3999.99"),
        "b": 12,
        "c": Decimal("-0.5"),
        "d": "12",
    }


def test_an_exponent_is_text_so_nobody_can_write_a_number_of_a_million_digits() -> None:
    assert parse_yaml("a: 1e999999999", "p.yaml").plain() == {"a": "1e999999999"}


def test_a_key_is_always_text() -> None:
    assert parse_yaml("{1: a, true: b, on: c}", "p.yaml").plain() == {"1": "a", "true": "b", "on": "c"}


def test_every_key_and_value_knows_its_place() -> None:
    tree = parse_yaml("roles:\n  desk:\n    label: {en: Desk, zh: 前台}\n", "plugin.yaml")
    path = ("roles", "desk", "label", "zh")
    assert str(tree.place(path)) == "plugin.yaml:3:27"
    assert str(tree.key_place(path)) == "plugin.yaml:3:23"
    assert tree.place(path).path == "roles.desk.label.zh"


def test_the_place_of_a_quoted_text_is_its_first_letter() -> None:
    tree = parse_yaml("rule: '=self.x'", "plugin.yaml")
    assert tree.text_place(("rule",), skip=1).column == 9


def test_a_missing_path_stands_where_its_nearest_parent_stands() -> None:
    tree = parse_yaml("records:\n  room: {fields: {}}\n", "plugin.yaml")
    assert tree.place(("records", "room", "states", "free")).line == 2


def test_a_path_is_written_like_in_a_program() -> None:
    assert dotted(("records", "booking", "outcomes", 0, "when")) == "records.booking.outcomes[0].when"


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: 1\nb: 2\na: 3\n", "duplicate-key", 3, 1),
        ("a: &x 1\n", "yaml-anchor", 1, 4),
        ("a: {b: &x 1}\nc: *x\n", "yaml-anchor", 1, 8),
        ("a: !!str 1\n", "yaml-tag", 1, 4),
        ("a: !secret x\n", "yaml-tag", 1, 4),
        ("cutoff: {default: 20:45}\n", "unquoted-time", 1, 19),
        ("open: 21:00-05:00\n", "unquoted-time", 1, 7),
        ("now: 2026-03-07 20:45\n", "unquoted-time", 1, 6),
        ("badge: 007\n", "leading-zero", 1, 8),
        ("badge: " + "9" * 41 + "\n", "number-too-long", 1, 8),
        ("a: [1\nb: 2\n", "yaml-syntax", 2, 2),
        ("a: 1\n---\nb: 2\n", "several-documents", 2, 1),
        ("? [a, b]\n: 1\n", "yaml-key", 1, 3),
        ("<<: {a: 1}\n", "yaml-anchor", 1, 1),
    ],
)
def test_what_tools_read_differently_is_refused_at_its_place(text: str, code: str, line: int, column: int) -> None:
    assert (code, line, column) in problems(text)


def test_all_faults_of_a_file_are_told_at_once() -> None:
    assert [code for code, _, _ in problems("a: 20:45\nb: 007\nc: &x 1\n")] == [
        "unquoted-time",
        "leading-zero",
        "yaml-anchor",
    ]


def test_the_way_out_of_an_unquoted_time_can_be_pasted() -> None:
    assert fix_of("a: 20:45\n") == 'write "20:45"'


def test_a_file_of_brackets_does_not_bring_the_node_down() -> None:
    assert problems("a: " + "[" * 5000)


@pytest.mark.parametrize("text", ["? " * 3000 + "a", "{" * 5000])
def test_keys_inside_keys_do_not_either(text: str) -> None:
    assert "yaml-too-deep" in [code for code, _, _ in problems(text)]


def test_an_empty_file_is_an_empty_mapping() -> None:
    assert parse_yaml("# nothing yet\n", "p.yaml").plain() == {}
