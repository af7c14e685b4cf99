"""The shape of reports: figures per period, counted and summed by the database, alone or by group."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from core.language.manifest.base import Cited, Names, Rule, TextShape, Value, Word
from core.language.manifest.records import EveryShape, PeriodName


class FigureShape(Cited):
    """One figure: a count or total of records, or `value`, worked out from other figures of the report."""

    label: TextShape | None = None
    count: str | None = Field(default=None, description="record, or record.field: those that have it")
    sum: str | None = Field(default=None, description="record.field")
    avg: str | None = Field(default=None, description="record.field")
    min: str | None = Field(default=None, description="record.field")
    max: str | None = Field(default=None, description="record.field")
    where: Rule | None = Field(default=None, description="Which of them; `period` is the report's; becomes SQL")
    by: str | None = Field(default=None, description="The field by which it is also given per row, e.g. booker")
    value: Value = Field(default=None, description="e.g. =arrived / held; empty where it cannot be worked out")
    unit: Literal["percent", "CNY"] | None = Field(
        default=None, description="percent: 0.75 is shown as 75 %; a total of money is CNY without it"
    )


class ReportReadShape(Cited):
    """What one role sees of a report."""

    where: Rule | None = Field(default=None, description="Which rows, e.g. staff == me; who is bound sees no totals")
    hide: Names = Field(default=[], description="Figures not shown, nor what is worked out from them")


def _as_every(value: object) -> object:
    """Let ``every: day`` stand for a period without rows of its own."""
    return {value: None} if isinstance(value, str) else value


_EVERY = WithJsonSchema(
    {
        "anyOf": [{"type": "string", "enum": ["day", "week", "month", "quarter", "year"]}, {"type": "object"}],
        "description": "day week month quarter year; {month: {for: staff, where: …}} has a row for each of them",
    }
)


class ReportShape(Cited):
    """Figures per day, week, month, quarter or year: of one store on its node, of every store at headquarters."""

    label: TextShape | None = None
    every: Annotated[dict[PeriodName, EveryShape | None], BeforeValidator(_as_every), _EVERY] = Field(
        min_length=1, max_length=1
    )
    figures: dict[Word, FigureShape] = Field(min_length=1)
    due: Value = Field(default=None, description="When it is to be there, e.g. =end_of(nth_workday(period.end, 3))")
    tell: Names = Field(default=[], description="roles that are told when it is due: they look it over and hand it on")
    read: dict[str, ReportReadShape] | None = Field(
        default=None, description="role: what it sees; a role not listed sees nothing; without `read` all see it"
    )
