"""Only what a rule may say gets through; everything else of Python is refused by name."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.language.expressions.parse import parse
from core.language.expressions.spots import Source
from core.language.expressions.tree import Arithmetic, Compare, Constant, Name, Node, Part, walk
from core.model.duration import Duration
from core.model.errors import DefinitionError, Problem


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("lambda: 1", "`lambda`"),
        ("[a for a in self.tags]", "a comprehension (a loop)"),
        ("{a for a in self.tags}", "a comprehension (a loop)"),
        ("sum(a for a in self.tags)", "a comprehension (a loop)"),
        ("{1: 2}", "a map written out"),
        ("{1, 2}", "a set"),
        ("(1, 2)", "a tuple"),
        ("(a := 1)", "`:=`"),
        ("[*self.tags]", "`*` before a value"),
        ("self.tags[0:1]", "a slice [a:b]"),
        ("2 ** 9", "`**`"),
        ("2 % 9", "`%`"),
        ("2 // 9", "`//`"),
        ("2 @ 9", "`@`"),
        ("2 << 9", "`<<`"),
        ("2 | 9", "`|`"),
        ("2 & 9", "`&`"),
        ("~2", "`~`"),
        ("+2", "a leading `+`"),
        ("self.room is null", "`is`"),
        ("self.room is not null", "`is not`"),
    ],
)
def test_what_python_can_but_a_rule_cannot_is_refused_by_name(
    problem: Callable[[str], Problem], text: str, name: str
) -> None:
    found = problem(text)

    assert found.what.en == f"{name} is not part of the rule language"
    assert found.what.zh


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("self.guest_name.lower()", "write lower(self.guest_name)"),
        ("round(**self.amount)", "give them in order"),
        ("(self.people + 1) is null", "write == null"),
    ],
)
def test_the_way_out_is_spelt_out(problem: Callable[[str], Problem], text: str, fix: str) -> None:
    found = problem(text).fix

    assert found is not None
    assert found.en == fix


def test_the_column_of_an_operator_is_its_own(problem: Callable[[str], Problem]) -> None:
    place = problem('contains("陈小姐", (self.guest_name)) ** 2').place

    assert place is not None
    assert place.column == 20 + 'contains("陈小姐", (self.guest_name)) ** 2'.index("**")


def test_a_figure_is_read_from_its_own_characters_and_never_becomes_a_float() -> None:
    for text in ("0.1", "3999.99", "0.30000000000000004", "100.00"):
        tree = parse(Source(text))

        assert isinstance(tree, Constant)
        assert (tree.value, str(tree.value)) == (Decimal(text), text)
    with pytest.raises(DefinitionError):
        parse(Source("1234567890123456789"))


def test_durations_are_values() -> None:
    tree = parse(Source("20m + 2bd"))

    assert isinstance(tree, Arithmetic)
    assert [node.value for node in walk(tree) if isinstance(node, Constant)] == [
        Duration(seconds=1200),
        Duration(workdays=2),
    ]


def test_a_word_of_pythons_own_may_name_a_field() -> None:
    tree = parse(Source("self.class < from.pass"))

    assert isinstance(tree, Compare)
    parts = [node.name for node in walk(tree) if isinstance(node, (Part, Name))]
    assert parts == ["class", "self", "pass", "from"]


def test_lines_of_a_block_are_read_as_one_and_told_by_line(problem: Callable[[str], Problem]) -> None:
    place = problem("self.vip\n  and self.nobody").place

    assert place is not None
    assert (place.line, place.column) == (13, len("  and self.") + 1)


def test_depth_is_limited_also_without_brackets() -> None:
    for text in ("not " * 200 + "true", "- " * 100 + "1", "1" + "+1" * 150):
        with pytest.raises(DefinitionError) as caught:
            parse(Source(text))
        assert caught.value.problems[0].code == "rule-too-big"


PIECES = st.lists(
    st.sampled_from(
        ["self", ".", "vip", "and", "or", "not", "(", ")", "[", "]", "==", "<", "in", "if", "else", " ", "20m", "1.5", '"陈"', "'a'", ",",
         "+", "-", "*", "/", "has", "\n", "lambda", "{", "}", ":", "=", "__import__", "\\", "\0", "，", "0x", "é", "\ud800"]
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(PIECES, st.randoms())
def test_any_text_at_all_is_either_read_or_refused_with_a_place(pieces: list[str], dice: random.Random) -> None:
    """No text makes the reader fail in another way, and every part knows the characters it came from."""
    text = "".join(piece + dice.choice(["", " "]) for piece in pieces)
    try:
        tree: Node = parse(Source(text))
    except DefinitionError:
        return
    for node in walk(tree):
        assert text[node.start : node.end].strip()
        assert not isinstance(node, Name) or text[node.start : node.end] == node.name
