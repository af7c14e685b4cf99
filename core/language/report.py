"""A report, compiled: figures per period, each a question to the database or a calculation with other figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.language.expressions import Aggregate, Expression, Formula
from core.model.errors import Place, Text


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: ``query`` asked of the database, by ``group`` too where that is set, or ``value`` of other figures.

    ``parts`` are the figures a ``value`` is worked out from, with all that those are worked out from.
    """

    name: str
    label: Text
    place: Place
    query: Aggregate | None = None
    group: Expression | None = None
    value: Formula | None = None
    parts: frozenset[str] = frozenset()
    unit: Literal["percent", "CNY"] | None = None
    cite: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportRead:
    """What one role may see of a report: rows for which ``where`` holds, without the figures in ``hide``."""

    where: Formula | None = None
    hide: frozenset[str] = frozenset()
    cite: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Figures per period, in the order in which they can be worked out and are shown.

    ``subject`` is the record type that has a row each, those for which ``where`` holds.
    """

    name: str
    label: Text
    place: Place
    period: Literal["day", "week", "month", "quarter", "year"]
    figures: Mapping[str, Figure]
    subject: str | None = None  # qualified record type
    where: Formula | None = None
    due: Formula | None = None
    tell: tuple[str, ...] = ()  # roles that are told when it is due
    read: Mapping[str, ReportRead] | None = None  # role -> rule; None: every role of the plugin sees all of it
    cite: tuple[str, ...] = field(default=())
