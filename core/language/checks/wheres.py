"""Every ``where`` runs in the database: it must be something all databases work out alike."""

from __future__ import annotations

from dataclasses import replace

from core.language.checks.inspection import Inspection
from core.language.expressions import Formula
from core.language.expressions.sqlable import sql_problem
from core.model.errors import Text

_FIX = Text(
    "a `where` runs in the database: compare stored fields with values", "`where` 由数据库执行：请用已存字段与值比较"
)


def check_wheres(inspection: Inspection) -> None:
    """Find conditions the database cannot work out, looking into the computed fields they read."""
    formulas = dict(inspection.shop.reach.formulas)
    for record in inspection.compiled.values():
        formulas |= {
            (record.key, name): field.value for name, field in record.fields.items() if field.value is not None
        }

    def formula_of(record: str, field: str) -> Formula | None:
        return formulas.get((record, field))

    for found in inspection.shop.wheres:
        problem = sql_problem(found, formula_of=formula_of)
        if problem is not None:
            inspection.shop.problems.append(replace(problem, fix=problem.fix or _FIX))
