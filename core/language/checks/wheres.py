"""Every ``where`` and every sum runs in the database: it must be something all databases work out alike."""

from __future__ import annotations

from dataclasses import replace

from core.language.checks.inspection import Inspection
from core.language.expressions import Aggregate, Expression, Formula
from core.language.expressions.sqlable import sql_problem
from core.model.errors import Problem, Text

_FIX = Text(
    "a `where` runs in the database: compare stored fields with values", "`where` 由数据库执行：请用已存字段与值比较"
)


def check_wheres(inspection: Inspection) -> None:
    """Find conditions and sums the database cannot work out, looking into the computed fields they read."""
    formulas = dict(inspection.shop.reach.formulas)
    for record in inspection.compiled.values():
        formulas |= {
            (record.key, name): field.value for name, field in record.fields.items() if field.value is not None
        }

    def formula_of(record: str, field: str) -> Formula | None:
        return formulas.get((record, field))

    for found in inspection.shop.wheres:
        own = found.name if isinstance(found, Aggregate) else found.own
        problem = sql_problem(_asked(found), own, formula_of)
        if problem is not None:
            here = problem.place if isinstance(found, Expression) or _inside(problem, found) else found.place
            inspection.shop.problems.append(replace(problem, place=here, fix=problem.fix or _FIX))


def _asked(found: Expression | Aggregate) -> Expression | Aggregate:
    """Return what is asked of the database: an average that stands alone is asked as a sum and a count."""
    return replace(found, how="sum") if isinstance(found, Aggregate) and found.how == "avg" else found


def _inside(problem: Problem, query: Aggregate) -> bool:
    """Whether the problem stands in the query itself, not in the computed field it sums."""
    return bool(problem.place and query.place and problem.place.path.startswith(query.place.path))
