"""A call is checked like everything else: the name, how many arguments, and of which kinds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from core.language.expressions import FUNCTIONS, Expression, Function, NameScope, Param, compile_expression
from core.language.expressions.tree import Constant
from core.model.errors import Problem, Text
from core.model.kinds import INT


@pytest.mark.parametrize(
    ("text", "column", "code", "fix"),
    [
        ("sizee(self.tags)", 20, "unknown-function", "did you mean `size`?"),
        ("__import__(self.tags)", 20, "unknown-function", None),
        ("size()", 20, "wrong-count", "it is size(value)"),
        ("round(1, 2, 3)", 20, "wrong-count", "it is round(number, [digits])"),
        ("min()", 20, "wrong-count", "it is min(value, …)"),
        ("at(now, settings.cutoff)", 23, "wrong-kind", "for example: at(self.night, settings.hold_until)"),
        ('year("2026")', 25, "wrong-kind", "for example: year(self.signed_on)"),
        ('balance("credits", me)', 28, "unknown-ledger", "did you mean `credit`?"),
        ('date("2026-13-01")', 25, "wrong-literal", None),
        ('duration("soon")', 29, "wrong-literal", None),
        ('blank(self, ["guest_nme"])', 33, "unknown-field", "did you mean `guest_name`?"),
        ("blank(self, self.tags)", 32, "wrong-kind", 'write blank(self, ["a", "b"])'),
    ],
)
def test_a_wrong_call_is_told_at_its_column(
    problem: Callable[[str], Problem], text: str, column: int, code: str, fix: str | None
) -> None:
    found = problem(text)

    assert found.place is not None
    assert (found.place.column, found.code) == (column, code)
    assert (found.fix.en if found.fix else None) == fix


def test_a_date_written_out_is_read_once_at_load(compiled: Callable[..., Expression]) -> None:
    tree = compiled('date("2026-04-01")').tree

    assert isinstance(tree, Constant)
    assert tree.value == date(2026, 4, 1)


def test_every_function_has_an_example_that_compiles(scope: NameScope) -> None:
    """The examples are what the generated pages show."""
    wide = scope.having(**dict.fromkeys(("staff", "p"), scope.names["item"]))
    loose = NameScope({**wide.names, "self": scope.names["item"], "settings": scope.names["item"]}, known={})
    for function in FUNCTIONS.values():
        assert compile_expression(function.example, None, loose).text == function.example
        assert function.doc.en.endswith("."), function.name
        assert function.doc.zh.endswith("。"), function.name


def test_a_plugin_brings_its_own_function(scope: NameScope) -> None:
    def lucky(number: int) -> int:
        return number * 8

    more = FUNCTIONS.with_(Function("lucky", (Param("number", ("int",)),), INT, Text("", ""), "lucky(1)", lucky))

    assert compile_expression("lucky(2)", None, scope, more)(None) == 16  # type: ignore[arg-type]
