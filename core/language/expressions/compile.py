"""From the text of an expression to something that runs: parse, check, lower to a closure."""

from __future__ import annotations

from collections.abc import Sequence

from core.language.expressions.check import check
from core.language.expressions.formula import Expression
from core.language.expressions.functions import FUNCTIONS, Functions
from core.language.expressions.names import CONDITION, NameScope
from core.language.expressions.needs import settings_needed
from core.language.expressions.parse import parse
from core.language.expressions.run import closure
from core.language.expressions.spots import Source
from core.model.errors import Place
from core.model.kinds import Kind


def compile_expression(
    text: str,
    place: Place | None,
    scope: NameScope,
    functions: Functions = FUNCTIONS,
    *,
    expect: Kind | None = None,
    given: Sequence[Expression] = (),
) -> Expression:
    """Return the checked expression.

    ``place`` is where the first character of ``text`` stands (after ``=`` and a quote). ``expect`` is the
    kind the rule must give. ``given`` are conditions known to be true whenever it runs (the ``when`` of its
    case, the ``while`` of its timer): what they tested need not be tested again.

    Raises DefinitionError with every problem found, each with its own column.
    """
    source = Source(text, place)
    typed, warnings = check(parse(source), source, scope, functions, expect=expect, given=[e.tree for e in given])
    return Expression(
        text, typed, typed.kind, place, closure(typed, text), scope.own, tuple(warnings), settings_needed(typed)
    )


def compile_condition(
    text: str,
    place: Place | None,
    scope: NameScope,
    functions: Functions = FUNCTIONS,
    *,
    given: Sequence[Expression] = (),
) -> Expression:
    """Return a checked expression that is true or false: ``when``, ``where``, ``while``, ``rule``."""
    return compile_expression(text, place, scope, functions, expect=CONDITION, given=given)
