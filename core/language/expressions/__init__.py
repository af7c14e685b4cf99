"""Rules and formulas: a typed subset of Python's expressions, checked at load, run as closures and as SQL."""

from core.language.expressions.compile import compile_condition, compile_expression
from core.language.expressions.env import Calendar, EmptyValue, Env, Records, Row, RuleError, World
from core.language.expressions.fit import comparable, describe, fits, unify
from core.language.expressions.formula import (
    Aggregate,
    Case,
    Cases,
    Expression,
    Formula,
    How,
    Literal,
    expressions_in,
    holds,
    names_in,
)
from core.language.expressions.functions import FUNCTIONS, Function, Functions, Param
from core.language.expressions.names import (
    COMMON_FIELDS,
    ITEM_NAMES,
    PERIOD,
    STANDARD_NAMES,
    NameScope,
    RecordShape,
)

__all__ = [
    "COMMON_FIELDS",
    "FUNCTIONS",
    "ITEM_NAMES",
    "PERIOD",
    "STANDARD_NAMES",
    "Aggregate",
    "Calendar",
    "Case",
    "Cases",
    "EmptyValue",
    "Env",
    "Expression",
    "Formula",
    "Function",
    "Functions",
    "How",
    "Literal",
    "NameScope",
    "Param",
    "RecordShape",
    "Records",
    "Row",
    "RuleError",
    "World",
    "comparable",
    "compile_condition",
    "compile_expression",
    "describe",
    "expressions_in",
    "fits",
    "holds",
    "names_in",
    "unify",
]
